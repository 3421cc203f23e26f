"""Which side of an object is its left: objects that are swapped, seen without a network, and sides that are painted.

Turned   each object is moved, scaled and turned so that what a swap does not change (midpoints of pairs, points without
         a pair) lies as in the middle object: a similarity, mirror images left out
Sides    features (N,F) that a swap turns round, and nothing else does: left minus right of each pair, and where these
         are not sure the colours there, left minus right; each over its root mean square, 0 where a point is missing
Score    s = h . w with w = (H'H + a I)^-1 H'1, each object's without itself: all say 1, one that is swapped says -1
Unsure   objects seen from both sides (people from the front and from behind) agree on no side: where the surer half
         is on the wrong side in more than BOTH cases, nothing is told. Points alone cannot know a back from a swap
Marked   objects seen from both sides whose colours agree without an exception (a dark arm and a light one); light that
         falls from one side, as on faces, leaves a tenth of them on the other side
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pellucid.data.points.column import Points
from pellucid.data.points.skeleton import Skeleton

TURNS = 3               # of turning to the middle object and finding it anew
RIDGE = 0.1             # of the mean of what the features say
SURE = 0.25             # of the usual score, beyond which an object on the wrong side is told
BOTH = 0.2              # share on the wrong side above which sides are no matter of names
LEAST = 20              # objects from which anything is told
MOST = 1_000            # objects whose colours are looked at: time grows with their square
REACH = 1               # pixels around a point whose colours count
EXCEPTIONS = 0.02       # share on the wrong side by colours, up to which sides are marked; of faces 0.10 and 0.18


@dataclass(frozen=True)
class Sides:
    """scores (N,): above 0 for an object that agrees with the others; suspects (n,), the surest first; whether sure."""

    scores: np.ndarray
    suspects: np.ndarray
    told: bool


def swapped_in(points: Points, images: Callable[[], np.ndarray] | None = None) -> Sides | None:
    """What sides say of objects; None where nothing has sides.

    Where points alone are not sure, colours are asked too: those of `images` (N,H,W,C), as the column lies.
    """
    pairs = pairs_of(points.skeleton)
    if not len(pairs) or len(points) < LEAST:
        return None
    placed = points.placed()
    features = differences(placed.xy, pairs)
    found = sides_of(features)
    if found.told or images is None:
        return found
    return sides_of(np.concatenate([features, colours_apart(placed.xy, pairs, images())], axis=1))


def pairs_of(skeleton: Skeleton) -> np.ndarray:
    """(P,2) the mirror pairs."""
    return np.array(skeleton.pairs, np.int64).reshape(-1, 2)


def marked_by_look(xy: np.ndarray, pairs: np.ndarray, images: np.ndarray, picture: np.ndarray | None = None) -> bool:
    """Whether colours alone tell left from right: points (N,K,2), pairs (P,2), as for `colours_apart`."""
    xy, picture = xy[:MOST], None if picture is None else picture[:MOST]
    if len(xy) < LEAST or not len(pairs) or sides_of(differences(xy, pairs)).told:
        return False
    apart = colours_apart(xy, pairs, images, picture)
    return bool(np.abs(apart).max() > 0 and (agreement(apart) <= 0).mean() <= EXCEPTIONS)


def sides_of(features: np.ndarray) -> Sides:
    """Scores, suspects and whether they are sure, of features (N,F) that a swap turns round."""
    scores = agreement(features)
    size = np.abs(scores)
    usual = float(np.median(size))
    wrong = float((scores[size >= usual] < 0).mean()) if usual else 1.0
    suspects = np.flatnonzero(scores < -SURE * usual) if wrong <= BOTH else np.empty(0, np.int64)
    return Sides(scores, suspects[np.argsort(scores[suspects])], wrong <= BOTH)


def differences(xy: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(N, 2P) left minus right of each pair, objects turned alike; 0 where one of the two is missing."""
    flat = xy[..., 0] + 1j * xy[..., 1]                                                             # (N,K)
    alone = np.setdiff1d(np.arange(xy.shape[1]), pairs)
    left, right = flat[:, pairs[:, 0]], flat[:, pairs[:, 1]]
    steady = np.concatenate([(left + right) / 2, flat[:, alone]], axis=1)                           # (N,M)
    known = ~np.isnan(steady)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    steady = np.where(known, steady, 0)
    steady = np.where(known, steady - steady.sum(axis=1, keepdims=True) / count, 0)
    apart = np.where(np.isnan(left - right), 0, left - right)                                       # (N,P)
    size = np.sqrt((np.abs(steady) ** 2).sum(axis=1) / count[:, 0] + (np.abs(apart) ** 2).mean(axis=1))
    middle, turn = steady[np.argmax(known.sum(axis=1))], np.ones(len(xy), complex)
    for _ in range(TURNS):
        turn = (np.conj(steady) * middle).sum(axis=1)
        turn = np.where(np.abs(turn) > 0, turn / np.maximum(np.abs(turn), 1e-12), 1)
        middle = (steady * (turn / np.maximum(size, 1e-12))[:, None]).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    apart = apart * (turn / np.maximum(size, 1e-12))[:, None]
    return np.concatenate([apart.real, apart.imag], axis=1)


def colours_apart(
    xy: np.ndarray, pairs: np.ndarray, images: np.ndarray, picture: np.ndarray | None = None
) -> np.ndarray:
    """(N, P*C) colours around the left point minus those around the right one; 0 where one of them is not seen.

    images (M,H,W,C); picture (N,): in which of them each object is, by default in the one of its number.
    """
    height, width = images.shape[1:3]
    at = np.nan_to_num(xy, nan=-1e6)
    inside = ((at >= 0) & (at < (width, height))).all(axis=2)                                       # (N,K)
    column, row = (np.clip(at[..., k].astype(np.int64), 0, side - 1) for k, side in ((0, width), (1, height)))
    every = (np.arange(len(xy)) if picture is None else picture)[:, None]
    seen = np.mean([images[every, np.clip(row + dy, 0, height - 1), np.clip(column + dx, 0, width - 1)]
                    for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1)], axis=0)  # (N,K,C)
    both = inside[:, pairs].all(axis=2)                                                             # (N,P)
    return np.where(both[..., None], seen[:, pairs[:, 0]] - seen[:, pairs[:, 1]], 0).reshape(len(xy), -1)


def agreement(features: np.ndarray) -> np.ndarray:
    """(N,) how far each object is on the side of the others, by ridge regression on 1, each left out in its turn."""
    scale = np.sqrt((features**2).mean(axis=0))
    h = features / np.where(scale > 0, scale, 1)
    gram = h.T @ h
    gram[np.diag_indices_from(gram)] += RIDGE * max(float(np.trace(gram)) / len(gram), 1e-12)
    hat = h @ np.linalg.solve(gram, h.T)                                                            # (N,N)
    fitted, own = hat.sum(axis=1), np.minimum(np.diag(hat), 1 - 1e-9)
    left_out: np.ndarray = (fitted - own) / (1 - own)
    return left_out
