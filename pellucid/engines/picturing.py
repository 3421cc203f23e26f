"""Where pictures are read and how they are weighed, for both engines: the numbers that a layer on pictures works with.

Axes      N samples, H W pixels of x, I J of y, P = I J places, K pixels read for each, in (row, column) from 0
Resizing  y = A x B' + fill (1 - a b'), A (I,H) and B (J,W) as the kernel weighs pixels, a and b their sums
Reading   y[n,p] = sum_k weight[n,p,k] x[n,index[n,p,k]] + fill[n,p]
Linear    y = cut(a x + b m + c), a b c (N,)
Source    Keras 3, `backend/numpy/image.py` (resize after jax.image.scale_and_translate, affine_transform)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.keys import Key
from pellucid.spec.adaptive import parts_of
from pellucid.spec.colors import Colored
from pellucid.spec.images import (
    AdaptiveAveragePooling2D,
    Linear,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomGrayscale,
    RandomInvert,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    Reading,
    Resizing,
    cropped,
    ends_of,
)

Array = np.ndarray[Any, np.dtype[Any]]
GREY = (0.2989, 0.587, 0.114)  # of red, green and blue, as Keras has them


def triangle(x: Array) -> Array:
    """1 - |x|."""
    return np.maximum(0, 1 - x)


def cubic(x: Array) -> Array:
    """Keys's, with a = -1/2."""
    near, far = ((1.5 * x - 2.5) * x) * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def lanczos(radius: float) -> Callable[[Array], Array]:
    """sinc(x) sinc(x / radius)."""
    return lambda x: np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS = {"bilinear": triangle, "bicubic": cubic, "lanczos3": lanczos(3.0), "lanczos5": lanczos(5.0)}


def weights_along(size: int, wanted: int, interpolation: str, antialias: bool) -> Array:
    """(wanted, size): how much each pixel of an axis counts for each new one."""
    step = size / wanted
    places = (np.arange(wanted) + 0.5) * step - 0.5
    if interpolation == "nearest":
        return np.eye(size)[np.floor((np.arange(wanted) + 0.5) * step).astype(int)]
    wide = max(step, 1.0) if antialias else 1.0
    found = KERNELS[interpolation](np.abs(places[:, np.newaxis] - np.arange(size)) / wide)
    return np.asarray(found / found.sum(1, keepdims=True))


def means_along(size: int, wanted: int) -> Array:
    """(wanted, size): the mean of each part of an axis; parts share a pixel where the sizes do not divide."""
    first, behind = np.array(parts_of(size, wanted)).T
    inside = (np.arange(size) >= first[:, None]) & (np.arange(size) < behind[:, None])
    return np.asarray(inside / inside.sum(1, keepdims=True))


@lru_cache(maxsize=64)
def resizing(spec: Resizing | AdaptiveAveragePooling2D, height: int, width: int) -> tuple[Array, Array]:
    """(A, B) for maps of this size."""
    if isinstance(spec, AdaptiveAveragePooling2D):
        return means_along(height, spec.output_size[0]), means_along(width, spec.output_size[1])
    top, left, rows, columns = 0, 0, height, width
    if spec.crop_to_aspect_ratio:
        top, left, rows, columns = cropped(height, width, (spec.height, spec.width))
    elif spec.pad_to_aspect_ratio:
        top = -int((max(height, int(width * spec.height / spec.width)) - height) / 2)
        left = 0 if top else -int((max(width, int(height * spec.width / spec.height)) - width) / 2)
        rows, columns = height - 2 * top, width - 2 * left
    found = []
    for first, size, kept, wanted in ((top, height, rows, spec.height), (left, width, columns, spec.width)):
        part = weights_along(kept, wanted, spec.interpolation, spec.antialias)
        whole = np.zeros((wanted, size))
        inside = slice(max(first, 0), min(first + kept, size))
        whole[:, inside] = part[:, inside.start - first : inside.stop - first]
        found.append(whole)
    return found[0], found[1]


@dataclass(frozen=True)
class Taps:
    """Where y is read, and with what weight; `filled` is what comes from outside."""

    outputs: tuple[int, int]
    index: Array
    weight: Array
    filled: Array


def drawn(spec: Reading | Linear | Colored, key: Key | None, n: int, label: str) -> Array:
    """The numbers (N, draws) of a step, uniform on [0, 1)."""
    return generator_of(spec, key, "random pictures", label).random((n, spec.draws))


def generator_of(spec: Any, key: Key | None, what: str, label: str) -> np.random.Generator:
    """What a layer draws from in a step, by its seed where it has one. Raises ArgumentError without a key."""
    if key is None:
        raise ArgumentError(f"{label}: training with {what} needs a key; pass key=Key.of(seed).")
    seed = getattr(spec, "seed", None)
    return (key if seed is None else key.fold(seed)).generator()


def taps(spec: Reading, u: Array, height: int, width: int) -> Taps:
    """Where each pixel of y is read, for the numbers u (N, draws)."""
    outputs = (spec.height, spec.width) if isinstance(spec, RandomCrop) else (height, width)
    exact = getattr(spec, "interpolation", "nearest") == "nearest"
    filled = getattr(spec, "fill_mode", "nearest"), getattr(spec, "fill_value", 0.0)
    return taps_at(AFFINES[type(spec)](spec, u, height, width), (height, width), outputs, filled, exact=exact)


def taps_at(
    matrix: Array, size: tuple[int, int], outputs: tuple[int, int], filled: tuple[str, float], *, exact: bool
) -> Taps:
    """Where each pixel of y is read, by matrices (N, 2, 3) from its place to that in x; `filled` are mode and value."""
    (height, width), (mode, value) = size, filled
    grid = np.stack([*np.meshgrid(*map(np.arange, outputs), indexing="ij"), np.ones(outputs)], -1).reshape(-1, 3)
    places = np.einsum("pi,nai->anp", grid, matrix)  # (2, N, P)
    rows, columns = (along(place, size, mode, exact) for place, size in zip(places, (height, width), strict=True))
    index = rows[0][..., :, None] * width + columns[0][..., None, :]
    index = index.reshape(*places.shape[1:], math.prod(index.shape[-2:]))  # told, for a process without a sample
    weight = (rows[1][..., :, None] * columns[1][..., None, :]).reshape(index.shape)
    return Taps(outputs, index, weight, (1 - weight.sum(-1)) * value)


def along(places: Array, size: int, mode: str, exact: bool) -> tuple[Array, Array]:
    """(index, weight) (N,P,1 or 2) of the pixels of one axis around each place; outside a constant weighs nothing."""
    low = np.floor(places + 0.5 if exact else places)
    at = low[..., None].astype(np.int64) + np.arange(1 if exact else 2)
    part = (places - low)[..., None]
    weight = np.ones_like(part) if exact else np.concatenate([1 - part, part], -1)
    if mode == "constant":
        weight = weight * ((at >= 0) & (at < size))
    elif mode == "wrap":
        at = at % size
    elif mode == "reflect":
        at = at % (2 * size)
        at = np.where(at < size, at, 2 * size - 1 - at)
    return np.clip(at, 0, size - 1), weight


def within(first: Array, long: Array, size: int) -> Array:
    """(N, size): which places of an axis lie in a stretch of each sample's own."""
    place = np.arange(size)
    return (place >= first[:, None]) & (place < (first + long)[:, None])


def between(u: Array, factor: Any, low: float = -1.0) -> Array:
    """The numbers within the ends of a factor."""
    least, most = ends_of(factor, low)
    return least + u * (most - least)


def affine(n: int, rows: Any, columns: Any) -> Array:
    """(N, 2, 3) from the coefficients of (row, column, 1), a number each or (N,)."""
    return np.stack([np.stack([np.broadcast_to(entry, (n,)) for entry in line], -1) for line in (rows, columns)], 1)


def flipped(spec: RandomFlip, u: Array, height: int, width: int) -> Array:
    """Mirrored, each axis by a number of its own."""
    signs = [np.where((word in spec.mode) & (u[:, place] < 0.5), -1, 1)
             for place, word in enumerate(("vertical", "horizontal"))]  # fmt: skip
    ends = [(1 - sign) // 2 * (size - 1) for sign, size in zip(signs, (height, width), strict=True)]
    return affine(len(u), (signs[0], 0, ends[0]), (0, signs[1], ends[1]))


def moved_in(spec: RandomCrop, u: Array, height: int, width: int) -> Array:
    """A whole number of pixels in."""
    top, left = np.floor(u * (np.array([height - spec.height, width - spec.width]) + 1)).T
    return affine(len(u), (1, 0, top), (0, 1, left))


def translated(spec: RandomTranslation, u: Array, height: int, width: int) -> Array:
    """Read that much farther up and to the left."""
    down, right = between(u[:, 0], spec.height_factor) * height, between(u[:, 1], spec.width_factor) * width
    return affine(len(u), (1, 0, -down), (0, 1, -right))


def turned(spec: RandomRotation, u: Array, height: int, width: int) -> Array:
    """About the middle."""
    angle = between(u[:, 0], spec.factor) * 2 * np.pi
    cos, sin, down, right = np.cos(angle), np.sin(angle), (height - 1) / 2, (width - 1) / 2
    return affine(len(u), (cos, sin, down - down * cos - right * sin), (-sin, cos, right - right * cos + down * sin))


def zoomed(spec: RandomZoom, u: Array, height: int, width: int) -> Array:
    """About the middle."""
    rows = 1 + between(u[:, 0], spec.height_factor)
    columns = rows if spec.width_factor is None else 1 + between(u[:, 1], spec.width_factor)
    return affine(len(u), (rows, 0, (height - 1) / 2 * (1 - rows)), (0, columns, (width - 1) / 2 * (1 - columns)))


AFFINES: dict[type[Reading], Callable[..., Array]] = {
    RandomFlip: flipped, RandomCrop: moved_in, RandomTranslation: translated, RandomRotation: turned,
    RandomZoom: zoomed,
}  # fmt: skip


def is_drawn(spec: Reading, training: bool, height: int, width: int) -> bool:
    """Whether a step draws: in training, and a part only of a larger picture."""
    return training and (not isinstance(spec, RandomCrop) or (height > spec.height and width > spec.width))


def factors(spec: Linear, u: Array) -> tuple[Array, Array, Array]:
    """a, b and c (N,)."""
    zero = np.zeros(len(u))
    if isinstance(spec, RandomContrast):
        low, high = ends_of(spec.factor, 0.0)
        a = 1 - low + u[:, 0] * (low + high)
        return a, 1 - a, zero
    if isinstance(spec, RandomBrightness):
        low, high = spec.value_range
        return zero + 1, zero, between(u[:, 0], spec.factor) * (high - low)
    if isinstance(spec, RandomInvert):
        turns = u[:, 1] < between(u[:, 0], spec.factor, 0.0)
        return np.where(turns, -1.0, 1.0), zero, turns * spec.value_range[1]
    if isinstance(spec, RandomGrayscale):
        share = (u[:, 0] < spec.factor).astype(float)
    else:
        assert isinstance(spec, RandomColorDegeneration)
        share = between(u[:, 0], spec.factor, 0.0)
    return 1 - share, share, zero


def limits(spec: Linear) -> tuple[float, float]:
    """Where y is cut."""
    if isinstance(spec, (RandomContrast, RandomBrightness, RandomColorDegeneration)):
        return spec.value_range
    return -np.inf, np.inf


def grey_matrix(channels: int, label: str) -> Array:
    """(C, C): what makes a pixel grey in all its channels."""
    if channels not in (1, 3):
        raise ArgumentError(f"{label}: input must be of 1 or 3 channels, but it is {channels}.")
    row = np.array(GREY if channels == 3 else (1.0,))
    return np.repeat(row[:, np.newaxis], channels, 1)
