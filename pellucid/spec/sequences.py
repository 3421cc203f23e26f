"""Layers on rows of vectors (T,C): convolutions and pools over time, made of those over maps of one row.

Kernels have Keras's shapes: (U,C/groups,F), transposed (U,F,C), depthwise (U,C,M).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ShapeError, describe
from pellucid.spec.activations import Function, function_primitives
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive, WeightSpec
from pellucid.spec.legal import Flag, Illegal, Integer, OneOf, Optional, legal
from pellucid.spec.moving import ExpandDims, Pad, Squeeze
from pellucid.spec.operations import Reduce
from pellucid.spec.pooling import AveragePooling2D, MaxPooling2D
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, shown
from pellucid.spec.sliding import FORMAT


@dataclass(frozen=True)
class Whole:
    """A whole number, also as a tuple of one."""

    minimum: int = 1

    @property
    def wanted(self) -> str:
        return f"an integer >= {self.minimum}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (self.minimum - 1, (3, 3), 1.5, "3", None)

    def check(self, value: Any) -> int:
        if isinstance(value, (list, tuple)):
            if len(value) != 1:
                raise Illegal
            value = value[0]
        return Integer(self.minimum).check(value)


WINDOW = OneOf(("valid", "same", "causal"))
PLAIN = OneOf(("valid", "same"))


def row(where: str, shape: Shape) -> int:
    """The channels of (T, C); raises ShapeError for another rank."""
    if len(shape) != 2 or shape[1] is None:
        raise ShapeError(describe(where, "input", "(N, T, C) with known C", shown(shape)))
    return shape[1]


class Sequential1D(LayerSpec):
    """A convolution over time: what its pieces share."""

    if TYPE_CHECKING:
        kernel_size: int
        padding: str
        dilation_rate: int

    @property
    def before(self) -> int:
        """Zeros before the first entry, so that none sees a later one."""
        return (self.kernel_size - 1) * self.dilation_rate if self.padding == "causal" else 0

    @property
    def inside(self) -> str:
        """What the convolution itself does at the ends."""
        return "valid" if self.padding == "causal" else self.padding

    def padded(self, shape: Shape) -> Shape:
        """(1, T, C) with the zeros in front."""
        return (1, None if shape[0] is None else shape[0] + self.before, *shape[1:])

    def entered(self, pieces: Pieces) -> int:
        """The map of one row that the convolution reads."""
        x = pieces.add(Pad(((self.before, 0), (0, 0))), 0) if self.before else 0
        return pieces.add(ExpandDims(1), x)


@LAYERS.register("convolution1d")
@dataclass(frozen=True)
class Conv1D(Sequential1D):
    """x (T,C) -> y (I,F): F kernels slide over the row; padding "causal" sees nothing later."""

    prefix = "conv1d"
    filters: int = legal(Integer(1))
    kernel_size: int = legal(Whole())
    strides: int = legal(Whole(), 1)
    padding: str = legal(WINDOW, "valid")
    data_format: str | None = legal(FORMAT, None)
    dilation_rate: int = legal(Whole(), 1)
    groups: int = legal(Integer(1), 1)
    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)
    kernel_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    kernel_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    kernel_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def inner(self) -> Conv2D:
        """The convolution over a map of one row."""
        return Conv2D(self.filters, (1, self.kernel_size), (1, self.strides), self.inside,
                      dilation_rate=(1, self.dilation_rate), groups=self.groups, use_bias=self.use_bias)  # fmt: skip

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        row(where, inputs[0])
        return self.inner().output_shape([self.padded(inputs[0])], where)[1:]

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels = row(where, inputs[0]) // self.groups
        fan = (self.kernel_size * channels, self.kernel_size * self.filters)
        shape = (self.kernel_size, channels, self.filters)
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, fan, regularizer=self.kernel_regularizer)
        bias = WeightSpec("bias", (self.filters,), self.bias_initializer, fan, regularizer=self.bias_regularizer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        kernel = self.weight_specs(inputs, where)[0].shape
        y = pieces.add(self.inner(), self.entered(pieces), views=(("kernel", (1, *kernel)),))
        pieces.add(Squeeze(1), y)
        return pieces.ending(function_primitives(self.activation))

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return self.inner().flops([self.padded(inputs[0])], (1, *output))


@LAYERS.register("convolution1dtranspose")
@dataclass(frozen=True)
class Conv1DTranspose(LayerSpec):
    """x (T,C) -> y (I,F), longer: each entry adds a scaled kernel."""

    prefix = "conv1d_transpose"
    later = ("output_padding", "dilation_rate")
    filters: int = legal(Integer(1))
    kernel_size: int = legal(Whole())
    strides: int = legal(Whole(), 1)
    padding: str = legal(PLAIN, "valid")
    output_padding: int | None = legal(Optional(Whole(0)), None)
    data_format: str | None = legal(FORMAT, None)
    dilation_rate: int = legal(Whole(), 1)
    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)
    kernel_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    kernel_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    kernel_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.inner()

    def inner(self) -> Conv2DTranspose:
        """The same over a map of one row."""
        extra = None if self.output_padding is None else (0, self.output_padding)
        return Conv2DTranspose(self.filters, (1, self.kernel_size), (1, self.strides), self.padding, extra,
                               dilation_rate=(1, self.dilation_rate), use_bias=self.use_bias)  # fmt: skip

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        row(where, inputs[0])
        return self.inner().output_shape([(1, *inputs[0])], where)[1:]

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels = row(where, inputs[0])
        fan = (self.kernel_size * self.filters, self.kernel_size * channels)
        shape = (self.kernel_size, self.filters, channels)
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, fan, regularizer=self.kernel_regularizer)
        bias = WeightSpec("bias", (self.filters,), self.bias_initializer, fan, regularizer=self.bias_regularizer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        kernel = self.weight_specs(inputs, where)[0].shape
        x = pieces.add(ExpandDims(1), 0)
        pieces.add(Squeeze(1), pieces.add(self.inner(), x, views=(("kernel", (1, *kernel)),)))
        return pieces.ending(function_primitives(self.activation))


@LAYERS.register()
@dataclass(frozen=True)
class DepthwiseConv1D(Sequential1D):
    """x (T,C) -> y (I,C M): each channel has its own M kernels."""

    prefix = "depthwise_conv1d"
    kernel_size: int = legal(Whole())
    strides: int = legal(Whole(), 1)
    padding: str = legal(WINDOW, "valid")
    depth_multiplier: int = legal(Integer(1), 1)
    data_format: str | None = legal(FORMAT, None)
    dilation_rate: int = legal(Whole(), 1)
    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)
    depthwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    depthwise_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    depthwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def inner(self) -> DepthwiseConv2D:
        """The same over a map of one row."""
        return DepthwiseConv2D((1, self.kernel_size), (1, self.strides), self.inside, self.depth_multiplier,
                               dilation_rate=(1, self.dilation_rate), use_bias=self.use_bias)  # fmt: skip

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        row(where, inputs[0])
        return self.inner().output_shape([self.padded(inputs[0])], where)[1:]

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels, m = row(where, inputs[0]), self.depth_multiplier
        shape, fan = (self.kernel_size, channels, m), (self.kernel_size * channels, self.kernel_size * m)
        own = WeightSpec("depthwise_kernel", shape, self.depthwise_initializer, fan,
                         regularizer=self.depthwise_regularizer)  # fmt: skip
        bias = WeightSpec("bias", (channels * m,), self.bias_initializer, fan, regularizer=self.bias_regularizer)
        return (own, bias) if self.use_bias else (own,)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        kernel = self.weight_specs(inputs, where)[0].shape
        y = pieces.add(self.inner(), self.entered(pieces), views=(("depthwise_kernel", (1, *kernel)),))
        pieces.add(Squeeze(1), y)
        return pieces.ending(function_primitives(self.activation))


@LAYERS.register("separableconvolution1d")
@dataclass(frozen=True)
class SeparableConv1D(Sequential1D):
    """A depthwise convolution over time, then one of width 1 across channels."""

    prefix = "separable_conv1d"
    filters: int = legal(Integer(1))
    kernel_size: int = legal(Whole())
    strides: int = legal(Whole(), 1)
    padding: str = legal(WINDOW, "valid")
    data_format: str | None = legal(FORMAT, None)
    dilation_rate: int = legal(Whole(), 1)
    depth_multiplier: int = legal(Integer(1), 1)
    activation: str | LayerSpec = legal(Function(), None)
    use_bias: bool = legal(Flag(), True)
    depthwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    pointwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    depthwise_regularizer: Regularizer | None = legal(PENALTY, None)
    pointwise_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    depthwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    pointwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def depthwise(self) -> DepthwiseConv1D:
        """The first part."""
        return DepthwiseConv1D(kernel_size=self.kernel_size, strides=self.strides, padding=self.padding,
                               depth_multiplier=self.depth_multiplier,
                               dilation_rate=self.dilation_rate, use_bias=False,
                               depthwise_initializer=self.depthwise_initializer,
                               depthwise_regularizer=self.depthwise_regularizer)  # fmt: skip

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (*self.depthwise().output_shape(inputs, where)[:-1], self.filters)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        own = self.depthwise().weight_specs(inputs, where)
        wide = row(where, inputs[0]) * self.depth_multiplier
        point = WeightSpec("pointwise_kernel", (1, wide, self.filters), self.pointwise_initializer,
                           (wide, self.filters), regularizer=self.pointwise_regularizer)  # fmt: skip
        bias = WeightSpec("bias", (self.filters,), self.bias_initializer, regularizer=self.bias_regularizer)
        return (*own, point, bias) if self.use_bias else (*own, point)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        pieces.found += self.depthwise().expanded(inputs, where)
        wide = row(where, inputs[0]) * self.depth_multiplier
        dense = Dense(self.filters, use_bias=self.use_bias)
        pieces.add(dense, len(pieces.found), weights={"kernel": "pointwise_kernel"},
                   views=(("kernel", (wide, self.filters)),))  # fmt: skip
        return pieces.ending(function_primitives(self.activation))


@dataclass(frozen=True)
class Pooling1D(LayerSpec):
    """x (T,C) -> y (I,C); strides default to the pool size."""

    pool_size: int = legal(Whole(), 2)
    strides: int | None = legal(Optional(Whole()), None)
    padding: str = legal(PLAIN, "valid")
    data_format: str | None = legal(FORMAT, None)

    def inner(self) -> MaxPooling2D | AveragePooling2D:
        """The same over a map of one row."""
        kind = MaxPooling2D if isinstance(self, MaxPooling1D) else AveragePooling2D
        return kind((1, self.pool_size), (1, self.strides or self.pool_size), self.padding)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        row(where, inputs[0])
        return self.inner().output_shape([(1, *inputs[0])], where)[1:]

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        pieces.add(Squeeze(1), pieces.add(self.inner(), pieces.add(ExpandDims(1), 0)))
        return pieces.ending(())


@LAYERS.register("maxpool1d")
@dataclass(frozen=True)
class MaxPooling1D(Pooling1D):
    """The largest value of each window."""

    prefix = "max_pooling1d"


@LAYERS.register("avgpool1d")
@dataclass(frozen=True)
class AveragePooling1D(Pooling1D):
    """The mean of each window; places of the padding do not count."""

    prefix = "average_pooling1d"


@dataclass(frozen=True)
class GlobalPooling(LayerSpec):
    """One number a channel, of all places."""

    function: ClassVar[str] = "mean"
    inner_rank: ClassVar[int] = 2
    data_format: str | None = legal(FORMAT, None)
    keepdims: bool = legal(Flag(), False)

    def over(self) -> Reduce:
        """The reduction."""
        return Reduce(self.function, tuple(range(1, self.inner_rank)), self.keepdims)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if len(inputs[0]) != self.inner_rank:
            wanted = f"of {self.inner_rank + 1} axes, the channels last"
            raise ShapeError(describe(where, "input", wanted, shown(inputs[0])))
        return self.over().output_shape(inputs, where)

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(self.over(), {}),)


@LAYERS.register()
@dataclass(frozen=True)
class GlobalAveragePooling1D(GlobalPooling):
    """The mean over time."""

    prefix = "global_average_pooling1d"


@LAYERS.register()
@dataclass(frozen=True)
class GlobalMaxPooling1D(GlobalPooling):
    """The largest value over time."""

    prefix = "global_max_pooling1d"
    function = "max"


@LAYERS.register()
@dataclass(frozen=True)
class GlobalAveragePooling3D(GlobalPooling):
    """The mean over depth, height and width."""

    prefix = "global_average_pooling3d"
    inner_rank = 4


@LAYERS.register()
@dataclass(frozen=True)
class GlobalMaxPooling3D(GlobalPooling):
    """The largest value over depth, height and width."""

    prefix = "global_max_pooling3d"
    function = "max"
    inner_rank = 4
