"""MobileNetV2: blocks widen a thin map, look at each channel alone, and make it thin again without an activation.

Table   conv 3x3 32 stride 2 | blocks t c n s: 1 16 1 1, 6 24 2 2, 6 32 3 2, 6 64 4 2, 6 96 3 1, 6 160 3 2, 6 320 1 1
        | conv 1x1 1280 | global mean | dense classes softmax
Block   1x1 to t*C relu6 | depthwise 3x3 stride s relu6 | 1x1 to c | + its input when s = 1 and c = C; batch norm each
Count   at 1,000 classes and alpha 1: 3,538,984 in all, 3,504,872 trained
Source  Sandler et al. 2018, tables 1 and 2. Form "keras": a stride of 2 sees no zero at the top or left of an even
        axis; "torchvision": one on each side, dropout 0.2 before the dense layer. Names are theirs, _ for a point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)
from pellucid.model import Model

BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280
Names = tuple[str, str, str]  # of a convolution, its batch norm and its ReLU


class Block(NamedTuple):
    """The name of a block and those of its three parts."""

    name: str
    expand: Names
    depthwise: Names
    project: Names


def keras_block(number: int) -> Block:
    """Names of block 0, 1 ... in Keras."""
    block = f"block_{number}" if number else "expanded_conv"

    def part(word: str) -> Names:
        return f"{block}_{word}", f"{block}_{word}_BN", f"{block}_{word}_relu"

    return Block(block, part("expand"), part("depthwise"), part("project"))


def torchvision_block(number: int) -> Block:
    """Names of block 0, 1 ... in torchvision, where a list has no gap for what the first block lacks."""
    block, at = f"features_{number + 1}", 1 if number else 0

    def part(place: int) -> Names:
        return f"{block}_conv_{place}_0", f"{block}_conv_{place}_1", f"{block}_conv_{place}_2"

    return Block(block, part(0), part(at), (f"{block}_conv_{at + 1}", f"{block}_conv_{at + 2}", ""))


@dataclass(frozen=True)
class Form:
    """How the network is written down; names must be those of the weight files that are to fit."""

    symmetric: bool  # as many zeros on each side
    epsilon: float
    momentum: float
    initializer: str
    stem: Names
    block: Callable[[int], Block]
    last: Names
    top: str

    def convolved(self, x: Tensor, filters: int, kernel: int, stride: int, names: Names) -> Tensor:
        """A convolution and its batch norm; odd kernels keep the size of the map."""
        x = Conv2D(filters, kernel, stride, padding=kernel // 2 if self.symmetric else "same", use_bias=False,
                   kernel_initializer=self.initializer, name=names[0])(x)  # fmt: skip
        return self.normalized(x, names)

    def looked(self, x: Tensor, stride: int, block: Block) -> Tensor:
        """Each channel convolved alone, and its batch norm."""
        padding: str | int = 1 if self.symmetric else "same"
        if stride == 2 and not self.symmetric:
            x, padding = ZeroPadding2D(around(x), name=f"{block.name}_pad")(x), "valid"
        x = DepthwiseConv2D(3, stride, padding=padding, use_bias=False, depthwise_initializer=self.initializer,
                            name=block.depthwise[0])(x)  # fmt: skip
        return self.normalized(x, block.depthwise)

    def normalized(self, x: Tensor, names: Names) -> Tensor:
        """Batch norm."""
        return BatchNormalization(momentum=self.momentum, epsilon=self.epsilon, name=names[1])(x)


FORMS = {
    "keras": Form(
        False, 1e-3, 0.999, "glorot_uniform", ("Conv1", "bn_Conv1", "Conv1_relu"), keras_block,
        ("Conv_1", "Conv_1_bn", "out_relu"), "predictions",
    ),
    "torchvision": Form(
        True, 1e-5, 0.9, "he_normal", ("features_0_0", "features_0_1", "features_0_2"), torchvision_block,
        ("features_18_0", "features_18_1", "features_18_2"), "classifier_1",
    ),
}  # fmt: skip


def MobileNetV2(
    include_top: bool = True,
    weights: Weights = None,
    *,
    form: str = "keras",
    alpha: float = 1.0,
    **options: Unpack[Options],
) -> Model:
    """Seventeen inverted residual blocks; `form` "keras" or "torchvision", `alpha` scales their widths.

    Other arguments as in Keras (`frame.Options`).
    """
    if form not in FORMS:
        raise ArgumentError(describe("MobileNetV2", "form", " or ".join(map(repr, FORMS)), repr(form)))
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not alpha > 0:
        raise ArgumentError(describe("MobileNetV2", "alpha", "a number above 0", repr(alpha)))
    how, frame = FORMS[form], Frame.of("mobilenetv2", include_top, weights, options)
    x = relu6(how.convolved(frame.entry, in_eights(32 * alpha), 3, 2, how.stem), how.stem)
    number = 0
    for expansion, channels, count, stride in BLOCKS:
        width = in_eights(int(channels * alpha) if form == "keras" else channels * alpha)
        for place in range(count):
            x = inverted_residual(how, x, expansion, width, stride if place == 0 else 1, number)
            number += 1
    x = relu6(how.convolved(x, in_eights(LAST * max(alpha, 1.0)), 1, 1, how.last), how.last)
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        if form == "torchvision":
            x = Dropout(0.2, name="classifier_0")(x)
        x = Dense(frame.classes, activation=frame.activation, name=how.top)(x)
    return frame.close(x)


def inverted_residual(how: Form, x: Tensor, expansion: int, width: int, stride: int, number: int) -> Tensor:
    """One block; the first of all does not widen."""
    block, shortcut, channels = how.block(number), x, x.sizes[2] or 1
    if number:
        x = relu6(how.convolved(x, expansion * channels, 1, 1, block.expand), block.expand)
    x = relu6(how.looked(x, stride, block), block.depthwise)
    x = how.convolved(x, width, 1, 1, block.project)
    return Add(name=f"{block.name}_add")([shortcut, x]) if stride == 1 and channels == width else x


def relu6(x: Tensor, names: Names) -> Tensor:
    """A ReLU that stops at 6."""
    return ReLU(6.0, name=names[2])(x)


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
