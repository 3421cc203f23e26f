"""Which anchor of its cell an object is learnt by, and which ones are left out.

Shapes   sizes (M,2) of objects, anchors (B,2), slots (M,): the cell of each object -> Matched
book     the anchor of the largest shape IoU, where that is above 0.5; another one above 0.5 is ignored; without any the
         object is not learnt and its anchors stay negatives
best     always the anchor of the largest shape IoU
Both     an anchor that an earlier (larger) object of the cell has taken is not given again: that object is lost
Source   CNN-book 12.4; Redmon & Farhadi 2018 (always the best)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.tasks.detection.overlap import shape_iou

RULES = ("best", "book")
ENOUGH = 0.5


@dataclass(frozen=True, eq=False)
class Matched:
    """anchor (M,): which one learns an object, -1: none; ignored (M,B) of its cell; unfit, taken (M,): why not."""

    anchor: np.ndarray
    ignored: np.ndarray
    unfit: np.ndarray
    taken: np.ndarray


def match(sizes: np.ndarray, anchors: np.ndarray, slots: np.ndarray, rule: str = "best") -> Matched:
    """Match objects to the anchors of their cells; larger objects choose first."""
    shared = shape_iou(sizes, anchors)
    count = len(sizes)
    found = Matched(np.full(count, -1), np.zeros(shared.shape, bool), np.zeros(count, bool), np.zeros(count, bool))
    used: set[tuple[int, int]] = set()
    for row in np.argsort(-sizes.prod(axis=1), kind="stable").tolist():
        best = int(shared[row].argmax())
        if rule == "book" and shared[row, best] <= ENOUGH:
            found.unfit[row] = True
            continue
        if rule == "book":
            found.ignored[row] = shared[row] > ENOUGH
            found.ignored[row, best] = False
        place = (int(slots[row]), best)
        if place in used:
            found.taken[row] = True
            continue
        used.add(place)
        found.anchor[row] = best
    return found
