"""Errors of points, object by object, and the scores that are shares and means of them.

Axes      N objects, K points, B draws of the objects
Shapes    away (N,K) in pixels, NaN where a point is not marked; lengths (N,), NaN where unknown; times (B,N): how often
          each object counts
NME       mean over objects of the mean over marked points of away / length
Failures  share of the objects whose mean is beyond a border; area: under the curve of the share within e, e from 0 to
          the border, over the border: mean of max(0, 1 - mean / border)
PCK@a     share of the marked points within a lengths of the truth
Pixels    the middle error and that which 90 % of the points stay within
Source    CNN-book 12.13; Yang & Ramanan 2013 (PCK); Sagonas et al. 2013 (error curve and its area)
"""

from __future__ import annotations

import numpy as np

BORDERS = (0.08, 0.10)


def each_nme(away: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(N,) the mean error of an object in its length; NaN where either is unknown."""
    marked = np.isfinite(away)
    count = marked.sum(axis=1)
    total = np.where(marked, away, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1) / lengths, np.nan)


def means(each: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(B,) means over the objects (N,) that have a value."""
    known = np.isfinite(each)
    total = times[:, known].sum(axis=1)
    return np.where(total > 0, times[:, known] @ each[known] / np.maximum(total, 1e-300), np.nan)


def failed(each: np.ndarray, border: float) -> np.ndarray:
    """(N,) 1 beyond the border, 0 within, NaN where unknown."""
    return np.where(np.isfinite(each), (each > border).astype(np.float64), np.nan)


def areas(each: np.ndarray, border: float) -> np.ndarray:
    """(N,) what an object adds to the area under the error curve."""
    return np.asarray(np.maximum(0, 1 - each / border)) if border else np.zeros(len(each))


def curve(each: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The share of the objects within each of the errors `ends` (E,)."""
    known = np.sort(each[np.isfinite(each)])
    return np.asarray(np.searchsorted(known, ends, side="right") / max(1, len(known)))


def right_and_counted(away: np.ndarray, lengths: np.ndarray, a: float) -> tuple[np.ndarray, np.ndarray]:
    """(N,K) of bool: within a lengths of the truth; marked, on an object whose length is known."""
    counted = np.isfinite(away) & np.isfinite(lengths)[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        return counted & (away <= a * lengths[:, np.newaxis]), counted


def pck(right: np.ndarray, counted: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(B,) share of the points that are right."""
    total = times @ counted.sum(axis=1)
    return np.where(total > 0, times @ right.sum(axis=1) / np.maximum(total, 1e-300), np.nan)


def quantiles(away: np.ndarray, share: float, times: np.ndarray) -> np.ndarray:
    """(B,) the error that a share of the marked points stays within: the smallest with so many at or below it."""
    rows, columns = np.nonzero(np.isfinite(away))
    values = away[rows, columns]
    order = np.argsort(values, kind="stable")
    below = np.cumsum(times[:, rows[order]], axis=1)                                  # (B, points)
    if not len(order):
        return np.full(len(times), np.nan)
    at = (below < share * below[:, -1:] * (1 - 1e-12)).sum(axis=1)
    return np.asarray(np.where(below[:, -1] > 0, values[order][np.minimum(at, len(order) - 1)], np.nan))
