"""The five networks that the engines are measured on, as Pellucid graphs, and one training step of ours.

Recipes: LeNet (Lecture), the notation net (CNN-book 9), clothes MLP and Fruits (Vision), CIFAR-10 full (Intro).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.notation import parse
from pellucid.spec.activations import LeakyReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.optimizers import Adam, OptimizerSpec, RMSprop
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer


@dataclass(frozen=True)
class Net:
    """A network with its recipe; `steps` is how many steps one measurement takes."""

    layers: Sequence[LayerSpec]  # the input first
    optimizer: OptimizerSpec
    batch: int
    classes: int
    steps: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.layers[0].shape  # type: ignore[attr-defined,no-any-return]

    def graph(self) -> Graph:
        first = tensor = Layer.of(self.layers[0])(())
        for spec in self.layers[1:]:
            tensor = Layer.of(spec)(tensor)
        return build([first], [tensor]).graph

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Random images and labels, enough for one measurement."""
        random = np.random.default_rng(0)
        n = self.batch * self.steps
        return random.random((n, *self.shape), np.float32), random.integers(0, self.classes, n)


def block(filters: int, stride: int) -> list[LayerSpec]:
    """A convolution of the CIFAR-10 net, with batch norm and leaky ReLU."""
    return [Conv2D(filters, 3, stride, "same"), BatchNormalization(), LeakyReLU()]


NETS: dict[str, Callable[[], Net]] = {
    "LeNet": lambda: Net(
        [InputLayer((28, 28, 1)), Conv2D(20, 5, activation="relu"), MaxPooling2D(2, 2, "same"),
         Conv2D(50, 5, padding="same", activation="relu"), MaxPooling2D(2, 2, "same"), Flatten(), Dense(500, "relu"),
         Dense(10, "softmax")], RMSprop(), 32, 10, 40),
    "notation net": lambda: Net(
        [layer.spec for layer in parse("conv_8 pool conv_12*3 pool conv_36*3 pool FC_64", input_shape=(28, 28, 1),
                                       classes=10, activation="elu")], Adam(), 64, 10, 30),
    "clothes MLP": lambda: Net(
        [InputLayer((28, 28)), Flatten(), Dense(500, "sigmoid"), Dense(200, "sigmoid"), Dense(10, "softmax")],
        Adam(), 32, 10, 300),
    "CIFAR-10 full": lambda: Net(
        [InputLayer((32, 32, 3)), *block(32, 1), *block(32, 2), *block(64, 1), *block(64, 2), Flatten(), Dense(128),
         BatchNormalization(), LeakyReLU(), Dropout(0.5), Dense(10, "softmax")], Adam(0.0005), 32, 10, 25),
    "Fruits": lambda: Net(
        [InputLayer((100, 100, 3)), Conv2D(32, 3, activation="relu"), MaxPooling2D(), Conv2D(64, 3, activation="relu"),
         MaxPooling2D(), Flatten(), Dense(100, "sigmoid"), Dropout(0.15), Dense(200, "sigmoid"), Dropout(0.15),
         Dense(131, "softmax")], Adam(), 64, 131, 2),
}
