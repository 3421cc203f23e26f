"""What `fit` takes as it is typed, on the PyTorch engine and in Keras: wall time, one core, RMSprop, accuracy watched.

    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"], engine="pytorch")
    model.fit(x, y, batch_size=32)

ours-float32    just that                        ours-compiled   with jit_compile=True
ours-bfloat16   with precision="bfloat16"        keras-...       Keras typed alike; on JAX it compiles by itself

`torch_engine.py` measures the inner loop with the settings of `pellucid train --compile` in processor time; this is all
that a call of `fit` does. Every peer is a process of its own; in each round all train the same images one after
another, and the figure is the median over the rounds of the ratio of pairs, the better Keras backend over ours.

    python -m benchmarks.torch_typed [--rounds 9] [--core 0]       (a few minutes of a quiet core)

How busy the machine was (load over the last minute, before each net) stands beside the figures.
Writes benchmarks/results/torch-typed.json; `python -m tests.parity_engines.table` writes the table of docs/pytorch.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_nets import Net
from benchmarks.engine_workers import Train, keras_layers_model, keras_train
from benchmarks.engines import answer, machine, quartiles, seconds, start
from benchmarks.published import ROOT, commit
from benchmarks.torch_nets import net_of, pellucid_model
from pellucid.spec.optimizers import RMSprop

NETS = {"LeNet": 100, "clothes MLP": 400, "CIFAR-10 full": 25}  # steps of 32 images a measurement
OURS: dict[str, dict[str, Any]] = {
    "ours-float32": {}, "ours-compiled": {"jit_compile": True}, "ours-bfloat16": {"precision": "bfloat16"},
}  # fmt: skip
KERAS = ("keras-torch", "keras-jax")
PEERS = (*OURS, *KERAS)
RESULT = ROOT / "benchmarks" / "results" / "torch-typed.json"


def typed(name: str) -> Net:
    """A network with the rule that is typed."""
    return replace(net_of(name), optimizer=RMSprop(), steps=NETS[name])


def ours(net: Net, peer: str) -> Train:
    """Our `fit`."""
    model = pellucid_model(net)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"], engine="pytorch", **OURS[peer])
    x, y = net.data()

    def train(steps: int) -> None:
        n = steps * net.batch
        model.fit(x[:n], y[:n], batch_size=net.batch, verbose=0, shuffle=False)

    return train


def serve(peer: str, name: str) -> None:
    """One peer: a line `k` in, the seconds of k steps by the clock out."""
    if peer in KERAS:
        os.environ["KERAS_BACKEND"] = peer.removeprefix("keras-")
    net = typed(name)
    train = ours(net, peer) if peer in OURS else keras_train(net, keras_layers_model(net))
    train(net.steps)  # what is compiled is compiled now
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        train(int(line))
        print(time.perf_counter() - began, flush=True)


def measure(name: str, rounds: int, core: int) -> dict[str, Any]:
    """Images a second of each peer, and the ratios of pairs."""
    busy, net = os.getloadavg()[0], typed(name)
    workers = {peer: start(peer, name, core, worker=Path(__file__)) for peer in PEERS}
    for worker in workers.values():
        answer(worker)
    times = [{peer: seconds(worker, net.steps) for peer, worker in workers.items()} for _ in range(rounds)]
    for worker in workers.values():
        worker.terminate()
        worker.wait()
    images = net.batch * net.steps
    return {
        "load": busy, "batch": net.batch, "images": images,
        "images_per_second": {peer: quartiles([images / row[peer] for row in times]) for peer in PEERS},
        "times_as_fast_as_the_better_keras": {
            peer: quartiles([min(row[keras] for keras in KERAS) / row[peer] for row in times]) for peer in OURS
        },
    }  # fmt: skip


def main() -> int:
    """Measure all nets and write the result."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--core", type=int, default=0)
    given = words.parse_args()
    result = {"command": f"python -m benchmarks.torch_typed --rounds {given.rounds}", "commit": commit(),
              "date": date.today().isoformat(), "machine": machine(), "rounds": given.rounds}  # fmt: skip
    nets = {name: measure(name, given.rounds, given.core) for name in NETS}
    RESULT.write_text(json.dumps(result | {"nets": nets}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(nets, indent=1))
    return 0


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in PEERS:
        serve(*sys.argv[1:])
    else:
        sys.exit(main())
