"""One peer in a process of its own: builds a net, then trains `k` steps for each line `k` it reads and prints seconds.

Seconds are of processor time, all threads together: on one core that is the wall clock less the time in which other
programs had the core, so a shared machine disturbs the figures little.

Each peer trains the way its users do: Keras by `fit`, PyTorch by the usual loop, Pellucid by forward, grad, update.
All report loss and accuracy; data lies in memory. Started by `engines.py` with one thread on one core.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_nets import NETS, Net
from pellucid.spec.base import rules

Train = Callable[[int], None]


def pellucid_peer(net: Net) -> Train:
    """The reference engine."""
    from pellucid.engines.protocol import Measure, Objective, Term
    from pellucid.engines.reference import ReferenceEngine
    from pellucid.keys import Key
    from pellucid.spec.losses import SparseCategoricalAccuracy, SparseCategoricalCrossentropy

    engine, graph, rule = ReferenceEngine(), net.graph(), net.optimizer
    params, state = engine.init(graph, Key.of(0))
    slots = engine.slots(rule, params)
    terms = (Term("output", SparseCategoricalCrossentropy()),)
    objective = Objective(terms, (Measure("output", SparseCategoricalAccuracy(), "accuracy"),))
    x, y = net.data()
    done = 0

    def train(steps: int) -> None:
        nonlocal state, done
        for place in range(steps):
            rows = slice(place * net.batch, (place + 1) * net.batch)
            batch: Any = SimpleNamespace(inputs={"input": x[rows]}, targets={"output": y[rows]}, weights={}, masks={})
            key = Key.of(1).fold(done)
            run = engine.forward(graph, params, state, batch.inputs, training=True, key=key)
            sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
            engine.update(rule, params, found.parameters, slots, done, rate=float(rule.learning_rate))  # type: ignore[arg-type]
            state, done = run.state, done + 1
            objective.report(sums)

    return train


def keras_peer(net: Net) -> Train:
    """Keras 3 on the backend that KERAS_BACKEND names."""
    return keras_train(net, keras_layers_model(net))


def keras_arguments(spec: Any) -> dict[str, Any]:
    """A layer's or an update rule's arguments in Keras's words."""
    left_out = ("initializer", "regularizer", "data_format", "undecayed")  # the last one has no equal in Keras
    given = {name: getattr(spec, name) for name in rules(type(spec)) if not name.endswith(left_out)}
    if given.get("padding") == (1, 1) and spec.kernel_size == (3, 3):
        given["padding"] = "same"  # the same pixels, in Keras's words
    return given


def keras_layers_model(net: Net) -> Any:
    """A chain of layers as a Keras model."""
    import keras

    layers = [getattr(keras.layers, type(spec).__name__)(**keras_arguments(spec)) for spec in net.layers[1:]]
    return keras.Sequential([keras.Input(net.shape), *layers])


def keras_train(net: Net, model: Any) -> Train:
    """Training by `fit`."""
    import keras

    rule = getattr(keras.optimizers, type(net.optimizer).__name__)(**keras_arguments(net.optimizer))
    model.compile(rule, "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = net.data()

    def train(steps: int) -> None:
        n = steps * net.batch
        model.fit(x[:n], y[:n], batch_size=net.batch, verbose=0, shuffle=False)

    return train


def torch_peer(net: Net) -> Train:
    """A plain PyTorch loop in float32."""
    import torch

    from benchmarks.engine_torch import module

    torch.set_num_threads(1)
    return torch_train(net, module(net))


def torch_train(net: Net, model: Any, *, channels_last: bool = False) -> Train:
    """The usual loop around a module; images lie in memory with their channels first, or last."""
    import torch

    from benchmarks.engine_torch import optimizer

    rule, loss_of = optimizer(net.optimizer, model), torch.nn.CrossEntropyLoss()
    x, y = net.data()
    images, labels = torch.from_numpy(x.transpose(0, 3, 1, 2) if x.ndim == 4 else x), torch.from_numpy(y)
    images = images if channels_last else images.contiguous()

    def train(steps: int) -> None:
        model.train()
        for place in range(steps):
            rows = slice(place * net.batch, (place + 1) * net.batch)
            rule.zero_grad()
            logits = model(images[rows])
            loss = loss_of(logits, labels[rows])
            loss.backward()
            rule.step()
            loss.item()
            (logits.argmax(1) == labels[rows]).float().mean().item()

    return train


PEERS = {"pellucid": pellucid_peer, "keras-torch": keras_peer, "keras-jax": keras_peer, "torch": torch_peer}


def resident_bytes(which: str) -> int:
    """VmRSS (now) or VmHWM (the most so far) of this process; Linux only."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(which))
    return int(line.split()[1]) * 1024


def serve(train: Train, steps: int) -> None:
    """Warm up, then train as many steps as each line asks for and answer with the processor seconds."""
    train(steps)
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.process_time()
        train(int(line))
        print(time.process_time() - start, flush=True)


def main(peer: str, name: str, batch: str = "") -> None:
    """Build, warm up, then serve. With a batch size: print how many bytes the first steps took at most, and end."""
    if peer.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = peer.removeprefix("keras-")
    net = NETS[name]()
    if batch:
        net = replace(net, batch=int(batch), steps=4)
        train = PEERS[peer](net)
        before = resident_bytes("VmRSS")
        train(net.steps)
        print(resident_bytes("VmHWM") - before, flush=True)
        return
    train = PEERS[peer](net)
    serve(train, net.steps)


if __name__ == "__main__":
    main(*sys.argv[1:])
