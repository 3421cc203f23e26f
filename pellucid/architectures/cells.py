"""The Cells chapter's head: what is trained on the features of a VGG-16 that was trained on other images.

Table   conv 1x1 64 relu | flatten | dense 2048 relu | dropout 0.5 | dense 2048 relu | dropout 0.5
        | dense classes softmax
Shapes  features (7,7,512) -> classes; 12,924,052 parameters at 1,108 classes
Source  the Cells chapter.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Conv2D, Dense, Dropout, Flatten
from pellucid.model import Model


def CellsHead(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """A convolution and three dense layers on a map of features; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("cellshead", include_top, weights, options, shape=(7, 7, 512), classes=1108)
    layers: list[Layer] = [Conv2D(64, 1, activation="relu")]
    if frame.include_top:
        layers.append(Flatten())
        for _ in range(2):
            layers += [Dense(2048, activation="relu"), Dropout(0.5)]
        layers.append(Dense(frame.classes, activation=frame.activation))
    return frame.close(frame.through(layers))
