"""How fast the PyTorch engine trains: in float32 beside a loop by hand, in bfloat16 beside Keras on torch and on JAX.

Every peer is a process of its own (`torch_workers.py`) on one core with one thread; in each round all peers train the
same images one after another, processor time is counted, and the figure is the median over the rounds of a ratio of
pairs. Marks: float32 at most 5 % over the loop by hand on every net; bfloat16 over the better Keras backend at equal
batch 2.3 in the geometric mean over six nets and 1.0 on every net, and 3 with the batch that each side likes best;
from starting Python to the end of LeNet's first step at most 4 s.

    python -m benchmarks.torch_engine [--rounds 9] [--nets LeNet,Fruits] [--core 0] [--batches 1,4,8] [--compiled]

About 40 minutes on a quiet core as it stands; about 1 with --rounds 2 --batches 1 --nets LeNet.
--batches are multiples of each net's own batch. --compiled adds the loop by hand under torch.compile, a minute a net.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.engines import ONE_THREAD, ROOT, answer, machine, quartiles, seconds, start
from benchmarks.published import commit
from benchmarks.torch_nets import LARGE, SEVEN, SIX, net_of

WORKER = ROOT / "benchmarks" / "torch_workers.py"
KERAS = ("keras-torch", "keras-jax")
PEERS = ("ours-float32", "ours-bfloat16", "torch", *KERAS)
LEAST = {"float32": 0.95, "bfloat16": 1.0, "bfloat16, geometric mean": 2.3, "best batches, geometric mean": 3.0}
MOST_SECONDS = 4.0
BEST_ROUNDS = 3  # of the other batch sizes; a deep net's images weigh too much for large batches
LARGE_ROUNDS = 5  # of the nets whose steps take seconds
FIRST_STEP = """
import numpy as np
from pellucid.architectures import LeNet5
model = LeNet5()
model.compile("rmsprop", "sparse_categorical_crossentropy", engine="pytorch")
model.train_on_batch(np.zeros((32, 28, 28, 1), np.float32), np.zeros(32, int))
"""


def times_of(name: str, peers: tuple[str, ...], batch: int, rounds: int, core: int) -> dict[str, list[float]]:
    """Processor seconds of every round, by peer."""
    steps = net_of(name, batch).steps
    workers = {peer: start(peer, name, core, str(batch), worker=WORKER) for peer in peers}
    for worker in workers.values():
        answer(worker)
    found: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, worker in workers.items():
            found[peer].append(seconds(worker, steps))
    for worker in workers.values():
        worker.terminate()
        worker.wait()
    return found


def rounded(rate: float) -> float:
    """Four digits that count, for rates from below 1 to above 30,000."""
    return float(f"{rate:.4g}")


def over(times: dict[str, list[float]], ours: str, theirs: str) -> dict[str, float]:
    """How many times as fast ours is, the median of pairs."""
    return quartiles([b / a for a, b in zip(times[ours], times[theirs], strict=True)])


def measure(name: str, rounds: int, core: int, multiples: list[int], compiled: bool) -> dict[str, Any]:
    """Rates and ratios of one net at its own batch, and each side's best batch."""
    net = net_of(name)
    if name in LARGE:  # five peers of VGG-16 at once do not fit into 24 GB
        rounds = min(rounds, LARGE_ROUNDS)
        times = times_of(name, ("ours-float32", "torch"), net.batch, rounds, core)
        times |= times_of(name, ("ours-bfloat16", *KERAS), net.batch, rounds, core)
    else:
        times = times_of(name, (*PEERS, "torch-compiled") if compiled else PEERS, net.batch, rounds, core)
    images = net.batch * net.steps
    rates = {peer: rounded(images / statistics.median(taken)) for peer, taken in times.items()}
    better = max(KERAS, key=lambda peer: rates[peer])
    by_batch = {str(net.batch): {peer: rates[peer] for peer in ("ours-bfloat16", *KERAS)}}
    for multiple in multiples:
        if multiple > 1 and name not in LARGE:
            larger = net_of(name, net.batch * multiple)
            found = times_of(name, ("ours-bfloat16", *KERAS), larger.batch, BEST_ROUNDS, core)
            count = larger.batch * larger.steps
            by_batch[str(larger.batch)] = {p: rounded(count / statistics.median(t)) for p, t in found.items()}
    best = max(row["ours-bfloat16"] for row in by_batch.values())
    theirs = max(row[peer] for row in by_batch.values() for peer in KERAS)
    return {
        "batch": net.batch,
        "images_per_second": rates,
        "float32_over_hand": over(times, "ours-float32", "torch"),
        "better_keras": better,
        "bfloat16_over_keras": over(times, "ours-bfloat16", better),
        "by_batch": by_batch,
        "best_batches": round(best / theirs, 3),
    } | ({"compiled_over_hand": over(times, "torch-compiled", "torch")} if "torch-compiled" in times else {})


def first_step(core: int, times: int = 5) -> dict[str, float]:
    """Seconds from starting Python to the end of LeNet's first step."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST_STEP], check=True, cwd=ROOT, env=os.environ | ONE_THREAD,
                       preexec_fn=lambda: os.sched_setaffinity(0, {core}))  # fmt: skip
        taken.append(time.perf_counter() - began)
    return {"median": round(statistics.median(taken), 2), "most": round(max(taken), 2)}


def geometric(values: list[float]) -> float:
    """The geometric mean."""
    return round(math.exp(statistics.fmean(map(math.log, values))), 3)


def missed(result: dict[str, Any]) -> list[str]:
    """Which marks are not reached."""
    found = []
    for name, net in result["nets"].items():
        for precision, ratio in (("float32", "float32_over_hand"), ("bfloat16", "bfloat16_over_keras")):
            if net[ratio]["median"] < LEAST[precision]:
                found.append(f"{name} in {precision}")
    found += [f"the {name}" for name, value in result["means"].items() if value < LEAST[name]]
    return [*found, *(["the first step"] if result["first_step_seconds"]["median"] > MOST_SECONDS else [])]


def shown(rate: float) -> str:
    """A rate for reading."""
    return f"{rate:,.4g}" if rate < 1000 else f"{rate:,.0f}"


HEAD = """
| net (batch) | ours float32 | by hand float32 | ours bfloat16 | Keras on torch | Keras on JAX | float32 over hand \
| bfloat16 over the better Keras | best batches |
|---|---|---|---|---|---|---|---|---|"""


def page(result: dict[str, Any]) -> str:
    """Markdown for reading."""
    about = result["machine"]
    versions = ", ".join(f"{name} {about[name]}" for name in ("numpy", "keras", "torch", "jax"))
    lines = [
        f"# Training speed of the PyTorch engine, {result['date']}", "",
        (f"{about['processor']}, one core of {about['cores']}; Python {about['python']}, {versions}. Images per second "
        f"while training, optimiser included; {result['rounds']} alternating rounds of processor time. Ratios are the "
        "median of pairs with quartiles; best batches: each side's best rate over the other's, of the batch sizes "
        "tried."), HEAD,
    ]  # fmt: skip
    for name, net in result["nets"].items():
        rates = net["images_per_second"]
        order = ("ours-float32", "torch", "ours-bfloat16", *KERAS)
        spans = [f"{r['median']:.2f} ({r['low']:.2f} to {r['high']:.2f})"
                 for r in (net["float32_over_hand"], net["bfloat16_over_keras"])]  # fmt: skip
        cells = [shown(rates[peer]) for peer in order] + spans + [f"{net['best_batches']:.2f}"]
        lines.append(f"| {name} ({net['batch']}) | " + " | ".join(cells) + " |")
    lines += ["", *(f"{name}: {value:.2f} (mark {LEAST[name]:g})." for name, value in result["means"].items())]
    compiled = {name: net["compiled_over_hand"]["median"] for name, net in result["nets"].items()
                if "compiled_over_hand" in net}  # fmt: skip
    if compiled:
        listed = ", ".join(f"{name} {value:.2f}" for name, value in compiled.items())
        lines.append(f"torch.compile of the loop by hand, over that loop: {listed}.")
    first = result["first_step_seconds"]
    lines += [f"From starting Python to the end of LeNet's first step: {first['median']} s (most {first['most']} s)."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write both files, and say by the exit code whether all marks are reached."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--nets", default=",".join(SEVEN))
    words.add_argument("--core", type=int, default=0)
    words.add_argument("--batches", default="1,4,8")
    words.add_argument("--compiled", action="store_true")
    words.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = words.parse_args()
    began = time.monotonic()
    result: dict[str, Any] = {
        "date": date.today().isoformat(), "machine": machine(), "commit": commit(), "rounds": given.rounds,
        "first_step_seconds": first_step(given.core), "nets": {},
    }  # fmt: skip
    for name in given.nets.split(","):
        multiples = [int(number) for number in given.batches.split(",")]
        result["nets"][name] = measure(name, given.rounds, given.core, multiples, given.compiled)
        print(name, json.dumps(result["nets"][name]), flush=True)
    nets = [net for name, net in result["nets"].items() if name in SIX]
    result["means"] = {} if not nets else {
        "bfloat16, geometric mean": geometric([net["bfloat16_over_keras"]["median"] for net in nets]),
        "best batches, geometric mean": geometric([net["best_batches"] for net in nets]),
    }  # fmt: skip
    result["seconds"] = round(time.monotonic() - began)
    path = given.out / f"torch-engine-{result['date']}"
    path.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(result), encoding="utf-8")
    print(page(result))
    short = missed(result)
    print("below the mark: " + ", ".join(short) if short else "all marks reached")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
