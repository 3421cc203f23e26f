"""The ResNets of CIFAR-10: three stages of n blocks at 32, 16 and 8 pixels, 6 n + 2 layers, shortcuts without weights.

Table   conv 3x3 16 | n blocks 16 | n blocks 32, the first with stride 2 | n blocks 64, likewise | global mean
        | dense classes softmax; block: conv 3x3, norm, ReLU, conv 3x3, norm, plus the shortcut, ReLU
Shortcut  where the map shrinks (option A): every second pixel, and channels of zeros on both sides, as many in all
Count   trained, at 10 classes: 269,722 with 20 layers, 464,154 with 32, 853,018 with 56, 1,727,962 with 110
Source  He, Zhang, Ren & Sun 2016, section 4.2; names and the place of the zeros: github.com/akamaster/
        pytorch_resnet_cifar10; batch norm with momentum 0.9 and epsilon 1e-5
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
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from pellucid.model import Model

FILTERS = (16, 32, 64)


def CifarResNet(
    include_top: bool = True, weights: Weights = None, *, depth: int = 20, **options: Unpack[Options]
) -> Model:
    """A ResNet of `depth` 6 n + 2 for small images; other arguments as in Keras (`frame.Options`)."""
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 8 or depth % 6 != 2:
        raise ArgumentError(describe("CifarResNet", "depth", "6 n + 2: 20, 32, 44, 56, 110", repr(depth)))
    frame = Frame.of(
        f"cifarresnet{depth}", include_top, weights, options, shape=(32, 32, 3), classes=10, any_size=False
    )
    x = ReLU(name="relu1")(normed(frame.entry, FILTERS[0], 1, "conv1", "bn1"))
    for stage, filters in enumerate(FILTERS, start=1):
        for block in range((depth - 2) // 6):
            x = residual(x, filters, 2 if stage > 1 and block == 0 else 1, f"layer{stage}_{block}")
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(frame.classes, activation=frame.activation, name="linear")(x)
    return frame.close(x)


def normed(x: Tensor, filters: int, stride: int, conv: str, norm: str) -> Tensor:
    """Convolution without a bias, then batch norm."""
    x = Conv2D(filters, 3, stride, padding=1, use_bias=False, kernel_initializer="he_normal", name=conv)(x)
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=norm)(x)


def residual(x: Tensor, filters: int, stride: int, name: str) -> Tensor:
    """Two convolutions, added to what came in."""
    y = ReLU(name=f"{name}_relu1")(normed(x, filters, stride, f"{name}_conv1", f"{name}_bn1"))
    y = normed(y, filters, 1, f"{name}_conv2", f"{name}_bn2")
    short = x if stride == 1 else shrunk(x, filters, name)
    return ReLU(name=f"{name}_relu2")(Add(name=f"{name}_add")([y, short]))


def shrunk(x: Tensor, filters: int, name: str) -> Tensor:
    """Every second pixel, with zero channels before and after its own."""
    x = MaxPooling2D(1, 2, name=f"{name}_halve")(x)
    height, width, channels = (size or 1 for size in x.sizes)
    before = (filters - channels) // 2
    x = Reshape((height * width, channels, 1), name=f"{name}_rows")(x)
    x = ZeroPadding2D(((0, 0), (before, filters - channels - before)), name=f"{name}_zeros")(x)
    return Reshape((height, width, filters), name=f"{name}_map")(x)
