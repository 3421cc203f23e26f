"""The Vision chapter's network for Fruits-360.

Table   conv 32 3x3 relu valid | max pool 2 | conv 64 3x3 relu | max pool 2 | flatten | dense 100 sigmoid | dropout 0.15
        | dense 200 sigmoid | dropout 0.15 | dense classes softmax
Source  the Vision chapter.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from pellucid.model import Model


def FruitsCNN(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Two convolutions with pooling, two sigmoid layers with dropout; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("fruitscnn", include_top, weights, options, shape=(100, 100, 3), classes=131)
    layers: list[Layer] = [
        Conv2D(32, 3, activation="relu"), MaxPooling2D(2), Conv2D(64, 3, activation="relu"), MaxPooling2D(2),
    ]  # fmt: skip
    if frame.include_top:
        layers.append(Flatten())
        for units in (100, 200):
            layers += [Dense(units, activation="sigmoid"), Dropout(0.15)]
        layers.append(Dense(frame.classes, activation=frame.activation))
    return frame.close(frame.through(layers))
