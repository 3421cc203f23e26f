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
    fields = np.zeros((count, *shape, 2 * limbs), np.float32)
    met = np.zeros((count, *shape, limbs), np.int16)
    apart = ends - starts
    lengths = np.linalg.norm(apart, axis=2)
    real = lengths > SHORTEST                                               # NaN is not larger
    with np.errstate(invalid="ignore", divide="ignore"):
        units = np.where(real[..., np.newaxis], apart / lengths[..., np.newaxis], 0)
    lengths = np.where(real, lengths, -np.inf)                              # nothing lies in a limb that is none
    for person, picture in enumerate(people.tolist()):
        if not real[person].any():
            continue
        both = np.concatenate([starts[person, real[person]], ends[person, real[person]]])
        at = span_around(both.min(axis=0) - width, both.max(axis=0) + width, shape, stride)
        inside = in_limbs(at, starts[person], units[person], lengths[person], width)            # (h,w,l)
        fields[picture, at.rows, at.columns] += inside.repeat(2, axis=2) * units[person].astype(np.float32).reshape(-1)
        met[picture, at.rows, at.columns] += inside
    several, each = np.flatnonzero(met > 1), fields.reshape(-1, 2)
    each[several] /= met.reshape(-1, 1)[several]
    return fields


def in_limbs(at: Span, starts: np.ndarray, units: np.ndarray, lengths: np.ndarray, width: float) -> np.ndarray:
    """Which places (h,w) of a span lie in each of l limbs: (h,w,l)."""
    x, y = at.x[:, np.newaxis] - starts[:, 0], at.y[:, np.newaxis] - starts[:, 1]              # (w,l) and (h,l)
    far = (x * units[:, 0])[np.newaxis] + (y * units[:, 1])[:, np.newaxis]
    across = (y * units[:, 0])[:, np.newaxis] - (x * units[:, 1])[np.newaxis]
    return np.asarray((far >= 0) & (far <= lengths) & (np.abs(across) <= width))


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
