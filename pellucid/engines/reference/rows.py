"""Arithmetic between a matrix of many rows and one short vector, at the speed of long rows.

NumPy runs along the last axis. With a few dozen channels that is a few dozen numbers at a time; taken together with
the image's columns (W*C) the same numbers are one long run, and the vector is repeated W times once.
Sums over rows are a product with ones, which BLAS does several times faster than a reduction over the first axis.
Several operations on one array go part by part, so that each part is still in the cache for the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SUMMED_AT_ONCE = 1024  # rows
PART_BYTES = 200_000  # a few of these fit into the second-level cache


def repeat(vector: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The vector (C,) as it meets the wide rows of x: (W*C,) for a map (N,H,W,C), as it is for (N,C)."""
    return vector if x.ndim < 4 else np.tile(vector, x.shape[-2])


def wide_rows(x: np.ndarray) -> np.ndarray:
    """The view (M, W*C) of a map (N,H,W,C), or (M,C) of anything else."""
    return x.reshape(-1, x.shape[-1] if x.ndim < 4 else x.shape[-2] * x.shape[-1])


def parts(x: np.ndarray) -> Iterator[np.ndarray]:
    """The wide rows of x, as many at a time as stay in the cache."""
    rows = wide_rows(x)
    step = max(1, PART_BYTES // (rows.shape[1] * x.itemsize))
    for first in range(0, len(rows), step):
        yield rows[first : first + step]


def add_to_rows(x: np.ndarray, vector: np.ndarray) -> None:
    """x (...,C) += vector (C,), in place."""
    rows = wide_rows(x)
    rows += repeat(vector, x)


def sum_rows(x: np.ndarray) -> np.ndarray:
    """The sum (C,) of x (...,C) over all axes but the last; sums of parts first, so that rounding stays small."""
    rows = x.reshape(-1, x.shape[-1])
    if len(rows) <= SUMMED_AT_ONCE:
        return np.ones(len(rows), x.dtype) @ rows
    ones = np.ones(SUMMED_AT_ONCE, x.dtype)
    starts = range(0, len(rows), SUMMED_AT_ONCE)
    return sum((ones[: len(rows) - s] @ rows[s : s + SUMMED_AT_ONCE] for s in starts), np.zeros_like(rows[0]))
