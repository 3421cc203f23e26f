"""MobileNetV2: blocks widen a thin map, look at each channel alone, and make it thin again without an activation.

Table   conv 3x3 32 stride 2 | blocks t c n s: 1 16 1 1, 6 24 2 2, 6 32 3 2, 6 64 4 2, 6 96 3 1, 6 160 3 2, 6 320 1 1
        | conv 1x1 1280 | global mean | dense classes softmax
Block   1x1 to t*C relu6 | depthwise 3x3 stride s relu6 | 1x1 to c | + its input when s = 1 and c = C; batch norm each
Count   at 1,000 classes and alpha 1: 3,538,984 in all, 3,504,872 trained
Source  Sandler et al. 2018, tables 1 and 2; names, batch norm's momentum 0.999 and the padding are Keras's.
"""

from __future__ import annotations

from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)
from pellucid.model import Model

BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280


def MobileNetV2(
    include_top: bool = True, weights: Weights = None, *, alpha: float = 1.0, **options: Unpack[Options]
) -> Model:
    """Seventeen inverted residual blocks; `alpha` scales their widths, others as in Keras (`frame.Options`)."""
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not alpha > 0:
        raise ArgumentError(describe("MobileNetV2", "alpha", "a number above 0", repr(alpha)))
    frame = Frame.of("mobilenetv2", include_top, weights, options)
    x = Conv2D(in_eights(32 * alpha), 3, 2, padding="same", use_bias=False, name="Conv1")(frame.entry)
    x = active(x, "bn_Conv1", "Conv1_relu")
    number = 0
    for expansion, channels, count, stride in BLOCKS:
        for place in range(count):
            width = in_eights(int(channels * alpha))
            x = inverted_residual(x, expansion, width, stride if place == 0 else 1, number)
            number += 1
    x = Conv2D(in_eights(LAST * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    x = active(x, "Conv_1_bn", "out_relu")
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)


def inverted_residual(x: Tensor, expansion: int, width: int, stride: int, number: int) -> Tensor:
    """One block; the first of all does not widen."""
    block, shortcut, channels = f"block_{number}" if number else "expanded_conv", x, x.sizes[2] or 1
    if number:
        x = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{block}_expand")(x)
        x = active(x, f"{block}_expand_BN", f"{block}_expand_relu")
    if stride == 2:
        x = ZeroPadding2D(around(x), name=f"{block}_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(3, stride, padding=padding, use_bias=False, name=f"{block}_depthwise")(x)
    x = active(x, f"{block}_depthwise_BN", f"{block}_depthwise_relu")
    x = Conv2D(width, 1, padding="same", use_bias=False, name=f"{block}_project")(x)
    x = BatchNormalization(momentum=0.999, epsilon=1e-3, name=f"{block}_project_BN")(x)
    return Add(name=f"{block}_add")([shortcut, x]) if stride == 1 and channels == width else x


def active(x: Tensor, norm: str, relu: str) -> Tensor:
    """Batch norm and a ReLU that stops at 6."""
    return ReLU(6.0, name=relu)(BatchNormalization(momentum=0.999, epsilon=1e-3, name=norm)(x))


def around(x: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros before a 3x3 window with stride 2: one less at the top and left of an even axis."""
    before = [1 if size is None or size % 2 else 0 for size in x.sizes[:2]]
    if x.sizes[0] is None:
        before = [0, 0]
    return (before[0], 1), (before[1], 1)


def in_eights(width: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth below."""
    found = max(8, int(width + 4) // 8 * 8)
    return found + 8 if found < 0.9 * width else found
