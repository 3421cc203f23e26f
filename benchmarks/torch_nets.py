"""The six networks that the PyTorch engine is measured on: the five of `engine_nets.py`, and ResNet-50 on 224 pixels.

Each comes as a Pellucid model, as a Keras model and as a module written by hand in PyTorch. ResNet-50 is in Keras's
form (He et al. 2016; convolutions with biases, the stride in the first convolution of a block) with 1,108 classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.engine_nets import NETS, Net
from pellucid.graph.layer import Layer
from pellucid.models import Model, Sequential
from pellucid.spec.optimizers import Adam
from pellucid.spec.reshaping import InputLayer

STACKS = (3, 4, 6, 3)  # blocks of ResNet-50


@dataclass(frozen=True)
class ResNet50(Net):
    """Net's parts for a network that is no chain of layers."""

    def model(self) -> Model:
        from pellucid.architectures import ResNet50 as ours

        return ours(weights=None, input_shape=self.shape, classes=self.classes)  # type: ignore[arg-type]

    def keras(self) -> Any:
        import keras

        return keras.applications.ResNet50(weights=None, input_shape=self.shape, classes=self.classes)

    def module(self) -> Any:
        from torch import nn

        def norm(before: int, after: int, kernel: int, stride: int = 1) -> list[Any]:
            conv = nn.Conv2d(before, after, kernel, stride, kernel // 2)
            return [conv, nn.BatchNorm2d(after, 1.001e-5, 0.01)]

        class Block(nn.Module):
            def __init__(self, before: int, width: int, stride: int, first: bool) -> None:
                super().__init__()
                self.way = nn.Sequential(
                    *norm(before, width, 1, stride), nn.ReLU(), *norm(width, width, 3), nn.ReLU(),
                    *norm(width, 4 * width, 1),
                )  # fmt: skip
                self.shortcut = nn.Sequential(*norm(before, 4 * width, 1, stride)) if first else nn.Identity()

            def forward(self, x: Any) -> Any:
                return nn.functional.relu(self.shortcut(x) + self.way(x))

        parts, before = [*norm(self.shape[2], 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
        for stack, count in enumerate(STACKS):
            for place in range(count):
                width, stride = 64 * 2**stack, 2 if stack and not place else 1
                parts.append(Block(before, width, stride, not place))
                before = 4 * width
        return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, self.classes))


def resnet50() -> Net:
    return ResNet50([InputLayer((224, 224, 3))], Adam(), 16, 1108, 2)


SIX: dict[str, Callable[[], Net]] = {**NETS, "ResNet-50": resnet50}


def net_of(name: str, batch: int | None = None) -> Net:
    """A network by name; with another batch size as many images a measurement as before."""
    net = SIX[name]()
    if batch is None or batch == net.batch:
        return net
    return replace(net, batch=batch, steps=max(1, net.batch * net.steps // batch))


def pellucid_model(net: Net) -> Model:
    """Ours."""
    return net.model() if isinstance(net, ResNet50) else Sequential([Layer.of(spec) for spec in net.layers])


def torch_module(net: Net) -> Any:
    """PyTorch's, logits out, in the memory order that ours has too."""
    import torch

    from benchmarks.engine_torch import module

    made = net.module() if isinstance(net, ResNet50) else module(net)
    return made.to(memory_format=torch.channels_last) if len(net.shape) == 3 else made
