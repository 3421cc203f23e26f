"""Mirror pairs held against where points lie: the middle object and its mirror image must fall on one another.

Middle   objects moved, scaled and turned alike, their mean over those that have a point
Mirror   the middle object with x for -x, laid back by the similarity that its declared pairs ask for, most points right
Doubt    point k, whose mirror image falls far from the place of its partner and near to that of another point
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.points.column import Points

TURNS = 3
FAR, NEAR = 0.15, 0.4   # of the object's size from its partner; and at most this part of that from another point
LEAST = 10              # objects from which anything is told


@dataclass(frozen=True)
class Doubt:
    """A point, its declared partner, and the point that lies where its mirror image falls."""

    point: str
    partner: str
    other: str

    @property
    def words(self) -> str:
        has = "has no mirror pair" if self.partner == self.point else f"is paired with {self.partner}"
        return f"{self.point} {has}, though its mirror image falls on {self.other}"


def doubtful_pairs(points: Points) -> list[Doubt]:
    """Points whose pair is missing or wrong by where they lie; none where there is too little to go by."""
    if len(points) < LEAST or len(points.skeleton) < 3:
        return []
    middle = middle_of(points.xy)
    if not np.isfinite(middle).all():
        return []
    order, names = points.skeleton.mirrored(), points.skeleton.names
    mirrored = laid_on(np.conj(-middle)[order], middle)
    if mirrored is None:
        return []
    size = float(np.sqrt((np.abs(middle) ** 2).mean()))
    far = np.abs(mirrored[:, None] - middle[None])                                                  # (K,K)
    own, best = far[np.arange(len(middle)), np.arange(len(middle))], far.argmin(axis=1)
    wrong = np.flatnonzero((own > FAR * size) & (far.min(axis=1) < NEAR * own))
    return [Doubt(names[order[k]], names[k], names[best[k]]) for k in wrong.tolist()]


def middle_of(xy: np.ndarray) -> np.ndarray:
    """(K,) complex: the mean object, of objects moved, scaled and turned alike."""
    flat = xy[..., 0] + 1j * xy[..., 1]
    known = ~np.isnan(flat)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    flat = np.where(known, flat, 0)
    flat = np.where(known, flat - flat.sum(axis=1, keepdims=True) / count, 0)
    flat /= np.maximum(np.sqrt((np.abs(flat) ** 2).sum(axis=1, keepdims=True) / count), 1e-12)
    middle: np.ndarray = flat[np.argmax(known.sum(axis=1))]
    for _ in range(TURNS):
        turn = (np.conj(flat) * middle).sum(axis=1, keepdims=True)
        flat *= turn / np.maximum(np.abs(turn), 1e-12)
        times = known.sum(axis=0)
        middle = np.where(times > 0, flat.sum(axis=0) / np.maximum(times, 1), np.nan)
    return middle


def laid_on(points: np.ndarray, onto: np.ndarray) -> np.ndarray | None:
    """Points (K,) moved and turned so that most of them fall on others (K,): least squares, the farthest left out."""
    kept = np.ones(len(points), bool)
    for _ in range(TURNS):
        a, b = points[kept], onto[kept]
        turn = (np.conj(a - a.mean()) * (b - b.mean())).sum()
        if abs(turn) < 1e-12:
            return None
        laid: np.ndarray = (points - a.mean()) * turn / abs(turn) + b.mean()
        off = np.abs(laid - onto)
        kept = off <= max(3 * float(np.median(off)), 1e-9)
    return laid
