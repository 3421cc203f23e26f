"""The steps of preprocessing: each is fitted on training images and then applied to any.

Axes    N images, H W pixels, C channels, D = H*W*C values of an image, K components
Shapes  x (N, H, W, C) or (N, D) -> the same shape; PCA and Whiten give (N, K)
Rule    fit(values, dtype) returns a fitted copy; what a step holds is written as JSON (`settings`) and arrays

Source  sources.md section 3: centring, standardising, min-max, PCA by variance kept, PCA whitening (+1e-5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import ArgumentError, DataError, describe

Chunks = Callable[[], Iterator[Array]]       # each call reads the training images again, float32, a chunk at a time


@dataclass(frozen=True, eq=False)
class Step:
    """One step; `fitted_arrays` names the fields that fitting fills with arrays."""

    name: ClassVar[str]
    fitted_arrays: ClassVar[tuple[str, ...]] = ()
    most_samples: ClassVar[int | None] = None       # a fit looks at no more images than these, chosen by key

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        """The step with what it needs to know, learnt from the training images."""
        raise NotImplementedError

    def apply(self, x: Array) -> Array:
        """float32; `x` is not written to."""
        raise NotImplementedError

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one sample after this step."""
        return shape

    def settings(self) -> dict[str, Any]:
        """The fields that are plain JSON."""
        return {key: value for key, value in vars(self).items() if key not in self.fitted_arrays}

    def arrays(self) -> dict[str, Array]:
        """The fields that are arrays, once fitted."""
        return {key: value for key in self.fitted_arrays if (value := getattr(self, key)) is not None}

    @classmethod
    def from_word(cls, value: str) -> Self:
        """The step written as `name=value`. Raises ArgumentError unless the step takes a value."""
        raise ArgumentError(f"preprocessing: the step '{cls.name}' takes no value, but '{cls.name}={value}' was given. "
                            f"Write {cls.name}.")

    def _unfitted(self) -> ArgumentError:
        return ArgumentError(f"preprocessing step '{self.name}' has not been fitted. Call "
                             "pipeline.fit(train_part, key=key) and apply what it returns.")


@dataclass(frozen=True, eq=False)
class Scale(Step):
    """Integer pixels to 0..1 by their largest possible value (255, 65535); floats are left alone (divisor 1)."""

    name: ClassVar[str] = "scale"
    divisor: float | None = None

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        return replace(self, divisor=float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0)

    def apply(self, x: Array) -> Array:
        if self.divisor is None:
            raise self._unfitted()
        scaled: Array = np.multiply(x, np.float32(1.0 / self.divisor), dtype=np.float32)
        return scaled


@dataclass(frozen=True, eq=False)
class Family(Step):
    """What networks of one family were shown: RGB pixels, integers by their largest value or floats from 0 to 1."""

    divisor: float | None = None

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        first = next(chunks())
        if first.ndim != 4 or first.shape[-1] != 3:
            wanted = "pictures of 3 channels, RGB"
            raise DataError(describe("preprocessing", self.name, f"used on {wanted}", f"{first.shape[-1]} channels",
                                     "For grey ones type --channels rgb."))
        return replace(self, divisor=float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0)

    def _unit(self, x: Array) -> Array:
        """float32 from 0 to 1."""
        if self.divisor is None:
            raise self._unfitted()
        unit: Array = np.multiply(x, np.float32(1.0 / self.divisor), dtype=np.float32)
        return unit


@dataclass(frozen=True, eq=False)
class ImageNet(Family):
    """torchvision's: minus the means of ImageNet, by its deviations."""

    name: ClassVar[str] = "imagenet"

    def apply(self, x: Array) -> Array:
        centred: Array = self._unit(x) - np.array([0.485, 0.456, 0.406], np.float32)
        return centred / np.array([0.229, 0.224, 0.225], np.float32)


@dataclass(frozen=True, eq=False)
class Caffe(Family):
    """Caffe's: from 0 to 255, blue first, minus the means (blue, green, red); Keras's VGG and ResNet are such."""

    name: ClassVar[str] = "caffe"
    mean: tuple[float, ...] = (103.939, 116.779, 123.68)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(map(float, self.mean)))  # a file holds a list
        if len(self.mean) != 3:
            wanted = "three numbers: of blue, green and red"
            raise ArgumentError(describe("preprocessing step 'caffe'", "mean", wanted, str(self.mean)))

    @classmethod
    def from_word(cls, value: str) -> Self:
        try:
            return cls(mean=tuple(map(float, value.split(":"))))
        except ValueError:
            raise ArgumentError(describe("preprocessing", "caffe", "BLUE:GREEN:RED, as in caffe=104:117:123",
                                         repr(value))) from None

    def apply(self, x: Array) -> Array:
        shifted: Array = self._unit(x)[..., ::-1] * np.float32(255) - np.array(self.mean, np.float32)
        return shifted


@dataclass(frozen=True, eq=False)
class Tf(Family):
    """TensorFlow's: from -1 to 1; Keras's MobileNetV2 is such."""

    name: ClassVar[str] = "tf"

    def apply(self, x: Array) -> Array:
        return self._unit(x) * np.float32(2) - np.float32(1)


@dataclass(frozen=True, eq=False)
class Shifting(Step):
    """A step that works with one number per channel or per pixel position."""

    per: str = "channel"

    def __post_init__(self) -> None:
        if self.per not in ("channel", "pixel"):
            raise ArgumentError(describe(f"preprocessing step '{self.name}'", "per", "'channel' or 'pixel'",
                                         repr(self.per)))

    @classmethod
    def from_word(cls, value: str) -> Self:
        return cls(per=value)

    def _axes(self, x: Array) -> tuple[int, ...]:
        """The axes summed over: all but the last (channel), or the first alone (pixel)."""
        return tuple(range(x.ndim - 1)) if self.per == "channel" else (0,)


@dataclass(frozen=True, eq=False)
class Center(Shifting):
    """Subtract the mean of the training images, per channel (C,) or per pixel (H, W, C)."""

    name: ClassVar[str] = "center"
    fitted_arrays: ClassVar[tuple[str, ...]] = ("mean",)
    mean: Array | None = None

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        return replace(self, mean=_mean(chunks, self._axes).astype(np.float32))

    def apply(self, x: Array) -> Array:
        if self.mean is None:
            raise self._unfitted()
        return x.astype(np.float32) - self.mean


@dataclass(frozen=True, eq=False)
class Standardize(Shifting):
    """Subtract the mean and divide by the standard deviation (of N, not N - 1); what never varies is only centred."""

    name: ClassVar[str] = "standardize"
    fitted_arrays: ClassVar[tuple[str, ...]] = ("mean", "deviation")
    mean: Array | None = None
    deviation: Array | None = None

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        mean = _mean(chunks, self._axes)
        variance = _mean(lambda: (np.square(x - mean) for x in chunks()), self._axes)
        deviation = np.sqrt(variance)
        deviation[deviation < 1e-7 * np.maximum(np.abs(mean), 1e-30)] = 1.0   # constant but for rounding
        return replace(self, mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))

    def apply(self, x: Array) -> Array:
        if self.mean is None or self.deviation is None:
            raise self._unfitted()
        return (x.astype(np.float32) - self.mean) / self.deviation


@dataclass(frozen=True, eq=False)
class MinMax(Shifting):
    """Map the training images' smallest and largest value, per channel or pixel, to `low`..`high` (-1..1)."""

    name: ClassVar[str] = "min_max"
    fitted_arrays: ClassVar[tuple[str, ...]] = ("smallest", "largest")
    low: float = -1.0
    high: float = 1.0
    smallest: Array | None = None
    largest: Array | None = None

    def fit(self, chunks: Chunks, dtype: np.dtype[Any]) -> Self:
        smallest, largest = None, None
        for x in chunks():
            low, high = x.min(axis=self._axes(x)), x.max(axis=self._axes(x))
            smallest = low if smallest is None else np.minimum(smallest, low)
            largest = high if largest is None else np.maximum(largest, high)
        return replace(self, smallest=smallest, largest=largest)

    def apply(self, x: Array) -> Array:
        if self.smallest is None or self.largest is None:
            raise self._unfitted()
        span = np.where(self.largest > self.smallest, self.largest - self.smallest, np.float32(1.0))
        scaled: Array = (x.astype(np.float32) - self.smallest) / span * np.float32(self.high - self.low)
        return scaled + np.float32(self.low)


def _mean(chunks: Chunks, axes: Callable[[Array], tuple[int, ...]]) -> Array:
    """The mean over all chunks, summed in float64."""
    total: Array | None = None
    count = 0
    for x in chunks():
        part = x.sum(axis=axes(x), dtype=np.float64)
        total = part if total is None else total + part
        count += int(np.prod([x.shape[a] for a in axes(x)]))
    if total is None:
        raise DataError("preprocessing: there is no training image to fit on.")
    return np.asarray(total / count)
