"""PreActResNet: residual networks with batch norm and ReLU before each convolution, so that the shortcut stays clear.

Table   depth 18 34     stem 7x7 64 stride 2 | max pool 3 stride 2 | stacks of 64 128 256 512, basic blocks 2 2 2 2
                        or 3 4 6 3
        depth 50..152   the same stem | bottlenecks 3 4 6 3, 3 4 23 3 or 3 8 36 3; a stack's last block halves the map
        depth 164 1001  stem 3x3 16 | stacks of 16 32 64, (depth - 2) / 9 bottlenecks each, for images of 32x32
        then            batch norm | relu | global mean | dense classes softmax
Block   batch norm, relu | convolutions with both between them | + shortcut, a 1x1 convolution where the width changes
Count   at 1,000 classes, in all: 25,613,800 (50)   44,675,560 (101)   60,380,648 (152): Keras's ResNet50V2 and so on
        at 10 classes, trained: 1,711,786 (164), 10,377,898 (1001)
Source  He, Zhang, Ren & Sun 2016 (identity mappings), figure 1b and appendix; depths 50 to 152 as in Keras, its names
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.architectures.resnet import BASIC, BOTTLENECK
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from pellucid.model import Model

EPSILON = 1.001e-5  # Keras's


@dataclass(frozen=True)
class Layout:
    """Kernels of a block, blocks and filters of each stack."""

    kernels: tuple[int, ...]
    blocks: tuple[int, ...]
    filters: tuple[int, ...] = (64, 128, 256, 512)
    late: bool = False  # a stack's last block halves the map, not its first
    small: bool = False  # made for small images


LAYOUTS = {
    18: Layout(BASIC, (2, 2, 2, 2)),
    34: Layout(BASIC, (3, 4, 6, 3)),
    50: Layout(BOTTLENECK, (3, 4, 6, 3), late=True),
    101: Layout(BOTTLENECK, (3, 4, 23, 3), late=True),
    152: Layout(BOTTLENECK, (3, 8, 36, 3), late=True),
    164: Layout(BOTTLENECK, (18, 18, 18), (16, 32, 64), small=True),
    1001: Layout(BOTTLENECK, (111, 111, 111), (16, 32, 64), small=True),
}


def PreActResNet(
    include_top: bool = True, weights: Weights = None, *, depth: int = 50, **options: Unpack[Options]
) -> Model:
    """A pre-activation network of this `depth`, see the table above; other arguments as in Keras (`frame.Options`)."""
    if depth not in LAYOUTS:
        raise ArgumentError(describe("PreActResNet", "depth", f"one of {', '.join(map(str, LAYOUTS))}", repr(depth)))
    layout = LAYOUTS[depth]
    shape, classes = ((32, 32, 3), 10) if layout.small else ((224, 224, 3), 1000)
    frame = Frame.of(f"preactresnet{depth}", include_top, weights, options, shape=shape, classes=classes)
    x = stem(frame.entry, layout.small)
    last = len(layout.blocks)
    for stack, (filters, count) in enumerate(zip(layout.filters, layout.blocks, strict=True), 1):
        halving = (count - 1 if stack < last else None) if layout.late else (0 if stack > 1 else None)
        for place in range(count):
            stride = 2 if place == halving else 1
            x = block(x, layout.kernels, filters, stride, f"conv{stack + 1}_block{place + 1}")
    x = active(x, "post_bn", "post_relu")
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)


def stem(x: Tensor, small: bool) -> Tensor:
    """The first convolution, with pooling for large images; batch norm comes with the first block."""
    if small:
        return Conv2D(16, 3, padding="same", name="conv1_conv")(x)
    x = Conv2D(64, 7, 2, name="conv1_conv")(ZeroPadding2D(3, name="conv1_pad")(x))
    return MaxPooling2D(3, 2, name="pool1_pool")(ZeroPadding2D(1, name="pool1_pad")(x))


def active(x: Tensor, norm: str, relu: str) -> Tensor:
    """Batch norm and ReLU."""
    return Activation("relu", name=relu)(BatchNormalization(epsilon=EPSILON, name=norm)(x))


def block(x: Tensor, kernels: tuple[int, ...], filters: int, stride: int, name: str) -> Tensor:
    """One block: convolutions beside the shortcut, added. Its first 3x3 has the stride, its last convolution a bias."""
    width = 4 * filters if kernels == BOTTLENECK else filters
    entered = active(x, f"{name}_preact_bn", f"{name}_preact_relu")
    if x.sizes[2] != width:
        shortcut = Conv2D(width, 1, stride, name=f"{name}_0_conv")(entered)
    else:
        shortcut = MaxPooling2D(1, stride, name=f"{name}_0_pool")(x) if stride > 1 else x
    y = entered
    for n, kernel in enumerate(kernels, 1):
        last, step = n == len(kernels), stride if n == kernels.index(3) + 1 else 1
        if kernel == 3:
            y = ZeroPadding2D(1, name=f"{name}_{n}_pad")(y)
        y = Conv2D(width if last else filters, kernel, step, use_bias=last, name=f"{name}_{n}_conv")(y)
        if not last:
            y = active(y, f"{name}_{n}_bn", f"{name}_{n}_relu")
    return Add(name=f"{name}_out")([shortcut, y])
