"""GoogLeNet: Inception blocks look through windows of three sizes at once; two auxiliary classifiers help it learn.

Table       conv 7x7 64 stride 2 | max pool | LRN | conv 1x1 64 | conv 3x3 192 | LRN | max pool | 3a 3b | max pool
            | 4a 4b 4c 4d 4e | max pool | 5a 5b | global mean | dropout 0.4 | dense classes softmax; pools 3x3 stride 2
Block       1x1 a | 1x1 b then 3x3 c | 1x1 d then 5x5 e | max pool 3x3 stride 1 then 1x1 f: a + c + e + f channels
Auxiliary   behind 4a and 4d, in training alone: mean pool 5x5 stride 3 | conv 1x1 128 | dense 1024 | dropout 0.7
            | dense classes softmax; its loss counts 0.3
Count       at 224x224x3 and 1,000 classes 13,378,280, of which 6,379,728 are the auxiliary classifiers'; 3a has 163,328
            weights without biases
Source      Szegedy et al. 2015, table 1 and section 5; every convolution has a bias and ReLU.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.architectures.resnet import Recalibration
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    AveragePooling2D,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    LocalResponseNormalization,
    MaxPooling2D,
)
from pellucid.model import Model

BLOCKS = {  # a, b, c, d, e, f of the table
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
POOLED = ("3b", "4e")  # a pool follows
WATCHED = {"4a": "auxiliary1", "4d": "auxiliary2"}


def GoogLeNet(
    include_top: bool = True, weights: Weights = None, *, auxiliary: bool = True, **options: Unpack[Options]
) -> Model:
    """Nine Inception blocks; `auxiliary=False` leaves the auxiliary classifiers out, which want images of 65 pixels on.

    Other arguments as in Keras (`frame.Options`).
    """
    return googlenet("googlenet", include_top, weights, options, auxiliary)


def googlenet(
    name: str,
    include_top: bool,
    weights: Weights,
    options: Options,
    auxiliary: bool,
    recalibrate: Recalibration | None = None,
) -> Model:
    """The network, with something done to the result of each block."""
    frame = Frame.of(name, include_top, weights, options)
    x, watching = stem(frame.entry), []
    for block, widths in BLOCKS.items():
        x = inception(x, widths, f"inception_{block}")
        if recalibrate is not None:
            x = recalibrate(x, f"inception_{block}")
        if frame.include_top and auxiliary and block in WATCHED:
            watching.append(auxiliary_classifier(x, frame, WATCHED[block]))
        if block in POOLED:
            x = MaxPooling2D(3, 2, padding="same", name=f"pool{block[0]}")(x)
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dropout(0.4, name="dropout")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x, training_only=watching)


def stem(x: Tensor) -> Tensor:
    """Two stages of convolution and pooling: the map is an eighth as wide."""
    x = Conv2D(64, 7, 2, padding=3, activation="relu", name="conv1")(x)
    x = MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    x = LocalResponseNormalization(name="norm1")(x)
    x = Conv2D(64, 1, activation="relu", name="conv2_reduce")(x)
    x = Conv2D(192, 3, padding="same", activation="relu", name="conv2")(x)
    x = LocalResponseNormalization(name="norm2")(x)
    return MaxPooling2D(3, 2, padding="same", name="pool2")(x)


def inception(x: Tensor, widths: tuple[int, int, int, int, int, int], block: str) -> Tensor:
    """Four ways beside each other."""

    def conv(filters: int, kernel: int, way: str, entry: Tensor) -> Tensor:
        return Conv2D(filters, kernel, padding="same", activation="relu", name=f"{block}_{way}")(entry)

    a, b, c, d, e, f = widths
    ways = [
        conv(a, 1, "1x1", x),
        conv(c, 3, "3x3", conv(b, 1, "3x3_reduce", x)),
        conv(e, 5, "5x5", conv(d, 1, "5x5_reduce", x)),
        conv(f, 1, "pool_proj", MaxPooling2D(3, 1, padding="same", name=f"{block}_pool")(x)),
    ]
    return Concatenate(name=f"{block}_output")(ways)


def auxiliary_classifier(x: Tensor, frame: Frame, name: str) -> Tensor:
    """A small classifier on a map in the middle."""
    x = AveragePooling2D(5, 3, name=f"{name}_pool")(x)
    x = Conv2D(128, 1, activation="relu", name=f"{name}_conv")(x)
    x = Dense(1024, activation="relu", name=f"{name}_dense")(Flatten(name=f"{name}_flatten")(x))
    x = Dropout(0.7, name=f"{name}_dropout")(x)
    return Dense(frame.classes, activation=frame.activation, name=f"{name}_predictions")(x)
