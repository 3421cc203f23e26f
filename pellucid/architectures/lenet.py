"""LeNet-5: two convolutions with pooling, then dense layers.

Table (form "lecture")  conv 20 5x5 relu valid | max pool 2 same | conv 50 5x5 relu same | max pool 2 same | flatten
                        | dense 500 relu | dense classes softmax                   931,080 parameters at 28x28x1
Table (form "1998")     conv 6 5x5 tanh same | mean pool 2 | conv 16 5x5 tanh | mean pool 2 | flatten | dense 120 tanh
                        | dense 84 tanh | dense classes softmax                     61,706 parameters at 28x28x1
Source  LeCun, Bottou, Bengio & Haffner 1998, figure 2 (with full connections and softmax); the lecture's wider form.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import AveragePooling2D, Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.model import Model


def LeNet5(
    include_top: bool = True, weights: Weights = None, *, form: str = "lecture", **options: Unpack[Options]
) -> Model:
    """LeNet in the lecture's wider form, or as of 1998; other arguments as in Keras (`frame.Options`)."""
    if form not in ("lecture", "1998"):
        raise ArgumentError(describe("LeNet5", "form", "'lecture' or '1998'", repr(form)))
    frame = Frame.of("lenet5", include_top, weights, options, shape=(28, 28, 1), classes=10)
    body, dense = lecture() if form == "lecture" else original()
    top = [Flatten(), *dense, Dense(frame.classes, activation=frame.activation)] if frame.include_top else []
    return frame.close(frame.through([*body, *top]))


def lecture() -> tuple[list[Layer], list[Layer]]:
    """The maps, and the hidden dense layer."""
    maps = [
        Conv2D(20, 5, activation="relu"),
        MaxPooling2D(2, 2, padding="same"),
        Conv2D(50, 5, padding="same", activation="relu"),
        MaxPooling2D(2, 2, padding="same"),
    ]
    return maps, [Dense(500, activation="relu")]


def original() -> tuple[list[Layer], list[Layer]]:
    """The maps, and the hidden dense layers."""
    maps = [
        Conv2D(6, 5, padding="same", activation="tanh"),
        AveragePooling2D(2),
        Conv2D(16, 5, activation="tanh"),
        AveragePooling2D(2),
    ]
    return maps, [Dense(120, activation="tanh"), Dense(84, activation="tanh")]
