"""VGG: blocks of 3x3 convolutions, each followed by pooling, then three dense layers.

Table   block 1..5 of 64, 128, 256, 512, 512 filters: n convolutions 3x3 same relu | max pool 2
        | flatten | dense 4096 relu | dense 4096 relu | dense classes softmax
        n  VGG11 1 1 2 2 2   VGG13 2 2 2 2 2   VGG16 2 2 3 3 3   VGG19 2 2 4 4 4
Count   at 224x224x3 and 1,000 classes: 132,863,336   133,047,848   138,357,544   143,667,240
Source  Simonyan & Zisserman 2015, table 1 (A, B, D, E); names and the absent dropout are Keras's.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.vocabulary import Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.model import Model

FILTERS = (64, 128, 256, 512, 512)


def VGG11(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Eight convolutions, three dense layers; arguments as in Keras (`frame.Options`)."""
    return vgg("vgg11", (1, 1, 2, 2, 2), include_top, weights, options)


def VGG13(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Ten convolutions, three dense layers; arguments as in Keras (`frame.Options`)."""
    return vgg("vgg13", (2, 2, 2, 2, 2), include_top, weights, options)


def VGG16(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Thirteen convolutions, three dense layers; arguments as in Keras (`frame.Options`)."""
    return vgg("vgg16", (2, 2, 3, 3, 3), include_top, weights, options)


def VGG19(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Sixteen convolutions, three dense layers; arguments as in Keras (`frame.Options`)."""
    return vgg("vgg19", (2, 2, 4, 4, 4), include_top, weights, options)


def vgg(
    name: str, convolutions: tuple[int, ...], include_top: bool, weights: Weights, options: Options
) -> Model:
    """Five blocks with so many convolutions each."""
    frame = Frame.of(name, include_top, weights, options)
    x = frame.entry
    for block, (count, filters) in enumerate(zip(convolutions, FILTERS, strict=True), 1):
        for number in range(1, count + 1):
            x = Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}")(x)
        x = MaxPooling2D(2, 2, name=f"block{block}_pool")(x)
    if frame.include_top:
        x = Flatten(name="flatten")(x)
        x = Dense(4096, activation="relu", name="fc1")(x)
        x = Dense(4096, activation="relu", name="fc2")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)
