"""Convolutions: plain (with groups and dilation), depthwise, separable and transposed.

Axes: kernel (U,V,C/groups,F); depthwise (U,V,C,M); transposed (U,V,F,C). Integer padding is our extension of Keras.
Arguments stand in Keras's order: those of the bases from right to left, then a class's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.spec.activations import function_primitives
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.kernels import Activated, Kernel
from pellucid.spec.layer import LAYERS, Primitive, WeightSpec, count
from pellucid.spec.legal import legal
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, as_map, transposed_window, window_outputs
from pellucid.spec.sliding import Dilated, Filtered, Grouped, Multiplied, Sliding, Spread, Widened


@LAYERS.register()
@dataclass(frozen=True)
class Conv2D(Kernel, Grouped, Dilated, Filtered):
    """x (H,W,C) -> y (I,J,F): F kernels slide over the map and sum the products."""

    prefix = "conv2d"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filters % self.groups:
            wanted = f"a divisor of filters={self.filters}"
            raise ArgumentError(describe("Conv2D", "groups", wanted, str(self.groups)))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        self._channels(inputs[0], where)
        window = window_outputs(where, inputs[0], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*window, self.filters)

    def _channels(self, shape: Shape, where: str) -> int:
        channels = as_map(where, shape)[2]
        if channels % self.groups:
            wanted = f"a divisor of the input's {channels} channels"
            raise ShapeError(describe(where, "groups", wanted, str(self.groups), "Pass groups=1."))
        return channels

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels = self._channels(inputs[0], where) // self.groups
        u, v = self.kernel_size
        fan = (u * v * channels, u * v * self.filters)
        return self.kernel_and_bias((u, v, channels, self.filters), fan, self.filters)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        u, v = self.kernel_size
        return 2 * u * v * ((inputs[0][-1] or 1) // self.groups) * count(output)


@LAYERS.register()
@dataclass(frozen=True)
class DepthwiseConv2D(Activated, Dilated, Multiplied, Sliding):
    """x (H,W,C) -> y (I,J,C*M): each channel has M kernels of its own; output c*M + m belongs to channel c."""

    prefix = "depthwise_conv2d"
    depthwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    depthwise_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    depthwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        channels = as_map(where, inputs[0])[2]
        window = window_outputs(where, inputs[0], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*window, channels * self.depth_multiplier)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels, multiplier = as_map(where, inputs[0])[2], self.depth_multiplier
        u, v = self.kernel_size
        fan = (u * v * channels, u * v * multiplier)
        kernel = WeightSpec("depthwise_kernel", (u, v, channels, multiplier), self.depthwise_initializer, fan,
                            regularizer=self.depthwise_regularizer)  # fmt: skip
        return self.with_bias(kernel, channels * multiplier, self.bias_initializer, self.bias_regularizer)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * self.kernel_size[0] * self.kernel_size[1] * count(output)


@LAYERS.register()
@dataclass(frozen=True)
class SeparableConv2D(Activated, Multiplied, Dilated, Filtered):
    """A depthwise convolution without bias, then a 1x1 convolution to F filters."""

    prefix = "separable_conv2d"
    depthwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    pointwise_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    depthwise_regularizer: Regularizer | None = legal(PENALTY, None)
    pointwise_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    depthwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    pointwise_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def _depthwise(self) -> DepthwiseConv2D:
        return DepthwiseConv2D(
            self.kernel_size,
            self.strides,
            self.padding,
            self.depth_multiplier,
            dilation_rate=self.dilation_rate,
            use_bias=False,
            depthwise_initializer=self.depthwise_initializer,
            depthwise_regularizer=self.depthwise_regularizer,
        )

    def _pointwise(self) -> Conv2D:
        return Conv2D(
            self.filters,
            (1, 1),
            use_bias=self.use_bias,
            kernel_initializer=self.pointwise_initializer,
            bias_initializer=self.bias_initializer,
            kernel_regularizer=self.pointwise_regularizer,
            bias_regularizer=self.bias_regularizer,
        )

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self._pointwise().output_shape([self._depthwise().output_shape(inputs, where)], where)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        depthwise, pointwise = self._depthwise(), self._pointwise()
        middle = [depthwise.output_shape(inputs, where)]
        kernel, *bias = pointwise.weight_specs(middle, where)
        pointwise_kernel = WeightSpec("pointwise_kernel", kernel.shape, kernel.initializer, kernel.fan,
                                      regularizer=kernel.regularizer)
        return (*depthwise.weight_specs(inputs, where), pointwise_kernel, *bias)

    def primitives(self) -> tuple[Primitive, ...]:
        pointwise = Primitive(self._pointwise(), {"kernel": "pointwise_kernel"})
        return (Primitive(self._depthwise(), {}), pointwise, *function_primitives(self.activation))

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        depthwise = self._depthwise()
        middle = depthwise.output_shape(inputs, "separable_conv2d")
        return depthwise.flops(inputs, middle) + self._pointwise().flops([middle], output)


@LAYERS.register()
@dataclass(frozen=True)
class Conv2DTranspose(Kernel, Spread, Widened, Filtered):
    """x (H,W,C) -> y (I,J,F): the gradient of a convolution from y to x, used forwards; kernel (U,V,F,C)."""

    prefix = "conv2d_transpose"
    later = ("output_padding", "dilation_rate")

    def sizes(self, shape: Shape) -> tuple[tuple[int | None, int | None], tuple[int, int]]:
        """(I, J), and what of the painted map is cut off at (top, left)."""
        return transposed_window(shape, self.kernel_size, self.strides, self.padding, self.output_padding,
                                 self.dilation_rate)  # fmt: skip

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        as_map(where, inputs[0])
        sizes, _ = self.sizes(inputs[0])
        if any(size is not None and size < 1 for size in sizes):
            raise ShapeError(describe(where, "padding", "smaller than the output", str(self.padding)))
        return (*sizes, self.filters)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        channels = as_map(where, inputs[0])[2]
        u, v = self.kernel_size
        fan = (u * v * self.filters, u * v * channels)  # Keras reads the axes by place, so in and out trade names
        return self.kernel_and_bias((u, v, self.filters, channels), fan, self.filters)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * self.kernel_size[0] * self.kernel_size[1] * self.filters * count(inputs[0])
