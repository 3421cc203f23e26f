"""Noise of training: y = a x + b with a and b drawn anew, for each number or each channel; predictions see x itself.

Sources: Srivastava et al. 2014 (GaussianDropout), Tompson et al. 2015 (SpatialDropout), Klambauer et al. 2017 (Alpha).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pellucid.errors import ShapeError, describe
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.legal import Integer, Optional, Real, legal
from pellucid.spec.shapes import Shape, shown
from pellucid.spec.sliding import FORMAT

RATE = Real(0.0, 1.0, open_high=True)


@dataclass(frozen=True)
class Noise(LayerSpec):
    """What only training changes, number by number."""

    noisy: ClassVar[bool] = True


@LAYERS.register()
@dataclass(frozen=True)
class GaussianNoise(Noise):
    """y = x + e in training, e normal with deviation `stddev`."""

    prefix = "gaussian_noise"
    stddev: float = legal(Real(0.0))
    seed: int | None = legal(Optional(Integer(0)), None)


@LAYERS.register()
@dataclass(frozen=True)
class GaussianDropout(Noise):
    """y = x (1 + e) in training, e normal with variance rate / (1 - rate)."""

    prefix = "gaussian_dropout"
    rate: float = legal(RATE)
    seed: int | None = legal(Optional(Integer(0)), None)


@LAYERS.register()
@dataclass(frozen=True)
class AlphaDropout(Noise):
    """In training numbers become SELU's low end with probability `rate`; mean and variance of all stay as they were."""

    prefix = "alpha_dropout"
    rate: float = legal(RATE)
    seed: int | None = legal(Optional(Integer(0)), None)


@dataclass(frozen=True)
class SpatialDropout(Noise):
    """In training whole channels are zero with probability `rate`, the others are divided by 1 - rate."""

    rank: ClassVar[int] = 2
    rate: float = legal(RATE)
    seed: int | None = legal(Optional(Integer(0)), None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if len(inputs[0]) != self.rank:
            wanted = f"of {self.rank + 1} axes, the channels last"
            raise ShapeError(describe(where, "input", wanted, shown(inputs[0])))
        return inputs[0]


@LAYERS.register()
@dataclass(frozen=True)
class SpatialDropout1D(SpatialDropout):
    """In training whole channels of a row are zero with probability `rate`, the others are divided by 1 - rate."""

    prefix = "spatial_dropout1d"


@LAYERS.register()
@dataclass(frozen=True)
class SpatialDropout2D(SpatialDropout):
    """In training whole channels of a map are zero with probability `rate`, the others are divided by 1 - rate."""

    prefix = "spatial_dropout2d"
    rank: ClassVar[int] = 3
    data_format: str | None = legal(FORMAT, None)


@LAYERS.register()
@dataclass(frozen=True)
class SpatialDropout3D(SpatialDropout):
    """In training whole channels of a volume are zero with probability `rate`, the others are divided by 1 - rate."""

    prefix = "spatial_dropout3d"
    rank: ClassVar[int] = 4
    data_format: str | None = legal(FORMAT, None)
