"""What default networks are built from: a convolution with batch norm, and a block that adds its input.

Convolved  convolution without bias, batch norm, ReLU unless it is left to a sum
Block      3x3, batch norm, ReLU, 3x3, batch norm, + input, ReLU
Shapes     (H,W,C) -> (H/stride,W/stride,filters); a block keeps (H,W,filters)
Source     He et al. 2016 (block)
"""

from __future__ import annotations

from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Activation, Add, BatchNormalization, Conv2D


def convolved(x: Tensor, filters: int, name: str, *, kernel: int = 3, stride: int = 1, gaps: int = 1,
              relu: bool = True) -> Tensor:  # fmt: skip
    """A convolution with batch norm, and ReLU unless it is left to a sum."""
    x = Conv2D(filters, kernel, strides=stride, padding="same", dilation_rate=gaps, use_bias=False,
               kernel_initializer="he_normal", name=name)(x)  # fmt: skip
    y: Tensor = BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(y) if relu else y


def block(x: Tensor, filters: int, name: str, *, gaps: int = 1) -> Tensor:
    """Two convolutions whose result is added to their input."""
    y = convolved(x, filters, f"{name}_a", gaps=gaps)
    y = convolved(y, filters, f"{name}_b", relu=False)
    z: Tensor = Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([x, y]))
    return z
