"""Layers on pictures: resizing, the middle, and what Keras's Random* layers change in training alone.

Each sample draws its own numbers, from the run's seed, the layer and the step; predictions see the picture as it is.
Source: Keras 3, `layers/preprocessing/image_preprocessing`. Pixels are numbered from 0, rows down, columns right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.errors import ArgumentError, describe
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive
from pellucid.spec.legal import Flag, Illegal, Integer, OneOf, Optional, Pair, Real, legal
from pellucid.spec.moving import Slice
from pellucid.spec.shapes import Shape, as_map
from pellucid.spec.sliding import FORMAT

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
FILL = OneOf(("reflect", "constant", "wrap", "nearest"))  # the rules of what several of these layers take
READ, SEED = OneOf(("nearest", "bilinear")), Optional(Integer(0))


@dataclass(frozen=True)
class Factor:
    """A number f, which stands for -f..f, or the two ends."""

    low: float
    high: float

    @property
    def wanted(self) -> str:
        return f"a number, or two, from {self.low:g} to {self.high:g}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (self.high + 1, (0.0, self.high + 1), (0.1, 0.2, 0.3), "0.1", None, True)

    def check(self, value: Any) -> float | tuple[float, float]:
        rule = Real(self.low, self.high)
        if not isinstance(value, (list, tuple)):
            return rule.check(value)
        if len(value) != 2:
            raise Illegal
        low, high = sorted(map(rule.check, value))
        return low, high


@dataclass(frozen=True)
class Ends:
    """Two numbers, the least and the largest that pixels have."""

    wanted: str = "two numbers, the least and the largest of a pixel"
    bad: tuple[Any, ...] = (255, (0,), (1, 1), ("0", "1"), None)

    def check(self, value: Any) -> tuple[float, float]:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise Illegal
        low, high = sorted(map(Real().check, value))
        if low == high:
            raise Illegal
        return low, high


def ends_of(factor: float | tuple[float, float], low: float = -1.0) -> tuple[float, float]:
    """Between which numbers a factor is drawn."""
    return factor if isinstance(factor, tuple) else (max(-abs(factor), low), abs(factor))


@dataclass(frozen=True)
class OfPictures(LayerSpec):
    """What takes maps (H,W,C), on numbers also one without a batch axis."""

    alone: ClassVar[bool] = True

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return as_map(where, inputs[0])


@dataclass(frozen=True)
class Weighing(OfPictures):
    """y = A x B' of each channel, with matrices that the sizes make; where borders are added, they are fill_value."""

    pad_to_aspect_ratio = False
    fill_value = 0.0


def cropped(height: int, width: int, wanted: tuple[int, int]) -> tuple[int, int, int, int]:
    """(top, left, rows, columns) of the largest middle part with the sides' proportion that is wanted."""
    rows = max(min(height, int(width * wanted[0] / wanted[1])), 1)
    columns = max(min(width, int(height * wanted[1] / wanted[0])), 1)
    return int((height - rows) / 2), int((width - columns) / 2), rows, columns


@LAYERS.register()
@dataclass(frozen=True)
class Resizing(Weighing):
    """x (H,W,C) -> y (height,width,C), each pixel a weighted mean of pixels around its place.

    crop_to_aspect_ratio keeps the largest middle part of the wanted proportion; pad_to_aspect_ratio adds borders of
    fill_value; antialias widens the window where the picture becomes smaller.
    """

    prefix = "resizing"
    height: int = legal(Integer(1))
    width: int = legal(Integer(1))
    interpolation: str = legal(OneOf(INTERPOLATIONS), "bilinear")
    crop_to_aspect_ratio: bool = legal(Flag(), False)
    pad_to_aspect_ratio: bool = legal(Flag(), False)
    fill_mode: str = legal(OneOf(("constant",)), "constant")
    fill_value: float = legal(Real(), 0.0)
    antialias: bool = legal(Flag(), False)
    data_format: str | None = legal(FORMAT, None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            wanted, got = "False where crop_to_aspect_ratio is True", "True"
            raise ArgumentError(describe("Resizing", "pad_to_aspect_ratio", wanted, got, "Pass one of the two."))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.height, self.width, as_map(where, inputs[0])[2]


@LAYERS.register()
@dataclass(frozen=True)
class AdaptiveAveragePooling2D(Weighing):
    """x (H,W,C) -> y (I,J,C), output_size I x J: y[i] is the mean of rows floor(i H / I) to ceil((i+1) H / I) - 1.

    Source: Keras 3, AdaptiveAveragePooling2D, and torch.nn.AdaptiveAvgPool2d.
    """

    prefix = "adaptive_average_pooling2d"
    output_size: tuple[int, int] = legal(Pair())
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (*self.output_size, as_map(where, inputs[0])[2])


@LAYERS.register()
@dataclass(frozen=True)
class CenterCrop(OfPictures):
    """The middle `height` rows and `width` columns; a smaller picture is cropped to the proportion and resized."""

    prefix = "center_crop"
    height: int = legal(Integer(1))
    width: int = legal(Integer(1))
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.height, self.width, as_map(where, inputs[0])[2]

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        height, width, _ = as_map(where, inputs[0])
        pieces = Pieces()
        if height is None or width is None or height < self.height or width < self.width:
            pieces.add(Resizing(self.height, self.width, crop_to_aspect_ratio=True), 0)
        else:
            top, left = (height - self.height) // 2, (width - self.width) // 2
            pieces.add(Slice(((top, top + self.height, 1), (left, left + self.width, 1))), 0)
        return pieces.ending(())


@dataclass(frozen=True)
class Reading(OfPictures):
    """In training each pixel of y is read at a place of x that the sample's numbers say."""

    noisy: ClassVar[bool] = True
    draws: ClassVar[int] = 2


@LAYERS.register()
@dataclass(frozen=True)
class RandomFlip(Reading):
    """In training mirrored left and right, top and bottom, or both, each half of the time."""

    prefix = "random_flip"
    mode: str = legal(OneOf(("horizontal", "vertical", "horizontal_and_vertical")), "horizontal_and_vertical")
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomCrop(Reading):
    """In training a part of `height` x `width` anywhere; else, and of a smaller picture, the middle, resized."""

    prefix = "random_crop"
    height: int = legal(Integer(1))
    width: int = legal(Integer(1))
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.height, self.width, as_map(where, inputs[0])[2]

    @property
    def middle(self) -> Resizing:
        """What is done where nothing is drawn."""
        return Resizing(self.height, self.width, crop_to_aspect_ratio=True)


@LAYERS.register()
@dataclass(frozen=True)
class RandomTranslation(Reading):
    """In training moved down and to the right by shares of height and width."""

    prefix = "random_translation"
    height_factor: float | tuple[float, float] = legal(Factor(-1, 1))
    width_factor: float | tuple[float, float] = legal(Factor(-1, 1))
    fill_mode: str = legal(FILL, "reflect")
    interpolation: str = legal(READ, "bilinear")
    seed: int | None = legal(SEED, None)
    fill_value: float = legal(Real(), 0.0)
    data_format: str | None = legal(FORMAT, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomRotation(Reading):
    """In training turned about the middle, counter-clockwise by shares of a full turn."""

    prefix = "random_rotation"
    draws: ClassVar[int] = 1
    factor: float | tuple[float, float] = legal(Factor(-1, 1))
    fill_mode: str = legal(FILL, "reflect")
    interpolation: str = legal(READ, "bilinear")
    seed: int | None = legal(SEED, None)
    fill_value: float = legal(Real(), 0.0)
    data_format: str | None = legal(FORMAT, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomZoom(Reading):
    """In training seen from farther (above 0) or nearer; without width_factor the sides keep their proportion."""

    prefix = "random_zoom"
    height_factor: float | tuple[float, float] = legal(Factor(-0.999999, 1))
    width_factor: float | tuple[float, float] | None = legal(Optional(Factor(-0.999999, 1)), None)
    fill_mode: str = legal(FILL, "reflect")
    interpolation: str = legal(READ, "bilinear")
    seed: int | None = legal(SEED, None)
    fill_value: float = legal(Real(), 0.0)
    data_format: str | None = legal(FORMAT, None)


@dataclass(frozen=True)
class Linear(OfPictures):
    """In training y = cut(a x + b m + c): m is a mean of x that goes with each pixel, a, b, c the sample draws."""

    noisy: ClassVar[bool] = True
    draws: ClassVar[int] = 1
    of_grey: ClassVar[bool] = False  # m is the pixel's grey, else the mean of the channel


@LAYERS.register()
@dataclass(frozen=True)
class RandomContrast(Linear):
    """In training differences from each channel's mean are multiplied by 1 - factor to 1 + factor."""

    prefix = "random_contrast"
    factor: float | tuple[float, float] = legal(Factor(0, 1))
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None, by_keyword=True)


@LAYERS.register()
@dataclass(frozen=True)
class RandomBrightness(Linear):
    """In training a share of the range from -factor to factor is added."""

    prefix = "random_brightness"
    factor: float | tuple[float, float] = legal(Factor(-1, 1))
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None, by_keyword=True)


@LAYERS.register()
@dataclass(frozen=True)
class RandomInvert(Linear):
    """In training the negative, with probability `factor`."""

    prefix = "random_invert"
    draws: ClassVar[int] = 2
    factor: float | tuple[float, float] = legal(Factor(0, 1), 1.0)
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None, by_keyword=True)


@LAYERS.register()
@dataclass(frozen=True)
class RandomGrayscale(Linear):
    """In training without colour, with probability `factor`: 0.2989 red + 0.587 green + 0.114 blue in each channel."""

    prefix = "random_grayscale"
    of_grey: ClassVar[bool] = True
    factor: float = legal(Real(0.0, 1.0), 0.5)
    data_format: str | None = legal(FORMAT, None)
    seed: int | None = legal(SEED, None)


@LAYERS.register()
@dataclass(frozen=True)
class RandomColorDegeneration(Linear):
    """In training moved towards grey by a share."""

    prefix = "random_color_degeneration"
    of_grey: ClassVar[bool] = True
    factor: float | tuple[float, float] = legal(Factor(0, 1))
    value_range: tuple[float, float] = legal(Ends(), (0.0, 255.0))
    data_format: str | None = legal(FORMAT, None)
    seed: int | None = legal(SEED, None)
