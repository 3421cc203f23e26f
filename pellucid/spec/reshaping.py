"""Layers that move or scale numbers without weights: flatten, reshape, padding, upsampling, rescaling, place bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Primitive, WeightSpec
from pellucid.spec.legal import OneOf, Pair, Real, Reals, Sides, Sizes, legal
from pellucid.spec.shapes import Shape, as_map, shown, volume
from pellucid.spec.sliding import FORMAT


@LAYERS.register()
@dataclass(frozen=True)
class InputLayer(LayerSpec):
    """Where data enters: `shape` without the batch axis."""

    prefix = "input"
    arity = (0, 0)
    shape: Shape = legal(Sizes())

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.shape

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class Flatten(LayerSpec):
    """x (H,W,C) -> y (H*W*C), in that order."""

    prefix = "flatten"
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (volume(where, inputs[0]),)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class Reshape(LayerSpec):
    """The same numbers in another shape; one entry of target_shape may be -1."""

    prefix = "reshape"
    target_shape: tuple[int, ...] = legal(Sizes(-1))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        total = volume(where, inputs[0])
        known = 1
        for size in self.target_shape:
            known *= size if size != -1 else 1
        free = self.target_shape.count(-1)
        if free > 1 or (total % known if free else total != known):
            wanted = f"a shape of {total} entries with at most one -1"
            raise ShapeError(describe(where, "target_shape", wanted, str(self.target_shape)))
        return tuple(total // known if size == -1 else size for size in self.target_shape)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class ZeroPadding2D(LayerSpec):
    """Zeros around the map: ((top, bottom), (left, right))."""

    prefix = "zero_padding2d"
    padding: tuple[tuple[int, int], tuple[int, int]] = legal(Sides(), (1, 1))
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        height, width, channels = as_map(where, inputs[0])
        (top, bottom), (left, right) = self.padding
        rows = None if height is None else height + top + bottom
        columns = None if width is None else width + left + right
        return rows, columns, channels

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class UpSampling2D(LayerSpec):
    """Each pixel becomes a block of `size` (rows, columns) equal pixels."""

    prefix = "up_sampling2d"
    size: tuple[int, int] = legal(Pair(), (2, 2))
    data_format: str | None = legal(FORMAT, None)
    interpolation: str = legal(OneOf(("nearest",)), "nearest")

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        height, width, channels = as_map(where, inputs[0])
        rows = None if height is None else height * self.size[0]
        columns = None if width is None else width * self.size[1]
        return rows, columns, channels


@LAYERS.register()
@dataclass(frozen=True)
class Rescaling(LayerSpec):
    """y = scale x + offset; tuples hold a number for each channel."""

    prefix = "rescaling"
    scale: float | tuple[float, ...] = legal(Reals())
    offset: float | tuple[float, ...] = legal(Reals(), 0.0)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, tuple) and inputs[0] and inputs[0][-1] != len(value):
                raise ShapeError(describe(where, name, f"one number or {inputs[0][-1]}, one a channel",
                                          f"{len(value)} numbers"))  # fmt: skip
        return inputs[0]


@LAYERS.register()
@dataclass(frozen=True)
class Temperature(LayerSpec):
    """y = x / value, before the last softmax: above 1 a model is less sure, its order of classes stays.

    Source: Guo et al. 2017, section 4.2.
    """

    prefix = "temperature"
    value: float = legal(Real(0.0, open_low=True))

    @property
    def title(self) -> str:
        return f"Temperature {self.value:.4g}"

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(Rescaling(1 / self.value), {}),)


@LAYERS.register()
@dataclass(frozen=True)
class PositionBias(LayerSpec):
    """y = x + bias, one bias for each place of the map (AlphaGo's last layer); bias has the input's shape."""

    prefix = "position_bias"
    bias_initializer: Initializer = legal(INITIAL, "zeros")

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        if any(size is None for size in inputs[0]):
            raise ShapeError(describe(where, "input", "of known size", shown(inputs[0])))
        shape = tuple(size for size in inputs[0] if size is not None)
        return (WeightSpec("bias", shape, self.bias_initializer),)
