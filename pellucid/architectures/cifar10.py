"""The Intro's networks for CIFAR-10.

Table (MLP)             flatten | dense 200 relu | dense 150 relu | dense classes softmax            646,260 parameters
Table (CNN "small")     conv 10 4x4 stride 2 same | conv 20 3x3 stride 2 same | flatten | dense classes softmax   15,120
Table (CNN "full")      conv 32 s1, 32 s2, 64 s1, 64 s2 (3x3 same), each + batch norm + leaky ReLU | flatten
                        | dense 128 + batch norm + leaky ReLU + dropout 0.5 | dense classes softmax              592,554
Source  the Keras walk-through; LeakyReLU has Keras's slope 0.3.
"""

from __future__ import annotations

from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, LeakyReLU
from pellucid.model import Model, Sequential


def Cifar10MLP(input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10) -> Model:
    """Two hidden layers on the pixels."""
    body = [Flatten(), Dense(200, activation="relu"), Dense(150, activation="relu")]
    return Sequential([Input(input_shape), *body, Dense(classes, activation="softmax")], name="cifar10mlp")


def Cifar10CNN(input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, *, form: str = "full") -> Model:
    """Convolutions with strides in place of pooling; form "full" or "small", ArgumentError for another."""
    body: list[Layer] = []
    if form == "full":
        for filters, stride in ((32, 1), (32, 2), (64, 1), (64, 2)):
            body += [Conv2D(filters, 3, stride, padding="same"), BatchNormalization(), LeakyReLU()]
        body += [Flatten(), Dense(128), BatchNormalization(), LeakyReLU(), Dropout(0.5)]
    elif form == "small":
        body = [
            Conv2D(10, 4, 2, padding="same", activation="relu"),
            Conv2D(20, 3, 2, padding="same", activation="relu"),
            Flatten(),
        ]
    else:
        raise ArgumentError(describe("Cifar10CNN", "form", "'full' or 'small'", repr(form)))
    return Sequential([Input(input_shape), *body, Dense(classes, activation="softmax")], name="cifar10cnn")
