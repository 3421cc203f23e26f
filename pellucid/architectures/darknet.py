"""Darknet-19 and Darknet-53: the classifiers below YOLO v2 and v3, in multiples of w = 32 filters.

Darknet-19   w, pool | 2w, pool | 4w 2w* 4w, pool | 8w 4w* 8w, pool | 16w 8w* 16w 8w* 16w, pool | 32w 16w* 32w 16w* 32w
             | 1x1 classes, global mean, softmax
Darknet-53   w | 2w stride 2, 1 block | 4w stride 2, 2 blocks | 8w stride 2, 8 | 16w stride 2, 8 | 32w stride 2, 4
             | global mean, dense classes softmax;  block of f: 1x1 f/2, 3x3 f, + what came in
Convolution  3x3, or 1x1 where * stands, without a bias; batch norm; leaky ReLU of 0.1
Count        trained, 1,000 classes: 20,842,376 and 41,609,928
Source       Redmon & Farhadi 2017, table 6; Redmon & Farhadi 2018, table 1
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    LeakyReLU,
    MaxPooling2D,
)
from pellucid.model import Model

WIDTH = 32
STAGES_19 = ((1,), (2,), (4, 2, 4), (8, 4, 8), (16, 8, 16, 8, 16), (32, 16, 32, 16, 32))  # filters over the width
BLOCKS_53 = (1, 2, 8, 8, 4)


def Darknet19(
    include_top: bool = True, weights: Weights = None, *, width: int = WIDTH, **options: Unpack[Options]
) -> Model:
    """Nineteen convolutions; `width` filters in the first, other arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("darknet19", include_top, weights, options)
    x, number = frame.entry, 0
    for stage, shares in enumerate(STAGES_19):
        if stage:
            x = MaxPooling2D(2, name=f"pool{stage}")(x)
        for place, share in enumerate(shares):
            number += 1
            x = leaky(x, share * width, 1 if place % 2 else 3, f"conv{number}")
    if frame.include_top:
        x = Conv2D(frame.classes, 1, kernel_initializer="he_normal", name=f"conv{number + 1}")(x)
        x = Activation(frame.activation, name="softmax")(GlobalAveragePooling2D(name="avg_pool")(x))
    return frame.close(x)


def Darknet53(
    include_top: bool = True, weights: Weights = None, *, width: int = WIDTH, **options: Unpack[Options]
) -> Model:
    """52 convolutions in residual blocks, and a dense layer; `width` filters in the first, else `frame.Options`."""
    frame = Frame.of("darknet53", include_top, weights, options)
    x, filters = leaky(frame.entry, width, 3, "conv1"), width
    for stage, blocks in enumerate(BLOCKS_53, start=1):
        filters *= 2
        x = leaky(x, filters, 3, f"stage{stage}_down", stride=2)
        for block in range(1, blocks + 1):
            y = leaky(x, filters // 2, 1, f"stage{stage}_block{block}_a")
            x = Add(name=f"stage{stage}_block{block}_add")([x, leaky(y, filters, 3, f"stage{stage}_block{block}_b")])
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)


def leaky(x: Tensor, filters: int, kernel: int, name: str, *, stride: int = 1) -> Tensor:
    """A convolution as darknet has them."""
    x = Conv2D(filters, kernel, stride, padding=kernel // 2, use_bias=False, kernel_initializer="he_normal",
               name=name)(x)  # fmt: skip
    x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    y: Tensor = LeakyReLU(0.1, name=f"{name}_leaky")(x)
    return y
