"""The Intro's networks for CIFAR-10.

Table (MLP)             flatten | dense 200 relu | dense 150 relu | dense classes softmax            646,260 parameters
Table (CNN "small")     conv 10 4x4 stride 2 same | conv 20 3x3 stride 2 same | flatten | dense classes softmax   15,120
Table (CNN "full")      conv 32 s1, 32 s2, 64 s1, 64 s2 (3x3 same), each + batch norm + leaky ReLU | flatten
                        | dense 128 + batch norm + leaky ReLU + dropout 0.5 | dense classes softmax              592,554
Source  the Keras walk-through; LeakyReLU has Keras's slope 0.3.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import BatchNormalization, Conv2D, Dense, Dropout, Flatten, LeakyReLU
from pellucid.model import Model

SHAPE = (32, 32, 3)


def Cifar10MLP(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Two hidden layers on the pixels; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("cifar10mlp", include_top, weights, options, shape=SHAPE, classes=10, any_size=False)
    body = [Flatten(), Dense(200, activation="relu"), Dense(150, activation="relu")]
    top = [Dense(frame.classes, activation=frame.activation)] if frame.include_top else []
    return frame.close(frame.through([*body, *top]))


def Cifar10CNN(
    include_top: bool = True, weights: Weights = None, *, form: str = "full", dropout: float | None = None,
    **options: Unpack[Options],
) -> Model:
    """Convolutions with strides in place of pooling; arguments not named here as in Keras (`frame.Options`).

    form     "full" or "small"
    dropout  rate after the hidden dense layer, 0.5 by default; "small" has neither
    """
    if form not in ("full", "small"):
        raise ArgumentError(describe("Cifar10CNN", "form", "'full' or 'small'", repr(form)))
    if form == "small" and dropout is not None:
        raise ArgumentError(describe("Cifar10CNN", "dropout", "none with form='small', which has no dropout", dropout))
    frame = Frame.of("cifar10cnn", include_top, weights, options, shape=SHAPE, classes=10)
    body, dense = full(0.5 if dropout is None else dropout) if form == "full" else small()
    top = [Flatten(), *dense, Dense(frame.classes, activation=frame.activation)] if frame.include_top else []
    return frame.close(frame.through([*body, *top]))


def full(dropout: float) -> tuple[list[Layer], list[Layer]]:
    """The maps, and the hidden dense layer with what follows it."""
    maps: list[Layer] = []
    for filters, stride in ((32, 1), (32, 2), (64, 1), (64, 2)):
        maps += [Conv2D(filters, 3, stride, padding="same"), BatchNormalization(), LeakyReLU()]
    return maps, [Dense(128), BatchNormalization(), LeakyReLU(), Dropout(dropout)]


def small() -> tuple[list[Layer], list[Layer]]:
    """The maps alone: no hidden dense layer."""
    maps: list[Layer] = [
        Conv2D(10, 4, 2, padding="same", activation="relu"),
        Conv2D(20, 3, 2, padding="same", activation="relu"),
    ]
    return maps, []
