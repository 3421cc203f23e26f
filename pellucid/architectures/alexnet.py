"""AlexNet: five convolutions, three dense layers, dropout between them.

Table (form "2012")         conv 11x11 96 stride 4 | LRN | pool | conv 5x5 256 in 2 groups | LRN | pool | conv 3x3 384
                            | conv 3x3 384 in 2 groups | conv 3x3 256 in 2 groups | pool | dropout 0.5 dense 4096, twice
                            | dense classes softmax                           60,965,224 parameters at 227x227x3
Table (form "torchvision")  conv 64, 192, 384, 256, 256 without groups and LRN                 61,100,840 at 224x224x3
        Pools are 3x3 stride 2; every layer but the last has ReLU.
Source  Krizhevsky, Sutskever & Hinton 2012, section 3.5 (227 pixels make its figures whole); Krizhevsky 2014, with
        torchvision's names, _ for a point.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Conv2D, Dense, Dropout, Flatten, LocalResponseNormalization, MaxPooling2D
from pellucid.model import Model

NAMES = {"2012": ("fc6", "fc7", "fc8"), "torchvision": ("classifier_1", "classifier_4", "classifier_6")}


def AlexNet(
    include_top: bool = True, weights: Weights = None, *, form: str = "2012", **options: Unpack[Options]
) -> Model:
    """AlexNet as of 2012 or in torchvision's `form`; other arguments as in Keras (`frame.Options`)."""
    if form not in NAMES:
        raise ArgumentError(describe("AlexNet", "form", " or ".join(map(repr, NAMES)), repr(form)))
    size = (227, 227, 3) if form == "2012" else (224, 224, 3)
    frame = Frame.of("alexnet", include_top, weights, options, shape=size)
    layers = two_groups() if form == "2012" else one_group()
    if frame.include_top:
        first, second, last = NAMES[form]
        layers.append(Flatten(name="flatten"))
        for name in (first, second):
            layers += [Dropout(0.5, name=f"{name}_dropout"), Dense(4096, activation="relu", name=name)]
        layers.append(Dense(frame.classes, activation=frame.activation, name=last))
    return frame.close(frame.through(layers))


def two_groups() -> list[Layer]:
    """The convolutions of 2012, where two graphics cards each held a half."""
    return [
        Conv2D(96, 11, 4, activation="relu", name="conv1"),
        LocalResponseNormalization(name="norm1"),
        MaxPooling2D(3, 2, name="pool1"),
        Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv2"),
        LocalResponseNormalization(name="norm2"),
        MaxPooling2D(3, 2, name="pool2"),
        Conv2D(384, 3, padding="same", activation="relu", name="conv3"),
        Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv4"),
        Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv5"),
        MaxPooling2D(3, 2, name="pool5"),
    ]


def one_group() -> list[Layer]:
    """The convolutions of torchvision's."""
    return [
        Conv2D(64, 11, 4, padding=2, activation="relu", name="features_0"),
        MaxPooling2D(3, 2, name="features_2"),
        Conv2D(192, 5, padding="same", activation="relu", name="features_3"),
        MaxPooling2D(3, 2, name="features_5"),
        Conv2D(384, 3, padding="same", activation="relu", name="features_6"),
        Conv2D(256, 3, padding="same", activation="relu", name="features_8"),
        Conv2D(256, 3, padding="same", activation="relu", name="features_10"),
        MaxPooling2D(3, 2, name="features_12"),
    ]
