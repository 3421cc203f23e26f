"""What is known of each picture beside its pixels: columns that a task learns from, and that move with the pixels.

Shapes   Classes.numbers (N,) int64; Numbers.values (N, K) float64; affines (B, 2, 3) lead from a picture as read to a
         network's input in (x, y) pixels, pixel i covering [i, i + 1)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import ShapeError, describe

STRATA = 10  # among which numbers are spread evenly, as classes are


class Annotations(Protocol):
    """A column of a part, an entry a sample. `kind` is what a task asks for by name."""

    @property
    def kind(self) -> str:
        """classes, numbers, boxes, points ..."""

    @property
    def words(self) -> str:
        """What an image has, as it follows `with`."""

    @property
    def moves(self) -> bool:
        """Whether `moved` changes anything."""

    @property
    def strata(self) -> Array:
        """(N,) int64, what parts and folds spread evenly."""

    @property
    def stratum(self) -> str:
        """What two samples of one of the strata have in common, a noun."""

    def __len__(self) -> int: ...

    def take(self, indices: Array) -> Self:
        """The entries at `indices` (B,), in that order."""

    def joined(self, other: Self) -> Self:
        """These entries and, after them, those of another part of the same data."""

    def moved(self, affines: Array, size: tuple[int, int]) -> Self:
        """The entries after their pictures were moved by `affines` (B, 2, 3) into `size` (height, width)."""


@dataclass(frozen=True, eq=False)
class Classes:
    """The number of one class a picture; where a picture moves, its class stays."""

    numbers: Array

    kind, moves, words, stratum = "classes", False, "a class", "class"

    @property
    def strata(self) -> Array:
        return self.numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, indices: Array) -> Classes:
        return Classes(self.numbers[indices])

    def joined(self, other: Classes) -> Classes:
        return Classes(np.concatenate([self.numbers, other.numbers]))

    def moved(self, affines: Array, size: tuple[int, int]) -> Classes:
        return self


@dataclass(frozen=True, eq=False)
class Numbers:
    """K measured numbers a picture, with their names and units ("" where none is known); they stay where it moves."""

    values: Array
    names: tuple[str, ...]
    units: tuple[str, ...]

    kind, moves, stratum = "numbers", False, "rank in tenths"

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not self.values.shape[1] == len(self.names) == len(self.units):
            raise ShapeError(describe("annotations", "values", f"of shape (N, {len(self.names)}), a column a name",
                                      f"of shape {self.values.shape}"))

    @property
    def words(self) -> str:
        told = [f"{name} ({unit})" if unit else name for name, unit in zip(self.names, self.units, strict=True)]
        return f"a number each: {told[0]}" if len(told) == 1 else f"{len(told)} numbers each: {', '.join(told)}"

    @property
    def strata(self) -> Array:
        """Tenths of the first column by size; fewer where there are too few samples."""
        first = self.values[:, 0]
        if len(first) < 10 * STRATA:
            return np.zeros(len(first), np.int64)
        edges = np.quantile(first, np.linspace(0, 1, STRATA + 1)[1:-1])
        return np.searchsorted(edges, first, side="right").astype(np.int64)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, indices: Array) -> Numbers:
        return replace(self, values=self.values[indices])

    def joined(self, other: Numbers) -> Numbers:
        return replace(self, values=np.concatenate([self.values, other.values]))

    def moved(self, affines: Array, size: tuple[int, int]) -> Numbers:
        return self
