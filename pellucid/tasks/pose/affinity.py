"""Part affinity fields: at each place of a limb the unit vector along it, from which joints are joined to people.

Axes     B pictures, H W rows and columns of the maps, P people, L kinds of limb, S steps along a segment
Target   L_c(p) = v if 0 <= v.(p - x1) <= length and |v_perp.(p - x1)| <= width, else 0, v = (x2 - x1) / length;
         where several people have one, the mean of their vectors; a limb of length 0 has no field
Score    E = mean over the middles u of S equal steps in 0..1 of L_c((1 - u) x1 + u x2) . (x2 - x1) / ||x2 - x1||
Source   Cao et al. 2017, eq. 8 to 11
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.tasks.pose.places import Span, span_around

SHORTEST = 1e-6     # pixels, below which a limb has no direction


def affinity_fields(starts: np.ndarray, ends: np.ndarray, people: np.ndarray, *, count: int, shape: tuple[int, int],
                    stride: float, width: float) -> np.ndarray:  # fmt: skip
    """The fields (count, H, W, 2L), x then y of each limb, of M people's limbs in `count` pictures.

    starts, ends (M,L,2): pixels of the input, NaN where an end has no place; people (M,): the picture of each; shape
    (H,W); stride: pixels a place; width: pixels from a limb's middle line to its side.
    """
    limbs = starts.shape[1]
    fields = np.zeros((count, *shape, limbs, 2), np.float32)
    met = np.zeros((count, *shape, limbs), np.int16)
    lengths = np.linalg.norm(ends - starts, axis=2)
    for person, limb in np.argwhere(lengths > SHORTEST).tolist():      # NaN is not larger
        start, end = starts[person, limb], ends[person, limb]
        unit = (end - start) / lengths[person, limb]
        low, high = np.minimum(start, end) - width, np.maximum(start, end) + width
        at = span_around(low, high, shape, stride)
        inside = in_limb(at, start, unit, lengths[person, limb], width)
        picture = int(people[person])
        fields[picture, at.rows, at.columns, limb][inside] += unit
        met[picture, at.rows, at.columns, limb] += inside
    fields /= np.maximum(met, 1)[..., np.newaxis]
    return fields.reshape(count, *shape, 2 * limbs)


def in_limb(at: Span, start: np.ndarray, unit: np.ndarray, length: float, width: float) -> np.ndarray:
    """Which places (h,w) of a span lie in a limb."""
    x, y = at.x - start[0], at.y - start[1]                                                     # (w,) and (h,)
    along = x[np.newaxis] * unit[0] + y[:, np.newaxis] * unit[1]
    across = y[:, np.newaxis] * unit[0] - x[np.newaxis] * unit[1]
    return np.asarray((along >= 0) & (along <= length) & (np.abs(across) <= width))


def along(fields: np.ndarray, limbs: np.ndarray, starts: np.ndarray, ends: np.ndarray, shares: np.ndarray, *,
          stride: float) -> np.ndarray:  # fmt: skip
    """What the field gives along each of N segments at S `shares` of its length: (N,S), 1 on a limb, -1 reversed.

    fields (H,W,2L), read between places; limbs (N,): which field; starts, ends (N,2) in pixels of the input.
    """
    apart = ends - starts
    units = (apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), SHORTEST)).astype(np.float32)
    height, width = fields.shape[:2]
    x, y = ((starts[:, axis, np.newaxis] + apart[:, axis, np.newaxis] * shares) / stride - 0.5 for axis in (0, 1))
    column, x = between(x, width)                                                               # (N,S) each
    row, y = between(y, height)
    flat, many = fields.reshape(-1), fields.shape[2]
    at = (row * width + column) * many + 2 * limbs.astype(np.int32)[:, np.newaxis]
    right, below = many * min(1, width - 1), many * width * min(1, height - 1)
    found = np.zeros(at.shape, np.float32)
    for step, weight in ((0, (1 - x) * (1 - y)), (right, x * (1 - y)), (below, (1 - x) * y), (below + right, x * y)):
        found += weight * (flat.take(at + step) * units[:, :1] + flat.take(at + (step + 1)) * units[:, 1:])
    return found


def between(spots: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The place before each of `spots` along an axis of `size` places, and how far on it lies, 0 to 1."""
    spots = np.minimum(np.maximum(spots, 0), size - 1)
    first = np.minimum(spots.astype(np.int32), max(size - 2, 0))
    return first, (spots - first).astype(np.float32)


def ends_of(xy: np.ndarray, limbs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (M,L,2) of the limbs of people whose joints are (M,K,2)."""
    pairs = np.array(limbs, np.int64).reshape(-1, 2)
    return xy[:, pairs[:, 0]], xy[:, pairs[:, 1]]
