"""Layers that change colours in training alone: hue and saturation, both of a pixel's largest, middle and least number.

v = max, l = min and c = v - l of a pixel, h its hue in sixths of a circle. Each sample draws its own numbers; what
predictions see is the picture. Source: Smith 1978 (HSV); Keras 3, `layers/preprocessing/image_preprocessing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.spec.images import SEED, Ends, Factor, OfPictures, RandomBrightness, RandomContrast
from pellucid.spec.layer import LAYERS, Pieces, Primitive
from pellucid.spec.legal import Optional, Reals, legal
from pellucid.spec.shapes import Shape
from pellucid.spec.sliding import FORMAT


@dataclass(frozen=True)
class Colored(OfPictures):
    """In training y = v - k t(h + d): k is c or the sample's multiple of it, d the sample's turn; grey stays."""

    noisy: ClassVar[bool] = True
    draws: ClassVar[int] = 1
    if TYPE_CHECKING:
        value_range: tuple[float, float]


@LAYERS.register()
@dataclass(frozen=True)
class RandomHue(Colored):
    """In training the hue is turned, either way, by up to half of `factor` of a circle."""

    prefix = "random_hue"
    draws: ClassVar[int] = 2
    factor: float | tuple[float, float] = legal(Factor(0, 1))
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    data_format: str | None = legal(FORMAT, None)
    seed: int | None = legal(SEED, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomSaturation(Colored):
    """In training the saturation is multiplied by f / (1 - f), f from 0 to `factor`, to 1 at the most: 0.5 keeps it."""

    prefix = "random_saturation"
    factor: float | tuple[float, float] = legal(Factor(0, 1))
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    data_format: str | None = legal(FORMAT, None)
    seed: int | None = legal(SEED, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomColorJitter(OfPictures):
    """In training RandomBrightness, RandomContrast, RandomSaturation and RandomHue, those that have a factor."""

    prefix = "random_color_jitter"
    noisy: ClassVar[bool] = True
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    brightness_factor: float | tuple[float, float] | None = legal(Optional(Factor(-1, 1)), None)
    contrast_factor: float | tuple[float, float] | None = legal(Optional(Factor(0, 1)), None)
    saturation_factor: float | tuple[float, float] | None = legal(Optional(Factor(0, 1)), None)
    hue_factor: float | tuple[float, float] | None = legal(Optional(Factor(0, 1)), None)
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        makers: dict[str, Any] = {
            "brightness": RandomBrightness, "contrast": RandomContrast, "saturation": RandomSaturation,
            "hue": RandomHue,
        }  # fmt: skip
        given = {maker: getattr(self, f"{word}_factor") for word, maker in makers.items()}
        last = 0
        for maker, factor in given.items():
            if factor is not None:
                last = pieces.add(maker(factor=factor, value_range=self.value_range, seed=self.seed), last)
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class RandomErasing(OfPictures):
    """In training a rectangle becomes `fill_value`, or normal noise, with probability `factor`.

    `scale` are the least and largest product of the rectangle's shares of height and width, drawn apart.
    Source: Zhong et al. 2020.
    """

    prefix = "random_erasing"
    noisy: ClassVar[bool] = True
    draws: ClassVar[int] = 6
    factor: float | tuple[float, float] = legal(Factor(0, 1), 1.0)
    scale: float | tuple[float, float] = legal(Factor(0, 1), (0.02, 0.33))
    fill_value: float | tuple[float, ...] | None = legal(Optional(Reals()), None)
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None)
