"""Candidates for joints: the local maxima of heat maps, placed between the places of a map.

Axes     H W rows and columns of the maps, K kinds of joint, N candidates
Peak     a place above `least` that none of its eight neighbours exceeds; of equal ones side by side the first
Place    the top of the parabola through the logarithms of a peak and its neighbours, on each axis: exact for a
         Gaussian; at most half a place away
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST = 1e-6       # a value whose logarithm is taken
AROUND = tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if (row, column) != (0, 0))


@dataclass(frozen=True, eq=False)
class Candidates:
    """N joints that may be there: xy (N,2) in pixels of the input, scores (N,), kinds (N,) in ascending order."""

    xy: np.ndarray
    scores: np.ndarray
    kinds: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)


def peaks(maps: np.ndarray, *, stride: float, least: float) -> Candidates:
    """The candidates in the maps (H,W,K) of one picture from the height `least` on."""
    framed = np.full((maps.shape[0] + 2, maps.shape[1] + 2, maps.shape[2]), -np.inf, maps.dtype)
    framed[1:-1, 1:-1] = maps
    rows, columns, kinds = np.unravel_index(np.flatnonzero(maps >= least), maps.shape)
    values = maps[rows, columns, kinds]
    kept = np.ones(len(rows), bool)
    for down, across in AROUND:
        other = framed[rows + 1 + down, columns + 1 + across, kinds]
        kept &= (values > other) | ((values == other) & ((down, across) > (0, 0)))
    rows, columns, kinds = rows[kept], columns[kept], kinds[kept]
    order = np.lexsort((columns, rows, kinds))
    rows, columns, kinds = rows[order], columns[order], kinds[order]
    scores = maps[rows, columns, kinds].astype(np.float64)
    left, right, above, below = (framed[rows + 1 + down, columns + 1 + across, kinds].astype(np.float64)
                                 for down, across in ((0, -1), (0, 1), (-1, 0), (1, 0)))
    offsets = np.stack([top_between(left, scores, right), top_between(above, scores, below)], axis=1)
    return Candidates((np.stack([columns, rows], axis=1) + 0.5 + offsets) * stride, scores, kinds)


def top_between(before: np.ndarray, at: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far the top of a hill lies from its highest place, in places; 0 at the border of a map."""
    inside = np.isfinite(before) & np.isfinite(after)
    low, middle, high = (np.log(np.maximum(values, LOWEST)) for values in (before, at, after))
    bend = 2 * (2 * middle - low - high)
    return np.clip(np.where(inside & (bend > 0), (high - low) / np.maximum(bend, LOWEST), 0), -0.5, 0.5)
