"""Dense layers and convolutions of bits: a quantizer for what comes in, one for the kernel, each or neither.

BinaryConnect   kernel_quantizer="ste_sign", kernel_constraint="weight_clip"
BWN             kernel_quantizer="magnitude_aware_sign"
XNOR            the same and input_quantizer="ste_sign"; with activation_scale=True also K

K holds the mean of |x| over the channels and the window, places of the border counted as 0; y = K * (kernel of x's
signs). Float kernels are what is trained and stored; their signs (times alpha) are what multiplies.
Names of arguments are larq's. Sources: Courbariaux et al. 2015, Rastegari et al. 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.spec.activations import function_primitives
from pellucid.spec.constraints import Constraint, WeightClip
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive
from pellucid.spec.legal import Flag, legal
from pellucid.spec.merging import Multiply
from pellucid.spec.moving import Pad
from pellucid.spec.operations import Reduce, Unary
from pellucid.spec.pooling import AveragePooling2D
from pellucid.spec.quantizers import QUANTIZED, MagnitudeAwareSign, Quantizer
from pellucid.spec.shapes import Shape, paddings


@dataclass(frozen=True)
class OfBits(LayerSpec):
    """A layer whose input may be quantized."""

    kernel_name: ClassVar[str] = "kernel"
    filter_axes: ClassVar[tuple[int, ...]] = (0,)  # of the kernel, over which alpha is the mean

    input_quantizer: Quantizer | None = legal(QUANTIZED, None, by_keyword=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input_quantizer, MagnitudeAwareSign):
            wanted, remedy = "ste_sign or approx_sign, which give bits", "Its scale K is activation_scale=True."
            kind, got = type(self).__name__, "magnitude_aware_sign"
            raise ArgumentError(describe(kind, "input_quantizer", wanted, got, remedy))
        for which in ("kernel", "depthwise"):
            bound: Constraint | None = getattr(self, f"{which}_constraint", None)
            if isinstance(bound, WeightClip) and self.quantizer is None:
                remedy = f"Pass {which}_quantizer='ste_sign', or leave the constraint out."
                wanted = "left out while the kernel is not quantized"
                raise ArgumentError(describe(type(self).__name__, f"{which}_constraint", wanted, "weight_clip", remedy))

    @property
    def quantizer(self) -> Quantizer | None:
        """Of the kernel."""
        found: Quantizer | None = getattr(self, f"{self.kernel_name.removesuffix('_kernel')}_quantizer")
        return found

    def primitives(self) -> tuple[Primitive, ...]:
        if self.input_quantizer is None:
            return super().primitives()
        activation = function_primitives(getattr(self, "activation"))  # noqa: B009
        return (Primitive(self.input_quantizer.function(), {}), Primitive(self.fed_with_bits(), {}), *activation)

    def fed_with_bits(self) -> OfBits:
        """The same where what comes in is quantized already."""
        return replace(self, input_quantizer=None)


@dataclass(frozen=True)
class Scaled(OfBits):
    """One that may scale what comes out by the size of what came in."""

    kernel_quantizer: Quantizer | None = legal(QUANTIZED, None, by_keyword=True)
    activation_scale: bool = legal(Flag(), False, by_keyword=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, given, wanted in (("input_quantizer", self.input_quantizer is not None, "ste_sign or approx_sign"),
                                    ("use_bias", not getattr(self, "use_bias"), "False")):  # noqa: B009
            if self.activation_scale and not given:
                remedy = "A batch norm behind it has a bias." if name == "use_bias" else ""
                kind, got = type(self).__name__, str(getattr(self, name))
                raise ArgumentError(describe(kind, name, f"{wanted} with activation_scale=True", got, remedy))

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        if not self.activation_scale:
            return self.primitives()
        assert self.input_quantizer is not None
        pieces = Pieces()
        y = pieces.add(self.fed_with_bits(), pieces.add(self.input_quantizer.function(), 0))
        size = pieces.add(Reduce("mean", (len(inputs[0]),), keepdims=True), pieces.add(Unary("abs"), 0))
        pieces.add(Multiply(), y, self.around(pieces, size, inputs[0], where))
        return pieces.ending(function_primitives(getattr(self, "activation")))  # noqa: B009

    def fed_with_bits(self) -> OfBits:
        return replace(self, input_quantizer=None, activation_scale=False)

    def around(self, pieces: Pieces, size: int, shape: Shape, where: str) -> int:
        """The mean over a window of what has been added to the pieces as `size`; of a row itself."""
        return size


@LAYERS.register()
@dataclass(frozen=True)
class QuantDense(Scaled, Dense):
    """x (..., D) -> y (..., units): Dense whose kernel, input or both are bits."""

    prefix = "quant_dense"


@LAYERS.register()
@dataclass(frozen=True)
class QuantConv2D(Scaled, Conv2D):
    """x (H,W,C) -> y (I,J,F): Conv2D whose kernel, input or both are bits; zeros of the border stay zeros."""

    prefix = "quant_conv2d"
    filter_axes = (0, 1, 2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.activation_scale and max(self.dilation_rate) > 1:
            raise ArgumentError(describe("QuantConv2D", "dilation_rate", "1 with activation_scale=True",
                                         str(self.dilation_rate)))  # fmt: skip

    def around(self, pieces: Pieces, size: int, shape: Shape, where: str) -> int:
        height, width, _ = shape
        if self.padding == "same" and self.strides != (1, 1) and (height is None or width is None):
            remedy = "Give Input a full shape, or pass the padding in pixels."
            raise ShapeError(describe(where, "input", "of known size with activation_scale=True", str(shape), remedy))
        known = (height or self.kernel_size[0], width or self.kernel_size[1])
        border = paddings(known, self.kernel_size, self.strides, self.padding)
        padded = pieces.add(Pad((*border, (0, 0))), size)
        return pieces.add(AveragePooling2D(self.kernel_size, self.strides), padded)


@LAYERS.register()
@dataclass(frozen=True)
class QuantDepthwiseConv2D(OfBits, DepthwiseConv2D):
    """x (H,W,C) -> y (I,J,C*M): DepthwiseConv2D whose kernels, input or both are bits."""

    prefix = "quant_depthwise_conv2d"
    kernel_name = "depthwise_kernel"
    filter_axes = (0, 1)
    depthwise_quantizer: Quantizer | None = legal(QUANTIZED, None, by_keyword=True)
