"""AllConv: a network of convolutions alone; strides stand in place of pooling, a global mean in place of dense layers.

Table   dropout 0.2 | 3x3 96, 3x3 96, 3x3 96 stride 2 | dropout 0.5 | 3x3 192, 3x3 192, 3x3 192 stride 2 | dropout 0.5
        | 3x3 192 valid | 1x1 192 | 1x1 classes | global mean | softmax; each convolution with ReLU
Count   1,369,738 at 3 channels and 10 classes ("about 1.4 million")
Source  Springenberg, Dosovitskiy, Brox & Riedmiller 2015, tables 1 and 2 (All-CNN-C).
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import Activation, Conv2D, Dropout, GlobalAveragePooling2D
from pellucid.model import Model


def AllConv(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """Nine convolutions; the last three are the top. Arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("allconv", include_top, weights, options, shape=(32, 32, 3), classes=10)
    layers: list[Layer] = [Dropout(0.2)]
    for filters in (96, 192):
        layers += [Conv2D(filters, 3, stride, padding="same", activation="relu") for stride in (1, 1, 2)]
        layers.append(Dropout(0.5))
    if frame.include_top:
        layers += [
            Conv2D(192, 3, activation="relu"),
            Conv2D(192, 1, activation="relu"),
            Conv2D(frame.classes, 1, activation="relu"),
            GlobalAveragePooling2D(),
            Activation(frame.activation or "linear"),
        ]
    return frame.close(frame.through(layers))
