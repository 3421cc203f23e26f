"""Candidates for joints: the local maxima of heat maps, placed between the places of a map.

Axes     H W rows and columns of the maps, K kinds of joint, N candidates
Peak     a place above `least` that none of its eight neighbours exceeds; of equal ones side by side the first
Place    the top of the parabola through the logarithms of a peak and its neighbours, on each axis: exact for a
         Gaussian; at most half a place away
Beside   where two joints of a kind lie closer than a network tells apart, the lower hill is a shoulder of the other and
         no peak: what a map has above the hills of its peaks is looked at once more, from BESIDE on
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST = 1e-6       # a value whose logarithm is taken
BESIDE = 0.35       # above the hills of the peaks; chosen on drawn scenes, docs/people.md
AROUND = tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if (row, column) != (0, 0))


@dataclass(frozen=True, eq=False)
class Candidates:
    """N joints that may be there: xy (N,2) in pixels of the input, scores (N,), kinds (N,) in ascending order."""

    xy: np.ndarray
    scores: np.ndarray
    kinds: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True, eq=False)
class Tops:
    """N local maxima: rows, columns and kinds (N,) of their places, and how far off (N,2) in x and y the tops lie."""

    rows: np.ndarray
    columns: np.ndarray
    kinds: np.ndarray
    offsets: np.ndarray

    @property
    def spots(self) -> np.ndarray:
        """(N,2) x, y of the tops, in places."""
        return np.asarray(np.stack([self.columns, self.rows], axis=1) + self.offsets)


def peaks(maps: np.ndarray, *, stride: float, least: float, sigma: float) -> Candidates:
    """The candidates in the maps (H,W,K) of one picture from the height `least` on; sigma of their hills, in places."""
    found = tops(maps, least)
    more = tops(above(maps, found, sigma), BESIDE)
    rows, columns, kinds = (np.concatenate(both) for both in ((found.rows, more.rows), (found.columns, more.columns),
                                                             (found.kinds, more.kinds)))  # fmt: skip
    order = np.lexsort((columns, rows, kinds))
    spots = np.concatenate([found.spots, more.spots])[order]
    return Candidates((spots + 0.5) * stride, maps[rows, columns, kinds].astype(np.float64)[order], kinds[order])


def tops(maps: np.ndarray, least: float) -> Tops:
    """The local maxima of maps (H,W,K) from a height on."""
    framed = np.full((maps.shape[0] + 2, maps.shape[1] + 2, maps.shape[2]), -np.inf, maps.dtype)
    framed[1:-1, 1:-1] = maps
    rows, columns, kinds = np.unravel_index(np.flatnonzero(maps >= least), maps.shape)
    values = maps[rows, columns, kinds]
    kept = np.ones(len(rows), bool)
    for down, across in AROUND:
        other = framed[rows + 1 + down, columns + 1 + across, kinds]
        kept &= (values > other) | ((values == other) & ((down, across) > (0, 0)))
    rows, columns, kinds = rows[kept], columns[kept], kinds[kept]
    middle = values[kept].astype(np.float64)
    left, right, above, below = (framed[rows + 1 + down, columns + 1 + across, kinds].astype(np.float64)
                                 for down, across in ((0, -1), (0, 1), (-1, 0), (1, 0)))
    offsets = np.stack([top_between(left, middle, right), top_between(above, middle, below)], axis=1)
    return Tops(rows, columns, kinds, offsets)


def above(maps: np.ndarray, found: Tops, sigma: float) -> np.ndarray:
    """What maps (H,W,K) have above the highest hill around one of the tops, at places from BESIDE on; elsewhere 0."""
    heights = maps[found.rows, found.columns, found.kinds] * np.exp((found.offsets**2).sum(axis=1) / sigma**2)
    rest = np.zeros_like(maps)
    rows, columns, kinds = np.unravel_index(np.flatnonzero(maps >= BESIDE), maps.shape)
    places = np.stack([columns, rows], axis=1)
    for kind in np.unique(kinds):
        here, own = kinds == kind, found.kinds == kind
        apart = ((places[here, np.newaxis] - found.spots[own]) ** 2).sum(axis=2)
        hills = heights[own] * np.exp(-apart / sigma**2)
        rest[rows[here], columns[here], kind] = maps[rows[here], columns[here], kind] - hills.max(axis=1, initial=0)
    return rest


def top_between(before: np.ndarray, at: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far the top of a hill lies from its highest place, in places; 0 at the border of a map."""
    inside = np.isfinite(before) & np.isfinite(after)
    low, middle, high = (np.log(np.maximum(values, LOWEST)) for values in (before, at, after))
    bend = 2 * (2 * middle - low - high)
    return np.clip(np.where(inside & (bend > 0), (high - low) / np.maximum(bend, LOWEST), 0), -0.5, 0.5)
