"""ResNet: blocks whose input is added to their result, so that a block only learns what is to be changed.

Table       stem 7x7 64 stride 2, batch norm, relu | max pool 3 stride 2 | stacks of 64, 128, 256, 512 filters
            | global mean | dense classes softmax
Basic       3x3 f | 3x3 f | + shortcut | relu                        ResNet18 2 2 2 2    ResNet34 3 4 6 3
Bottleneck  1x1 f | 3x3 f | 1x1 4f | + shortcut | relu               ResNet50 3 4 6 3   101 3 4 23 3   152 3 8 36 3
            Every convolution has batch norm; the first block of stacks 2 to 4 halves the map. The shortcut is a 1x1
            convolution where shapes change and in the first block of every bottleneck stack, else nothing.
Count       trained, 1,000 classes, form "torchvision": 11,689,512  21,797,672  25,557,032  44,549,160  60,192,808
            in all, form "keras" (50, 101, 152): 25,636,712  44,707,176  60,419,944
Source      He, Zhang, Ren & Sun 2016, table 1, shortcuts B. Form "keras": convolutions have biases and a bottleneck's
            first one has the stride; "torchvision": no biases and the 3x3 has it. Names are theirs, with _ for a point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Unpack

from pellucid.architectures.frame import Frame, Options, Weights
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

Recalibration = Callable[[Tensor, str], Tensor]  # of a block's result, before the shortcut is added
BASIC, BOTTLENECK = (3, 3), (1, 3, 1)  # kernels of a block


@dataclass(frozen=True)
class Form:
    """How the network is written down; names and biases must be those of the weight files that are to fit."""

    use_bias: bool
    epsilon: float
    momentum: float
    initializer: str
    strided: int  # which convolution of a bottleneck halves the map
    block: str
    conv: str
    norm: str
    relu: str
    shortcut: tuple[str, str]
    top: tuple[str, str]

    def normalized(self, x: Tensor, filters: int, kernel: int, stride: int, conv: str, norm: str, gaps: int = 1,
                   ) -> Tensor:  # fmt: skip
        """A convolution, dilated by `gaps`, and its batch norm; odd kernels keep the size of the map."""
        x = Conv2D(filters, kernel, stride, padding=gaps * (kernel // 2), dilation_rate=gaps, use_bias=self.use_bias,
                   kernel_initializer=self.initializer, name=conv)(x)  # fmt: skip
        return BatchNormalization(momentum=self.momentum, epsilon=self.epsilon, name=norm)(x)


FORMS = {
    "keras": Form(
        True, 1.001e-5, 0.99, "glorot_uniform", 1, "conv{after}_block{number}", "{block}_{n}_conv", "{block}_{n}_bn",
        "{block}_{n}_relu", ("{block}_0_conv", "{block}_0_bn"), ("avg_pool", "predictions"),
    ),
    "torchvision": Form(
        False, 1e-5, 0.9, "he_normal", 2, "layer{stack}_{place}", "{block}_conv{n}", "{block}_bn{n}",
        "{block}_relu{n}", ("{block}_downsample_0", "{block}_downsample_1"), ("avgpool", "fc"),
    ),
}  # fmt: skip


def ResNet18(
    include_top: bool = True, weights: Weights = None, *, form: str = "keras", **options: Unpack[Options]
) -> Model:
    """Eight basic blocks; `form` "keras" or "torchvision", other arguments as in Keras (`frame.Options`)."""
    return resnet("resnet18", BASIC, (2, 2, 2, 2), form, include_top, weights, options)


def ResNet34(
    include_top: bool = True, weights: Weights = None, *, form: str = "keras", **options: Unpack[Options]
) -> Model:
    """Sixteen basic blocks; `form` "keras" or "torchvision", other arguments as in Keras (`frame.Options`)."""
    return resnet("resnet34", BASIC, (3, 4, 6, 3), form, include_top, weights, options)


def ResNet50(
    include_top: bool = True, weights: Weights = None, *, form: str = "keras", **options: Unpack[Options]
) -> Model:
    """Sixteen bottlenecks; `form` "keras" or "torchvision", other arguments as in Keras (`frame.Options`)."""
    return resnet("resnet50", BOTTLENECK, (3, 4, 6, 3), form, include_top, weights, options)


def ResNet101(
    include_top: bool = True, weights: Weights = None, *, form: str = "keras", **options: Unpack[Options]
) -> Model:
    """33 bottlenecks; `form` "keras" or "torchvision", other arguments as in Keras (`frame.Options`)."""
    return resnet("resnet101", BOTTLENECK, (3, 4, 23, 3), form, include_top, weights, options)


def ResNet152(
    include_top: bool = True, weights: Weights = None, *, form: str = "keras", **options: Unpack[Options]
) -> Model:
    """50 bottlenecks; `form` "keras" or "torchvision", other arguments as in Keras (`frame.Options`)."""
    return resnet("resnet152", BOTTLENECK, (3, 8, 36, 3), form, include_top, weights, options)


def resnet(
    name: str,
    kernels: tuple[int, ...],
    blocks: tuple[int, ...],
    form: str,
    include_top: bool,
    weights: Weights,
    options: Options,
    recalibrate: Recalibration | None = None,
) -> Model:
    """Four stacks with so many blocks each; raises ArgumentError for another `form`."""
    if form not in FORMS:
        raise ArgumentError(describe(name, "form", " or ".join(map(repr, FORMS)), repr(form)))
    how, frame = FORMS[form], Frame.of(name, include_top, weights, options)
    x = keras_stem(how, frame.entry) if form == "keras" else torchvision_stem(how, frame.entry)
    for stack, count in enumerate(blocks, 1):
        for place in range(count):
            block = how.block.format(after=stack + 1, stack=stack, place=place, number=place + 1)
            stride = 2 if stack > 1 and place == 0 else 1
            x = residual(how, x, kernels, 32 * 2**stack, stride, place == 0, block, recalibrate)
    if frame.include_top:
        x = GlobalAveragePooling2D(name=how.top[0])(x)
        x = Dense(frame.classes, activation=frame.activation, name=how.top[1])(x)
    return frame.close(x)


def keras_stem(how: Form, x: Tensor) -> Tensor:
    """The first convolution and pooling with their zeros as layers of their own."""
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(64, 7, 2, use_bias=how.use_bias, kernel_initializer=how.initializer, name="conv1_conv")(x)
    x = BatchNormalization(momentum=how.momentum, epsilon=how.epsilon, name="conv1_bn")(x)
    x = Activation("relu", name="conv1_relu")(x)
    return MaxPooling2D(3, 2, name="pool1_pool")(ZeroPadding2D(1, name="pool1_pad")(x))


def torchvision_stem(how: Form, x: Tensor) -> Tensor:
    """The first convolution and pooling."""
    x = Activation("relu", name="relu")(how.normalized(x, 64, 7, 2, "conv1", "bn1"))
    return MaxPooling2D(3, 2, padding=1, name="maxpool")(x)


def residual(
    how: Form,
    x: Tensor,
    kernels: tuple[int, ...],
    filters: int,
    stride: int,
    first: bool,
    block: str,
    recalibrate: Recalibration | None,
    gaps: int = 1,
) -> Tensor:
    """One block: convolutions, a 3x3 dilated by `gaps`, beside the shortcut, added."""
    bottleneck = len(kernels) == 3
    width = 4 * filters if bottleneck else filters
    shortcut = x
    if first and (bottleneck or x.sizes[2] != width or stride > 1):
        conv, norm = (word.format(block=block) for word in how.shortcut)
        shortcut = how.normalized(x, width, 1, stride, conv, norm)
    strided = how.strided if bottleneck else 1
    for n, kernel in enumerate(kernels, 1):
        last = n == len(kernels)
        conv, norm = how.conv.format(block=block, n=n), how.norm.format(block=block, n=n)
        x = how.normalized(x, width if last else filters, kernel, stride if n == strided else 1, conv, norm,
                           gaps if kernel > 1 else 1)  # fmt: skip
        if not last:
            x = Activation("relu", name=how.relu.format(block=block, n=n))(x)
    if recalibrate is not None:
        x = recalibrate(x, block)
    return Activation("relu", name=f"{block}_out")(Add(name=f"{block}_add")([shortcut, x]))
