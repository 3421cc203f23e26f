"""One peer of `torch_engine.py` in a process of its own, as `engine_workers.py`: a line `k` in, processor seconds out.

ours-float32              our loop on the PyTorch engine                keras-torch, keras-jax    Keras's fit
ours-bfloat16             the same with --precision bfloat16 --compile
torch, torch-compiled     a loop written by hand, channels-last, without and with torch.compile
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_nets import Net
from benchmarks.engine_workers import Train, keras_layers_model, keras_train, serve, torch_train
from benchmarks.torch_nets import Application, net_of, pellucid_model, torch_module
from pellucid.engines.memory import keep_freed_memory


def ours(net: Net, precision: str) -> Train:
    """Pellucid's loop, which `fit` and `pellucid train` run."""
    from pellucid.data.batches import ArrayBatches
    from pellucid.engines.pytorch.compiled import CompiledEngine
    from pellucid.engines.pytorch.engine import PyTorchEngine
    from pellucid.keys import Key
    from pellucid.tasks.classification.task import SCORING
    from pellucid.training import loop
    from pellucid.training.events import Position
    from pellucid.training.program import Supervised

    engine = (CompiledEngine if precision == "bfloat16" else PyTorchEngine)(precision, "cpu")
    program = Supervised(pellucid_model(net).graph, SCORING, net.optimizer)
    state, position = program.start(engine, Key.of(0)), Position()
    x, y = net.data()

    def train(steps: int) -> None:
        nonlocal state
        n = steps * net.batch
        batches = ArrayBatches({"input": x[:n]}, {"output": y[:n]}, batch_size=net.batch, key=Key.of(1), shuffle=False)
        going_on = Position(step=position.step)
        state = loop.train(
            program, engine, batches, [], state=state, position=going_on, epochs=1, key=Key.of(2)
        ).state
        position.step = going_on.step

    return train


def by_hand(net: Net, compiled: bool) -> Train:
    """A plain PyTorch loop in float32."""
    import torch

    torch.set_num_threads(1)
    module: Any = torch_module(net)
    return torch_train(net, torch.compile(module) if compiled else module, channels_last=True)


def keras(net: Net) -> Train:
    """Keras 3 on the backend that KERAS_BACKEND names."""
    return keras_train(net, net.keras() if isinstance(net, Application) else keras_layers_model(net))


def main(peer: str, name: str, batch: str = "") -> None:
    """Build, warm up, then serve."""
    net = net_of(name, int(batch) if batch else None)
    first, _, second = peer.partition("-")
    if first == "keras":
        os.environ["KERAS_BACKEND"] = second
    else:
        keep_freed_memory()  # as `pellucid train` does; the loop by hand has the same settings
    train = keras(net) if first == "keras" else ours(net, second) if first == "ours" else by_hand(net, bool(second))
    serve(train, net.steps)


if __name__ == "__main__":
    main(*sys.argv[1:])
