"""Candidates for joints: the local maxima of heat maps, placed between the places of a map.

Axes     H W rows and columns of the maps, K kinds of joint, N candidates
Peak     a place above `least` that none of its eight neighbours exceeds; of equal ones side by side the first
Place    the top of the parabola through the logarithms of a peak and its neighbours, on each axis: exact for a
         Gaussian; at most half a place away
Beside   where two joints of a kind lie closer than a network tells apart, the lower hill is a shoulder of the other and
         no peak: what a map has above the hills of its peaks is looked at once more, from BESIDE on. Hills much broader
         than sigma look like several; a map of more than CROWD peaks is noise, and not looked at again
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST = 1e-6       # a value whose logarithm is taken
BESIDE = 0.3        # above the hills of the peaks; chosen on drawn scenes, docs/people.md
CROWD = 64          # peaks of a kind
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
class Places:
    """N places of maps, or the local maxima among them: rows, columns and kinds (N,), values (N,)."""

    rows: np.ndarray
    columns: np.ndarray
    kinds: np.ndarray
    values: np.ndarray

    def take(self, some: np.ndarray) -> Places:
        """Some of them."""
        return Places(self.rows[some], self.columns[some], self.kinds[some], self.values[some])


def peaks(maps: np.ndarray, *, stride: float, least: float, sigma: float) -> Candidates:
    """The candidates in the maps (H,W,K) of one picture from the height `least` on; sigma of their hills, in places."""
    rows, columns, kinds = np.unravel_index(np.flatnonzero(maps >= least), maps.shape)
    every = Places(rows, columns, kinds, maps[rows, columns, kinds])
    tops, spots = tops_of(every, maps, least, outside=maps)
    clear = np.bincount(tops.kinds, minlength=maps.shape[2]) <= CROWD
    high = every.take((every.values >= BESIDE) & clear[every.kinds])
    above = (high.values - hills_at(high, tops, spots, sigma)).astype(maps.dtype)
    more, beside = tops_of(Places(high.rows, high.columns, high.kinds, above), maps, BESIDE)
    rows, columns, kinds = (np.concatenate(both) for both in ((tops.rows, more.rows), (tops.columns, more.columns),
                                                             (tops.kinds, more.kinds)))  # fmt: skip
    order = np.lexsort((columns, rows, kinds))
    spots = np.concatenate([spots, beside])[order]
    return Candidates((spots + 0.5) * stride, maps[rows, columns, kinds].astype(np.float64)[order], kinds[order])


def tops_of(places: Places, maps: np.ndarray, least: float, outside: np.ndarray | None = None,
            ) -> tuple[Places, np.ndarray]:  # fmt: skip
    """The local maxima from a height on among places of maps (H,W,K), and x, y (N,2) of their tops, in places.

    outside: what maps have elsewhere; default: 0.
    """
    height, width, count = maps.shape
    framed = np.zeros((height + 2, width + 2, count), maps.dtype)
    framed[[0, -1]] = framed[:, [0, -1]] = -np.inf
    if outside is None:
        framed[places.rows + 1, places.columns + 1, places.kinds] = places.values
    else:
        framed[1:-1, 1:-1] = outside
    tops = places.take(places.values >= least)
    for down, across in AROUND:
        other = framed[tops.rows + 1 + down, tops.columns + 1 + across, tops.kinds]
        tops = tops.take((tops.values > other) | ((tops.values == other) & ((down, across) > (0, 0))))
    middle = tops.values.astype(np.float64)
    left, right, above, below = (framed[tops.rows + 1 + down, tops.columns + 1 + across, tops.kinds].astype(np.float64)
                                 for down, across in ((0, -1), (0, 1), (-1, 0), (1, 0)))
    offsets = np.stack([top_between(left, middle, right), top_between(above, middle, below)], axis=1)
    return tops, np.stack([tops.columns, tops.rows], axis=1) + offsets


def hills_at(places: Places, tops: Places, spots: np.ndarray, sigma: float) -> np.ndarray:
    """How high (N,) the highest hill of a place's kind is there; the hills have their tops at spots (T,2)."""
    asked = np.flatnonzero(np.isin(tops.kinds, places.kinds))
    if not len(asked):
        return np.zeros(len(places.kinds))
    order = asked[np.argsort(tops.kinds[asked], kind="stable")]
    kinds, spots, middles = tops.kinds[order], spots[order], np.stack([tops.columns, tops.rows], axis=1)[order]
    off = np.minimum(((spots - middles) ** 2).sum(axis=1) / sigma**2, 1)            # of hills narrower than a place
    heights = tops.values[order] * np.exp(off)
    many = np.bincount(kinds, minlength=int(places.kinds.max(initial=0)) + 1)
    place = np.arange(len(kinds)) - np.repeat(np.cumsum(many) - many, many)
    table = np.zeros((len(many), int(many.max()), 3))               # x, y and height, 0 where a kind has fewer
    table[kinds, place] = np.concatenate([spots, heights[:, np.newaxis]], axis=1)
    x, y, high = np.moveaxis(table[places.kinds], 2, 0)
    apart = (places.columns[:, np.newaxis] - x) ** 2 + (places.rows[:, np.newaxis] - y) ** 2
    return np.asarray((high * np.exp(-apart / sigma**2)).max(axis=1))


def top_between(before: np.ndarray, at: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far the top of a hill lies from its highest place, in places; 0 at the border of a map."""
    inside = np.isfinite(before) & np.isfinite(after)
    low, middle, high = (np.log(np.maximum(values, LOWEST)) for values in (before, at, after))
    bend = 2 * (2 * middle - low - high)
    return np.clip(np.where(inside & (bend > 0), (high - low) / np.maximum(bend, LOWEST), 0), -0.5, 0.5)
