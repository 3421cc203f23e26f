"""What training pictures look like in a few numbers, and how far from them another picture is.

A picture is described by D numbers: brightness and contrast of each channel and at the border, steps from pixel to
pixel and how rough they make it, shares of black and white, and the brightness of 4 x 4 fields. Its distance is
Mahalanobis's over D; training pictures are measured by the numbers of the other four fifths of them. A picture is
unlike them all beyond 1.25 times the distance that 999 of 1,000 keep, and pictures are unlike them together when far
too many are beyond the distance that nine of ten of each class keep.

Shapes   x (N, H, W, C) of about 0..1 -> described (N, D), distances (N,)
Source   Mahalanobis 1936; shrunk towards no correlation as Ledoit & Wolf 2004 do, by a fixed share.
Measured false alarms and what is found: benchmarks/results/unlike.json, docs/using.md
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.images import Array, chunks
from pellucid.errors import FileError
from pellucid.keys import Key
from pellucid.model.input.depth import Depth, Extent

if TYPE_CHECKING:
    from pellucid.data.preprocessing import Pipeline

FIELDS = 4                      # a side: the brightness of 4 x 4 parts of the picture
LEAST, MOST = 20, 2_000         # training pictures that are looked at
VALUES = 50_000_000             # pixel values that are looked at, at most
FEW_PIXELS, MANY_CHANNELS = 16, 16
SHRUNK, FOLDS = 0.01, 5
MANY = 10                       # pictures of a class, fewer of which say nothing about nine of ten
CHUNK = 4_000_000               # pixel values described at once
PLAIN = ("brightness", "contrast", "brightness at the border", "share of black", "share of white")
SQUARES = "ni,ij,nj->n"        # of distances
FAINT = 1 / 255                 # added before a logarithm, so that a blank picture is far away but not infinitely so


@dataclass(frozen=True, eq=False)
class Typical:
    """The numbers of N training pictures: mean and deviation (D,), precision (D, D), two distances, plain ranges.

    far    the distance that a picture alone must exceed        some  what nine of ten of each class keep
    plain  for each of PLAIN the values that 99 of 100 training pictures lie between, (5, 2)
    """

    n: int
    mean: Array
    deviation: Array
    precision: Array
    far: float
    some: float
    plain: Array

    def distances(self, x: Array) -> Array:
        """How far each picture is from the training pictures, x (N, H, W, C) of about 0..1."""
        return _distances(described(x), self.mean, self.deviation, self.precision)

    def sound(self, shape: tuple[int, int, int]) -> bool:
        """Whether the numbers are those of pictures of this height, width and channels, and all finite."""
        size = count_of(shape)
        sizes = self.mean.shape == self.deviation.shape == (size,) and self.plain.shape == (len(PLAIN), 2)
        parts = (self.mean, self.deviation, self.precision, self.plain, self.far, self.some)
        finite = all(np.isfinite(part).all() for part in parts)
        return sizes and finite and bool(self.deviation.min() > 0) and self.far > 0 and self.n > 0

    def to_record(self) -> dict[str, Any]:
        """As a model file keeps it: six digits, the precision by its upper triangle."""
        upper = self.precision[np.triu_indices(len(self.mean))]
        return {"n": self.n, "far": _short(self.far), "some": _short(self.some), "mean": _short(self.mean),
                "deviation": _short(self.deviation), "precision": _short(upper), "plain": _short(self.plain)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], where: str) -> Typical:
        """The `statistics` of an input record, as `to_record` wrote them. Raises FileError for anything else."""
        shape = (int(record["height"]), int(record["width"]), int(record["channels"]))
        record = record["statistics"]
        try:
            mean, deviation, upper = (np.array(record[name], np.float64) for name in ("mean", "deviation", "precision"))
            size = len(mean)
            precision = np.zeros((size, size))
            precision[np.triu_indices(size)] = upper
            precision = precision + np.triu(precision, 1).T
            found = cls(int(record["n"]), mean, deviation, precision, float(record["far"]), float(record["some"]),
                        np.array(record["plain"], np.float64))
        except (KeyError, TypeError, ValueError, OverflowError):
            found = None
        if found is None or not found.sound(shape):
            raise FileError(f"{where} is damaged: its 'statistics' are none. Copy it again from where it came.")
        return found


def looks_of(part: Part, preprocessing: Pipeline, key: Key) -> dict[str, Any]:
    """`range` and `statistics` of a model's input record, from its training part: of many images a sample by `key`.

    `prepared` is the range after preprocessing, where that cannot be told from the range before it (PCA, whitening).

    No statistics for fewer than 20 pictures, and for what is no picture: under 16 pixels, over 16 channels. Neither
    for values that are not finite.
    """
    n, height, width, channels = part.images.shape
    most = min(MOST, max(LEAST, VALUES // (height * width * channels)))
    rows = np.sort(key.fold("typical").generator().permutation(n)[:most])
    depth = Depth(str(part.images.dtype))
    if depth.most is None:  # the range of floats must be known before they are described
        extent = Extent.of_all(chunks(part.images, rows, CHUNK))
        depth = replace(depth, low=extent.low, high=extent.high)
        if not extent.finite:
            return {}
    pictures = n >= LEAST and height * width >= FEW_PIXELS and channels <= MANY_CHANNELS
    extents, results, numbers, plain = [], [], [], []
    for pixels in chunks(part.images, rows, CHUNK):
        extents.append(Extent.of(pixels))
        if not preprocessing.one_by_one:
            results.append(Extent.of(preprocessing.apply(pixels)))
        if pictures:
            x = depth.as_floats(pixels)
            numbers.append(described(x))
            plain.append(plainly(x))
    found: dict[str, Any] = {"range": bounds_of(extents), **({"prepared": bounds_of(results)} if results else {})}
    if not pictures:
        return found
    typical = fit_typical(np.concatenate(numbers), np.concatenate(plain), part.annotations.strata[rows], key)
    return {**found, "statistics": typical.to_record()}


def bounds_of(extents: Sequence[Extent]) -> list[float]:
    """Smallest and largest value of several."""
    return [min(one.low for one in extents), max(one.high for one in extents)]


def fit_typical(numbers: Array, plain: Array, labels: Array, key: Key) -> Typical:
    """What N training pictures have in common: their numbers (N, D), plain numbers (N, 5) and labels (N,)."""
    order = key.fold("typical", 1).generator().permutation(len(numbers))
    distances = np.empty(len(numbers))
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        distances[out] = _distances(numbers[out], *_fitted(np.delete(numbers, out, axis=0)))
    classes = [distances[labels == label] for label in np.unique(labels)]
    ninths = [np.quantile(part, 0.9) for part in classes if len(part) >= MANY] or [np.quantile(distances, 0.9)]
    room = 1.25 * (1 + 4 / math.sqrt(len(numbers)))  # few pictures tell little of how far the farthest are
    ranges = np.quantile(plain, (0.005, 0.995), axis=0).T
    far = float(room * np.quantile(distances, 0.999))
    return Typical(len(numbers), *_fitted(numbers), far, min(far, float(max(ninths))), ranges)


def count_of(shape: tuple[int, int, int]) -> int:
    """D, for pictures of this height, width and channels."""
    height, width, channels = shape
    return 2 * channels + 7 + (channels if channels > 1 else 0) + min(FIELDS, height) * min(FIELDS, width)


def described(x: Array) -> Array:
    """The D numbers of each picture (N, D) in float64; x (N, H, W, C) of about 0..1."""
    n, height, width, channels = x.shape
    grey = x.mean(axis=-1)
    across, down = _means(np.abs(grey[:, :, 1:] - grey[:, :, :-1])), _means(np.abs(grey[:, 1:] - grey[:, :-1]))
    edge = _border(grey)
    rough = (across + down) / (grey.std(axis=(1, 2)) + FAINT)
    parts = [_means(x), _log(x.std(axis=(1, 2))), edge.mean(axis=1), _log(edge.std(axis=1)), _log(across),
             _log(down), rough, _shares(grey < 0.02), _shares(grey > 0.98)]
    if channels > 1:
        parts.append(_log(np.abs(x - grey[..., np.newaxis]).mean(axis=(1, 2))))
    parts += [_means(grey[:, rows, columns]) for rows in _fields(height) for columns in _fields(width)]
    return np.concatenate([part.reshape(n, -1) for part in parts], axis=1).astype(np.float64)


def _means(x: Array) -> Array:
    """The mean over rows and columns, x (N, H, W, ...): as `mean` has it, in a quarter of the time for few pixels."""
    return np.asarray(np.add.reduce(x, axis=(1, 2)) / np.float32(x.shape[1] * x.shape[2]))


def _shares(which: Array) -> Array:
    """The share of pixels, which (N, H, W) bool."""
    return np.asarray(np.count_nonzero(which, axis=(1, 2)) / (which.shape[1] * which.shape[2]))


@lru_cache(maxsize=64)
def _fields(size: int) -> tuple[slice, ...]:
    """Where the parts of a side lie."""
    return tuple(slice(int(part[0]), int(part[-1]) + 1) for part in np.array_split(np.arange(size), min(FIELDS, size)))


def plainly(x: Array) -> Array:
    """The numbers that a message can tell, (N, 5), in the order of PLAIN."""
    grey = x.mean(axis=-1)
    flat = (1, 2)
    return np.stack([grey.mean(axis=flat), grey.std(axis=flat), _border(grey).mean(axis=1),
                     (grey < 0.02).mean(axis=flat), (grey > 0.98).mean(axis=flat)], axis=1).astype(np.float64)


def _border(grey: Array) -> Array:
    """The pixels of the outer eighth on each side (N, P)."""
    n, height, width = grey.shape
    return grey.reshape(n, -1)[:, _outer(height, width)]


@lru_cache(maxsize=64)
def _outer(height: int, width: int) -> Array:
    """The places of those pixels in a picture as one row."""
    m = max(1, min(height, width) // 8)
    inner = np.zeros((height, width), bool)
    inner[m : height - m, m : width - m] = True
    return np.flatnonzero(~inner)


def _log(values: Array) -> Array:
    return np.log(values + FAINT)


def _fitted(numbers: Array) -> tuple[Array, Array, Array]:
    """Mean and deviation (D,) and the inverse of the shrunk correlation (D, D)."""
    mean = numbers.mean(axis=0)
    deviation = np.maximum(numbers.std(axis=0), 1e-3)
    z = (numbers - mean) / deviation
    correlation = np.einsum("ni,nj->ij", z, z) / len(z)
    shrunk = max(SHRUNK, min(1.0, z.shape[1] / len(z)))
    return mean, deviation, np.linalg.inv((1 - shrunk) * correlation + shrunk * np.eye(len(mean)))


def _distances(numbers: Array, mean: Array, deviation: Array, precision: Array) -> Array:
    z = (numbers - mean) / deviation
    return np.asarray(np.einsum(SQUARES, z, precision, z, optimize=_way(*z.shape)) / len(mean))


@lru_cache(maxsize=64)
def _way(n: int, size: int) -> Any:
    """In which order the product of distances is taken; finding it takes longer than the product."""
    z = np.empty((n, size))
    return np.einsum_path(SQUARES, z, np.empty((size, size)), z, optimize="greedy")[0]


def _short(values: Any) -> Any:
    """Six digits of a number or of many."""
    if np.ndim(values) == 0:
        return float(f"{values:.6g}")
    return [_short(value) for value in values]
