"""Pooling: the largest or the mean value of each window or map. Max pads with -inf, the mean leaves padding out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.layer import LAYERS, LayerSpec, Window, count
from pellucid.spec.legal import Flag, Optional, Padding, Pair, legal
from pellucid.spec.shapes import Shape, as_map, window_outputs
from pellucid.spec.sliding import FORMAT


@dataclass(frozen=True)
class Pooling2D(LayerSpec):
    """x (H,W,C) -> y (I,J,C); strides default to the pool size."""

    pool_size: tuple[int, int] = legal(Pair(), (2, 2))
    strides: tuple[int, int] | None = legal(Optional(Pair()), None)
    padding: str | tuple[int, int] = legal(Padding(), "valid")
    data_format: str | None = legal(FORMAT, None)

    @property
    def steps(self) -> tuple[int, int]:
        """The strides in force."""
        return self.strides or self.pool_size

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        channels = as_map(where, inputs[0])[2]
        if not isinstance(self.padding, str) and any(p >= k for p, k in zip(self.padding, self.pool_size, strict=True)):
            wanted = f"smaller than pool_size={self.pool_size}, so that each window has a real pixel"
            raise ShapeError(describe(where, "padding", wanted, str(self.padding)))
        return (*window_outputs(where, inputs[0], self.pool_size, self.steps, self.padding), channels)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return self.pool_size[0] * self.pool_size[1] * count(output)

    def window(self) -> Window:
        return Window(self.pool_size, self.steps)


@LAYERS.register("maxpool2d")
@dataclass(frozen=True)
class MaxPooling2D(Pooling2D):
    """The largest value of each window; on a tie the first in row order takes the gradient."""

    prefix = "max_pooling2d"


@LAYERS.register("avgpool2d")
@dataclass(frozen=True)
class AveragePooling2D(Pooling2D):
    """The mean of each window; pixels of the padding do not count."""

    prefix = "average_pooling2d"


@dataclass(frozen=True)
class GlobalPooling2D(LayerSpec):
    """x (H,W,C) -> y (C), or (1,1,C) with keepdims."""

    data_format: str | None = legal(FORMAT, None)
    keepdims: bool = legal(Flag(), False)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        channels = as_map(where, inputs[0])[2]
        return (1, 1, channels) if self.keepdims else (channels,)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return count(inputs[0])


@LAYERS.register()
@dataclass(frozen=True)
class GlobalAveragePooling2D(GlobalPooling2D):
    """The mean of each channel's map."""

    prefix = "global_average_pooling2d"


@LAYERS.register()
@dataclass(frozen=True)
class GlobalMaxPooling2D(GlobalPooling2D):
    """The largest value of each channel's map; on a tie the first in row order takes the gradient."""

    prefix = "global_max_pooling2d"
