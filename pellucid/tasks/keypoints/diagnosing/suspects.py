"""Marks that may be wrong, in parts that the model did not learn from.

Swapped   an object that is answered far better when its left and right points are exchanged
Astray    a point that the model is sure of and that lies far from its mark, on an object whose other points fit; a
          model whose answers are far off in the middle accuses nobody
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.tasks.keypoints.evaluation import Evaluation
from pellucid.tasks.keypoints.scores.distances import each_nme

SUSPECTS = 20
SWAPPED = 0.5             # of the NME as marked, below which that of the exchanged points must lie
FAR, TIMES, SURE = 0.2, 6.0, 0.5  # of the length; of the point's own usual error; score of the answer


def suspects_of(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """Those of several parts, the farthest off first."""
    found = [row for one in evaluations for row in (*swapped_in(one), *astray_in(one))]
    return sorted(found, key=lambda row: -row["off"])[:SUSPECTS]


def swapped_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """Objects whose left and right may have been marked the other way round."""
    if not one.truth.skeleton.pairs:
        return
    other = exchanged_nme(one)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((other < SWAPPED * one.each) & (one.each > FAR / 2))
    for row in rows.tolist():
        yield {"part": one.split, "picture": str(one.origins[row]), "row": row, "what": "left and right exchanged",
               "point": "", "off": float(one.each[row]), "otherwise": float(other[row])}  # fmt: skip


def exchanged_nme(one: Evaluation) -> np.ndarray:
    """(N,) the NME of the answers when the points of each mirror pair change names."""
    order = one.truth.skeleton.mirrored()
    return each_nme(np.linalg.norm(one.found[:, order] - one.truth.xy, axis=2), one.lengths)


def astray_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """Single points that are marked far from where the model is sure they are."""
    share = one.away / one.lengths[:, np.newaxis]                                     # (N,K)
    marked = np.isfinite(share).any(axis=0)
    usual = np.full(share.shape[1], np.inf)
    usual[marked] = np.nanmedian(share[:, marked], axis=0)
    whole = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.inf for row in share])
    fits = whole <= min(2 * np.median(whole), FAR)
    with np.errstate(invalid="ignore"):
        away = (share > np.maximum(FAR, TIMES * usual)) & (one.sure > SURE) & fits[:, np.newaxis]
    for row, k in np.argwhere(away).tolist():
        yield {"part": one.split, "picture": str(one.origins[row]), "row": row, "what": "far from where it is found",
               "point": one.truth.skeleton.names[k], "off": float(share[row, k]), "otherwise": None}  # fmt: skip
