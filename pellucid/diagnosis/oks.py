"""Object keypoint similarity, and the average precision over it, as COCO has them.

Axes       G true objects and D answers of a picture, K points
OKS        mean over the marked points of exp(-d^2 / (2 (2 s_k)^2 area)), s_k the annotators' spread of a point as a
           share of sqrt(area); of an object without a marked point, the distance to its box enlarged once each way
AP         answers by falling score take the free object of the largest OKS from a threshold on; precision made monotone
           from the right, mean at 101 recalls, over thresholds 0.50, 0.55 .. 0.95; at most 20 answers a picture
Spreads    of repeated annotation: s_k^2 = mean of d^2 / area over pictures, d from the mean of the repetitions
Source     Lin et al. 2014 and pycocotools, whose numbers these are to 1e-12; Ronchi & Perona 2017
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 20                        # answers a picture
ASSUMED = 0.05                   # spread of every point where nobody knows it
SPACING = np.spacing(1)


@dataclass(frozen=True, eq=False)
class People:
    """Objects of all pictures: xy (G,K,2), visible (G,K), areas (G,), boxes (G,4) and pictures (G,), numbers from 0.

    crowd (G,): objects that hold any number of answers, of which none is right or wrong; None: none of them.
    """

    xy: np.ndarray
    visible: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray
    pictures: np.ndarray
    crowd: np.ndarray | None = None

    @property
    def many(self) -> np.ndarray:
        """(G,) which are crowds."""
        return np.zeros(len(self.pictures), bool) if self.crowd is None else self.crowd


def oks(found: np.ndarray, truth: np.ndarray, visible: np.ndarray, areas: np.ndarray, boxes: np.ndarray,
        sigmas: np.ndarray) -> np.ndarray:  # fmt: skip
    """(D,G) of answers (D,K,2) and objects (G,K,2) with visible (G,K), areas (G,), boxes (G,4) x1 y1 x2 y2."""
    marked = np.asarray(visible > 0)
    low, far = boxes[:, :2], boxes[:, 2:]
    side = far - low
    away = found[:, np.newaxis] - np.nan_to_num(truth)[np.newaxis]                    # (D,G,K,2)
    outside = np.maximum(0, (low - side)[:, np.newaxis] - found[:, np.newaxis]) + np.maximum(
        0, found[:, np.newaxis] - (far + side)[:, np.newaxis])  # fmt: skip
    none = np.asarray(~marked.any(axis=1))
    away = np.where(none[:, np.newaxis, np.newaxis], outside, away)
    square = (away**2).sum(axis=-1) / (2 * sigmas) ** 2 / (areas[:, np.newaxis] + SPACING) / 2
    counted = marked | none[:, np.newaxis]
    return np.asarray((np.exp(-square) * counted).sum(axis=-1) / np.maximum(counted.sum(axis=-1), 1))


def matched(similar: np.ndarray, ignored: np.ndarray, crowd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which answers are right, and which count nothing (T,D), of similarities (D,G), the surest answer first."""
    order = np.argsort(ignored, kind="stable")
    similar, ignored, crowd = similar[:, order], ignored[order], crowd[order]
    right = np.zeros((len(THRESHOLDS), len(similar)), bool)
    aside = np.zeros_like(right)
    for t, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(order), bool)
        for row in range(len(similar)):
            best, at = min(threshold, 1 - 1e-10), -1
            for g in range(len(order)):
                if not free[g]:
                    continue
                if at > -1 and not ignored[at] and ignored[g]:
                    break
                if similar[row, g] >= best:
                    best, at = similar[row, g], g
            if at > -1:
                free[at] = crowd[at]
                right[t, row], aside[t, row] = not ignored[at], ignored[at]
    return right, aside


@dataclass(frozen=True, eq=False)
class Matched:
    """All answers by falling score: picture (A,), right and aside (T,A); objects that count of each picture (P,)."""

    picture: np.ndarray
    right: np.ndarray
    aside: np.ndarray
    objects: np.ndarray

    def precision(self, times: np.ndarray | None = None) -> np.ndarray:
        """(T,) the average precision at each threshold, each picture counted `times` (P,); NaN without an object."""
        every = np.ones(len(self.objects)) if times is None else times
        count = float(every @ self.objects)
        if not count:
            return np.full(len(THRESHOLDS), np.nan)
        return np.array([area_under(right, aside, every[self.picture], count)
                         for right, aside in zip(self.right, self.aside, strict=True)])  # fmt: skip


def area_under(right: np.ndarray, aside: np.ndarray, times: np.ndarray, count: float) -> float:
    """The mean precision at 101 recalls, of answers (A,) by falling score and `count` objects."""
    hit, said = np.cumsum(times * right), np.cumsum(times * ~aside)
    precision = hit / (said + SPACING)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(hit / count, RECALLS, side="left")
    return float(np.append(highest, 0.0)[np.minimum(at, len(highest))].mean())


def match_all(people: People, found: np.ndarray, scores: np.ndarray, pictures: np.ndarray,
              sigmas: np.ndarray, count: int | None = None) -> Matched:  # fmt: skip
    """Answers (A,K,2) with scores (A,), in pictures (A,), matched to the objects of their pictures, `count` in all."""
    if count is None:
        count = int(max(people.pictures.max(initial=-1), pictures.max(initial=-1))) + 1
    nothing = np.asarray(~(people.visible > 0).any(axis=1) | people.many)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for picture in range(count):
        rows, objects = np.flatnonzero(pictures == picture), np.flatnonzero(people.pictures == picture)
        rows = rows[np.argsort(-scores[rows], kind="stable")][:MOST]
        similar = oks(found[rows], people.xy[objects], people.visible[objects], people.areas[objects],
                      people.boxes[objects], sigmas)  # fmt: skip
        parts.append((rows, *matched(similar, nothing[objects], people.many[objects])))
    rows = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
    order = np.argsort(-scores[rows], kind="stable")
    right, aside = (np.concatenate([part[k] for part in parts], axis=1)[:, order] for k in (1, 2))
    return Matched(pictures[rows][order], right, aside,
                   np.bincount(people.pictures[~nothing], minlength=count).astype(np.float64))  # fmt: skip


def spreads_of_repeats(xy: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """(K,) spreads from points (R,N,K,2) that were marked R times, NaN where not; areas (N,) of the objects.

    NaN for a point that was nowhere marked twice.
    """
    times = np.isfinite(xy).all(axis=-1).sum(axis=0)                                  # (N,K)
    middle = np.nansum(xy, axis=0) / np.maximum(times, 1)[..., np.newaxis]
    square = np.nansum((xy - middle) ** 2, axis=(0, 3)) / np.maximum(times - 1, 1)    # (N,K): of x and y together
    twice = times > 1
    total = np.where(twice, square / areas[:, np.newaxis], 0).sum(axis=0)
    return np.sqrt(np.where(twice.any(axis=0), total / np.maximum(twice.sum(axis=0), 1), np.nan))


def similarities(found: np.ndarray, people: People, sigmas: Sequence[float] | np.ndarray) -> np.ndarray:
    """(N,) the OKS of each object's own answer (N,K,2); NaN of one without a marked point."""
    each = [oks(found[n : n + 1], people.xy[n : n + 1], people.visible[n : n + 1], people.areas[n : n + 1],
                people.boxes[n : n + 1], np.asarray(sigmas))[0, 0] for n in range(len(found))]  # fmt: skip
    return np.where((people.visible > 0).any(axis=1), np.array(each).reshape(-1), np.nan)
