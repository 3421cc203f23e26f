"""Binary networks: weights and inputs of all layers but the first and the last are bits, in blocks B-A-C-P.

Block     batch norm, sign, convolution of bits without a bias, pooling; a float layer sees the image, one gives scores
VGGSmall  128 float, 128, pool, 256, 256, pool, 512, 512, pool, dense 1024, 1024, float classes; trained at 32x32x3 with
          10 classes: 14,029,834
BinaryMLP three dense layers of 4,096 units, the first float too; trained at 28x28x1 and 10 classes: 36,831,242
BinaryResNet  a shortcut over every convolution of bits; where the map shrinks it is a mean of 2x2 and a float 1x1
          convolution. trained, 20 layers at 32x32x3: 272,474; 18 at 224x224x3: 11,689,512
XNORAlexNet  conv 11x11 stride 4 float, 256 5x5 pool, 384, 384, 256 pool, dense 4096, 4096, float classes;
          trained: 62,388,200
Source    Courbariaux et al. 2016 (the first two), Liu et al. 2018 (shortcuts), Rastegari et al. 2016 and the authors'
          code, github.com/allenai/XNOR-Net (AlexNet; its two dense layers are convolutions there)
"""

from __future__ import annotations

from typing import Any, Unpack

from pellucid.architectures.frame import Frame, Options, Weights
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
)
from pellucid.graph.vocabulary_of_bits import QuantConv2D, QuantDense
from pellucid.model import Model

BITS: dict[str, Any] = {"input_quantizer": "ste_sign", "kernel_quantizer": "ste_sign",
                        "kernel_constraint": "weight_clip", "use_bias": False}  # fmt: skip
SCALED = BITS | {"kernel_quantizer": "magnitude_aware_sign"}
STAGES = {18: (64, 128, 256, 512), 20: (16, 32, 64)}  # filters of each stage, by depth


def VGGSmall(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """BinaryNet's network for CIFAR-10; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("vggsmall", include_top, weights, options, shape=(32, 32, 3), classes=10)
    x = Conv2D(128, 3, padding="same", name="conv1")(frame.entry)
    for number, filters in enumerate((128, 256, 256, 512, 512), start=2):
        x = BatchNormalization(name=f"norm{number - 1}")(x)
        x = QuantConv2D(filters, 3, padding="same", name=f"conv{number}", **BITS)(x)
        x = MaxPooling2D(2, name=f"pool{number}")(x) if number % 2 == 0 else x
    x = BatchNormalization(name="norm6")(x)
    if frame.include_top:
        x = Flatten(name="flatten")(x)
        for number in (1, 2):
            x = QuantDense(1024, name=f"dense{number}", **BITS)(x)
            x = BatchNormalization(name=f"norm{number + 6}")(x)
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(Activation("sign", name="signs")(x))
    return frame.close(x)


def BinaryMLP(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """BinaryNet's three dense layers for MNIST; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("binarymlp", include_top, weights, options, shape=(28, 28, 1), classes=10, any_size=False)
    layers: list[Layer] = [Flatten(name="flatten"), Dense(4096, use_bias=False, name="dense1")]
    for number in (2, 3):
        layers += [BatchNormalization(name=f"norm{number - 1}"), QuantDense(4096, name=f"dense{number}", **BITS)]
    layers += [BatchNormalization(name="norm3"), Activation("sign", name="signs")]
    if frame.include_top:
        layers.append(Dense(frame.classes, activation=frame.activation, name="predictions"))
    return frame.close(frame.through(layers))


def BinaryResNet(
    include_top: bool = True, weights: Weights = None, *, depth: int = 18, **options: Unpack[Options]
) -> Model:
    """A ResNet of 18 layers for photos or 20 for small images; other arguments as in Keras (`frame.Options`)."""
    if depth not in STAGES:
        raise ArgumentError(describe("BinaryResNet", "depth", "18 or 20", repr(depth)))
    small, widths = depth == 20, STAGES[depth]
    shape, classes = ((32, 32, 3), 10) if small else ((224, 224, 3), 1000)
    frame = Frame.of(f"binaryresnet{depth}", include_top, weights, options, shape=shape, classes=classes)
    kernel, stride = (3, 1) if small else (7, 2)
    x = Conv2D(widths[0], kernel, stride, padding="same", use_bias=False, name="conv1")(frame.entry)
    x = BatchNormalization(name="norm1")(x)
    x = x if small else MaxPooling2D(3, 2, "same", name="pool1")(x)
    for stage, filters in enumerate(widths, start=1):
        for number in range(1, 7 if small else 5):
            x = residual(x, filters, 2 if stage > 1 and number == 1 else 1, f"stage{stage}_{number}")
    if frame.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(ReLU(name="relu")(x))
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(x)
    return frame.close(x)


def residual(x: Tensor, filters: int, stride: int, name: str) -> Tensor:
    """One convolution of bits and its batch norm, added to what came in."""
    y = QuantConv2D(filters, 3, strides=stride, padding="same", name=f"{name}_conv", **SCALED)(x)
    y = BatchNormalization(name=f"{name}_norm")(y)
    if stride > 1:
        x = AveragePooling2D(2, padding="same", name=f"{name}_mean")(x)
        x = Conv2D(filters, 1, use_bias=False, name=f"{name}_short")(x)
        x = BatchNormalization(name=f"{name}_short_norm")(x)
    return Add(name=f"{name}_add")([y, x])


def XNORAlexNet(include_top: bool = True, weights: Weights = None, **options: Unpack[Options]) -> Model:
    """AlexNet of XNOR-Net; arguments as in Keras (`frame.Options`)."""
    frame = Frame.of("xnoralexnet", include_top, weights, options)
    x = Conv2D(96, 11, 4, padding=2, name="conv1")(frame.entry)
    x = MaxPooling2D(3, 2, name="pool1")(ReLU(name="relu1")(BatchNormalization(name="norm1")(x)))
    for number, (filters, kernel) in enumerate(((256, 5), (384, 3), (384, 3), (256, 3)), start=2):
        x = BatchNormalization(epsilon=1e-4, name=f"norm{number}")(x)
        x = QuantConv2D(filters, kernel, padding="same", name=f"conv{number}", **SCALED)(x)
        x = MaxPooling2D(3, 2, name=f"pool{number}")(x) if number in (2, 5) else x
    if frame.include_top:
        x = Flatten(name="flatten")(BatchNormalization(epsilon=1e-4, name="norm6")(x))
        x = BatchNormalization(epsilon=1e-4, name="norm7")(QuantDense(4096, name="dense6", **SCALED)(x))
        x = BatchNormalization(name="norm8")(QuantDense(4096, name="dense7", **SCALED)(x))
        x = Dense(frame.classes, activation=frame.activation, name="predictions")(ReLU(name="relu8")(x))
    return frame.close(x)
