"""The networks that the PyTorch engine is measured on: those of `engine_nets.py`, ResNet-50 and VGG-16 on 224 pixels.

Each comes as a Pellucid model, as a Keras model and as a module written by hand in PyTorch. The two large ones have
1,108 classes; ResNet-50 is in Keras's form (He et al. 2016; convolutions with biases, the stride in the first
convolution of a block). The goal's mean is over six of them: the notation net is measured, and left out there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.engine_nets import NETS, Net
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.models import Model, Sequential
from pellucid.spec.optimizers import Adam
from pellucid.spec.reshaping import InputLayer

STACKS = (3, 4, 6, 3)  # blocks of ResNet-50


@dataclass(frozen=True)
class Application(Net):
    """Net's parts for one of the well-known architectures, by the name that Keras and we both give it."""

    name: str

    def model(self) -> Model:
        import pellucid.architectures as architectures

        make = getattr(architectures, self.name)
        return make(weights=None, input_shape=self.shape, classes=self.classes)  # type: ignore[no-any-return]

    def graph(self) -> Graph:
        return self.model().graph

    def keras(self) -> Any:
        import keras

        make = getattr(keras.applications, self.name)
        return make(weights=None, input_shape=self.shape, classes=self.classes)

    def module(self) -> Any:
        return BY_HAND[self.name](self.classes)


def resnet50_by_hand(classes: int) -> Any:
    """ResNet-50 in PyTorch."""
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

    parts, before = [*norm(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for stack, count in enumerate(STACKS):
        for place in range(count):
            width, stride = 64 * 2**stack, 2 if stack and not place else 1
            parts.append(Block(before, width, stride, not place))
            before = 4 * width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def vgg16_by_hand(classes: int) -> Any:
    """VGG-16 in PyTorch."""
    from torch import nn

    parts, before = [], 3
    for count, width in zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True):
        for _ in range(count):
            parts += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
        parts.append(nn.MaxPool2d(2))
    dense = [nn.Linear(7 * 7 * 512, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, classes)]
    return nn.Sequential(*parts, nn.Flatten(), *dense)


BY_HAND = {"ResNet50": resnet50_by_hand, "VGG16": vgg16_by_hand}
LARGE: dict[str, Callable[[], Net]] = {
    "ResNet-50": lambda: Application([InputLayer((224, 224, 3))], Adam(), 16, 1108, 2, "ResNet50"),
    "VGG-16": lambda: Application([InputLayer((224, 224, 3))], Adam(), 8, 1108, 1, "VGG16"),
}
SEVEN: dict[str, Callable[[], Net]] = {**NETS, **LARGE}
OTHER_BATCHES = {  # tried on every side besides a net's own
    "LeNet": (16, 512, 1024), "notation net": (256, 512), "clothes MLP": (256, 1024, 4096),
    "CIFAR-10 full": (16, 256, 512), "Fruits": (128, 256), "ResNet-50": (8, 32), "VGG-16": (16, 32),
}  # fmt: skip
LEAST_STEPS = 4  # until the memory of a process has its shape, a step costs up to a fifth more
SIX = tuple(name for name in SEVEN if name != "notation net")  # those of the goal


def net_of(name: str, batch: int | None = None) -> Net:
    """A network by name; with another batch size as many images a measurement as before, but enough steps."""
    net = SEVEN[name]()
    if batch is None or batch == net.batch:
        return net
    least = 1 if name in LARGE else LEAST_STEPS
    return replace(net, batch=batch, steps=max(least, net.batch * net.steps // batch))


def pellucid_model(net: Net) -> Model:
    """Ours."""
    return net.model() if isinstance(net, Application) else Sequential([Layer.of(spec) for spec in net.layers])


def torch_module(net: Net) -> Any:
    """PyTorch's, logits out, in the memory order that ours has too."""
    import torch

    from benchmarks.engine_torch import module

    made = net.module() if isinstance(net, Application) else module(net)
    return made.to(memory_format=torch.channels_last) if len(net.shape) == 3 else made
