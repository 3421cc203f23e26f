"""Arithmetic between a matrix of many rows and one short vector, at the speed of long rows.

NumPy runs along the last axis. With a few dozen channels that is a few dozen numbers at a time; taken together with
the image's columns (W*C) the same numbers are one long run, and the vector is repeated W times once.
Sums over rows are a product with ones, which BLAS does several times faster than a reduction over the first axis.
"""

from __future__ import annotations

import numpy as np


def widen(x: np.ndarray, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (...,W,C) as (M,W*C) and the vector (C,) repeated to (W*C,); x (...,C) of rank 2 as it is."""
    if x.ndim < 4:
        return x.reshape(-1, x.shape[-1]), vector
    width = x.shape[-2]
    return x.reshape(-1, width * x.shape[-1]), np.tile(vector, width)


def add_to_rows(x: np.ndarray, vector: np.ndarray) -> None:
    """x (...,C) += vector (C,), in place."""
    wide, repeated = widen(x, vector)
    wide += repeated


def sum_rows(x: np.ndarray) -> np.ndarray:
    """The sum (C,) of x (...,C) over all axes but the last."""
    rows = x.reshape(-1, x.shape[-1])
    return np.ones(len(rows), x.dtype) @ rows
