"""Anchors from the boxes themselves: k-means on widths and heights with the distance 1 - IoU.

Shapes   sizes (M,2) widths and heights -> anchors (k,2), the smallest area first
Rule     centres start at sizes drawn far from one another (k-means++ with that distance); a centre becomes the mean of
         its sizes as long as the mean IoU rises; the best of `starts` beginnings, and of k - 1 with one more, is kept
Source   Redmon & Farhadi 2017, section 2
"""

from __future__ import annotations

import numpy as np

from pellucid.data.boxes.column import Placed
from pellucid.keys import Key
from pellucid.tasks.detection.overlap import shape_iou

STARTS, ROUNDS = 10, 100


def fitted_anchors(placed: Placed, count: int) -> tuple[tuple[float, float], ...]:
    """At most `count` anchors (width, height) of training boxes, in hundredths of a pixel."""
    found = kmeans_anchors(placed.corners[:, 2:] - placed.corners[:, :2], count, key=Key.of(0).fold("detection"))
    return tuple((float(width), float(height)) for width, height in np.round(found, 2))


def mean_best_iou(sizes: np.ndarray, anchors: np.ndarray) -> float:
    """How well the nearest anchor covers a size, over all of them."""
    return float(shape_iou(sizes, anchors).max(axis=1).mean())


def kmeans_anchors(sizes: np.ndarray, count: int, *, key: Key, starts: int = STARTS) -> np.ndarray:
    """(count,2); fewer where fewer sizes differ. The same key gives the same anchors."""
    sizes = np.asarray(sizes, np.float64)
    count = min(count, len(np.unique(sizes, axis=0)))
    found: np.ndarray | None = None
    for number in range(1, count + 1):
        random = key.fold("anchors", number).generator()
        tries = [settled(sizes, first_centres(sizes, number, random)) for _ in range(starts)]
        if found is not None:  # one more centre where the old ones fit least: never worse than they are
            lone = sizes[shape_iou(sizes, found).max(axis=1).argmin()]
            tries.append(settled(sizes, np.vstack([found, lone])))
        found = max(tries, key=lambda anchors: mean_best_iou(sizes, anchors))
    assert found is not None, "there is a size at least"
    return np.asarray(found[np.argsort(found.prod(axis=1), kind="stable")])


def first_centres(sizes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Sizes drawn one by one, each with the square of its distance to those drawn already as its chance."""
    chosen = [sizes[random.integers(len(sizes))]]
    while len(chosen) < count:
        far = (1 - shape_iou(sizes, np.array(chosen)).max(axis=1)) ** 2
        total = far.sum()
        chosen.append(sizes[random.choice(len(sizes), p=far / total) if total > 0 else random.integers(len(sizes))])
    return np.array(chosen)


def settled(sizes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Anchors moved until the mean IoU rises no more."""
    best = mean_best_iou(sizes, anchors)
    for _ in range(ROUNDS):
        nearest = shape_iou(sizes, anchors).argmax(axis=1)
        moved = np.array([sizes[nearest == k].mean(axis=0) if (nearest == k).any() else anchors[k]
                          for k in range(len(anchors))])  # fmt: skip
        now = mean_best_iou(sizes, moved)
        if now <= best + 1e-12:
            break
        anchors, best = moved, now
    return anchors
