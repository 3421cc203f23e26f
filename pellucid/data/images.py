"""Images: N pictures that can be taken by number, whether or not they are in memory.

Axes    N images, H W pixels, C channels
Shapes  shape (N, H, W, C); take(indices (B,)) -> (B, H, W, C), C-contiguous, always a copy
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pellucid.errors import ShapeError, describe

Array = np.ndarray[Any, np.dtype[Any]]


class Images(Protocol):
    """N pictures of one size and one dtype."""

    @property
    def shape(self) -> tuple[int, int, int, int]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def take(self, indices: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """Images held in one array (N, H, W, C); a grey array (N, H, W) is given its channel axis."""

    array: Array

    def __post_init__(self) -> None:
        if self.array.ndim == 3:
            object.__setattr__(self, "array", self.array[..., np.newaxis])
        if self.array.ndim != 4:
            raise ShapeError(describe("images", "array", "(N, H, W) or (N, H, W, C)", f"of shape {self.array.shape}"))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        n, height, width, channels = self.array.shape
        return n, height, width, channels

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def take(self, indices: Array) -> Array:
        """Copies of the images at `indices` (B,), as (B, H, W, C)."""
        return self.array.take(indices, axis=0)


@dataclass(frozen=True, eq=False)
class ChosenImages:
    """Some images of another `Images`, in the order of `indices` (N,); nothing is copied until it is taken."""

    source: Images
    indices: Array

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.indices), *self.source.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, indices: Array) -> Array:
        """Copies of the images at `indices` (B,), as (B, H, W, C)."""
        return self.source.take(self.indices[indices])


@dataclass(frozen=True, eq=False)
class Viewed:
    """What is drawn from: pixels (n, H, W, C) by number as they were read, and the names of their channels."""

    images: Images
    channels: tuple[str, ...] = ()

    def __call__(self, indices: Array) -> Array:
        return self.images.take(np.asarray(indices))


def chunks(images: Images, rows: Array, values: int) -> Iterator[Array]:
    """The images of these numbers, as many at a time as so many pixel values hold."""
    at_once = max(1, values // math.prod(images.shape[1:]))
    for start in range(0, len(rows), at_once):
        yield images.take(rows[start : start + at_once])


def choose(images: Images, indices: Array) -> Images:
    """The images at `indices`; choosing twice keeps one table of numbers, not two."""
    if isinstance(images, ChosenImages):
        return ChosenImages(images.source, images.indices[indices])
    return ChosenImages(images, np.asarray(indices))
