"""How much two boxes cover one another.

Shapes   a (N,4), b (M,4) as x1 y1 x2 y2 -> (N,M)
IoU      overlap / union, 1 for equal boxes, 0 for boxes apart and for any box without area
GIoU     IoU - (hull - union) / hull, from -1 to 1 (Rezatofighi et al. 2019, algorithm 1)
Shape    of boxes w, h alone, their centres laid on one another: min(w,w') min(h,h') / union
"""

from __future__ import annotations

import numpy as np

ROWS = 1 << 17  # pairs that are worked on at once, few enough for the cache


def area(boxes: np.ndarray) -> np.ndarray:
    """(N,) of boxes (N,4); 0 where they are reversed."""
    return np.asarray(np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None))


def iou(a: np.ndarray, b: np.ndarray, *, generalized: bool = False, crowd: np.ndarray | None = None) -> np.ndarray:
    """(N,M); memory beyond the result is bounded. Of those of b that are `crowd` (M,) the overlap is over a's area."""
    found = np.empty((len(a), len(b)), np.result_type(a, b, np.float32))
    step = max(1, ROWS // max(len(b), 1))
    for start in range(0, len(a), step):
        found[start : start + step] = _iou(a[start : start + step], b, generalized, crowd)
    return found


def _iou(a: np.ndarray, b: np.ndarray, generalized: bool, crowd: np.ndarray | None) -> np.ndarray:
    shared = np.clip(_ends(a, b, 0), 0, None) * np.clip(_ends(a, b, 1), 0, None)
    own, other = area(a)[:, np.newaxis], area(b)[np.newaxis]
    union = own + other - shared
    if crowd is not None:
        union = np.where(crowd[np.newaxis], own, union)
    found = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    if generalized:
        left, right = a[:, np.newaxis], b[np.newaxis]
        hull = np.prod(np.maximum(left[..., 2:], right[..., 2:]) - np.minimum(left[..., :2], right[..., :2]), axis=2)
        found = found - np.divide(hull - union, hull, out=np.zeros_like(hull), where=hull > 0)
    return np.asarray(found)


def _ends(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    """(N,M): from where both have begun to where one ends; below 0 where they are apart."""
    nearest = np.minimum(a[:, np.newaxis, axis + 2], b[np.newaxis, :, axis + 2])
    return np.asarray(nearest - np.maximum(a[:, np.newaxis, axis], b[np.newaxis, :, axis]))


def shape_iou(sizes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """(N,K) of widths and heights (N,2) and (K,2)."""
    shared = np.prod(np.minimum(sizes[:, np.newaxis], anchors[np.newaxis]), axis=2)
    union = sizes.prod(axis=1)[:, np.newaxis] + anchors.prod(axis=1)[np.newaxis] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
