"""One box an object: of boxes that cover one another the surest stays (NMS), or others are made less sure (Soft-NMS).

Shapes     boxes (N,4), scores (N,), classes (N,) -> indices (K,), the surest first; Soft-NMS: and their scores (K,)
NMS        the largest score stays, every other box of its class with IoU above `threshold` to it goes; and so on
Soft-NMS   gaussian: s exp(-IoU^2 / sigma);  linear: s (1 - IoU) where IoU >= threshold; until all are below `least`
Source     Bodla et al. 2017, figure 2
"""

from __future__ import annotations

import numpy as np

from pellucid.tasks.detection.overlap import iou

FORMS = ("linear", "gaussian")
SURE = 1 << 6  # boxes whose pairs are looked at together


def nms(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray | None = None, *, threshold: float = 0.5,
        most: int | None = None) -> np.ndarray:  # fmt: skip
    """Indices of the boxes that stay, at most `most` of them; among equal scores the first stays."""
    order = np.argsort(-scores, kind="stable")
    boxes = apart(boxes, classes)[order]
    free = np.ones(len(order), bool)
    kept: list[int] = []
    for start in range(0, len(order), SURE):
        others = start + np.flatnonzero(free[start:])
        rows = others[others < start + SURE]
        close = iou(boxes[rows], boxes[others]) > threshold
        for row, near in zip(rows.tolist(), close, strict=True):
            if not free[row]:
                continue
            kept.append(row)
            if most is not None and len(kept) == most:
                return np.asarray(order[kept])
            free[others[near]] = False
    return np.asarray(order[kept], np.int64)


def soft_nms(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray | None = None, *, form: str = "linear",
             threshold: float = 0.3, sigma: float = 0.5, least: float = 0.001,
             most: int | None = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Indices of boxes and the scores they keep; `least` is where one is given up."""
    boxes, left = apart(boxes, classes), np.asarray(scores, np.float64).copy()
    kept: list[int] = []
    said: list[float] = []
    while len(left) and (most is None or len(kept) < most):
        best = int(left.argmax())
        if left[best] < least:
            break
        kept.append(best)
        said.append(float(left[best]))
        shared = iou(boxes[best : best + 1], boxes)[0]
        if form == "gaussian":
            left *= np.exp(-(shared**2) / sigma)
        else:
            left *= np.where(shared >= threshold, 1 - shared, 1.0)
        left[best] = -1.0
    return np.array(kept, np.int64), np.array(said)


def apart(boxes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    """Boxes moved so far that those of two classes do not meet, in float64 so that their overlaps stay the same."""
    boxes = np.asarray(boxes, np.float64)
    if classes is None or not len(boxes):
        return boxes
    room = float(boxes.max() - boxes.min()) + 1
    return np.asarray(boxes + (classes * room)[:, np.newaxis])
