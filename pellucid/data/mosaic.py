"""Mosaic: four pictures of a batch in one, each shrunk into a corner, and their objects with them.

Shapes   inputs (B, H, W, C) -> the same; pieces (K): which picture of the batch lies in which window of which mosaic
Formula  the corners meet at a point between 0.3 and 0.7 of both sides; each picture is shrunk by a scale between the
         least that fills its corner and 1, and cut; pixels bilinear, on from the edge
Source   Bochkovskiy, Wang & Liao 2020, "YOLOv4", section 3.4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from pellucid.data.appearance import between
from pellucid.data.images import Array
from pellucid.keys import Key

MIDDLE = (0.3, 0.7)


@dataclass(frozen=True)
class Pieces:
    """Pieces (K,) of mosaics, those of a picture together: source, which picture of the batch is seen; picture, in
    which; affines (K,2,3) from the one to the other; windows (K,4) x1 y1 x2 y2, in pixels of the mosaic.
    """

    source: Array
    picture: Array
    affines: Array
    windows: Array


@runtime_checkable
class Tiles(Protocol):
    """Annotations that can follow into a mosaic."""

    def tiled(self, pieces: Pieces) -> Self:
        """The entries of the mosaics (B,)."""


def pieces_of(count: int, size: tuple[int, int], share: float, key: Key) -> Pieces:
    """What lies where in a batch of `count` pictures of `size` (height, width), of which `share` become mosaics."""
    random, (height, width) = key.generator(), size
    others = np.stack([np.arange(count), *(random.permutation(count) for _ in range(3))], axis=1)
    made, middles = random.random(count) < share, random.uniform(*MIDDLE, (count, 2))
    drawn = random.random((count, 4, 3))                                                # scale, place across, down
    rows: list[tuple[int, int, list[list[float]], tuple[int, ...]]] = []
    for picture in range(count):
        if not made[picture]:
            rows.append((picture, picture, [[1, 0, 0], [0, 1, 0]], (0, 0, width, height)))
            continue
        x, y = (round(float(share) * side) for share, side in zip(middles[picture], (width, height), strict=True))
        windows = ((0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height))
        for number, window in enumerate(windows):
            left, top, right, bottom = window
            least = max((right - left) / width, (bottom - top) / height)
            scale = least + (1 - least) * drawn[picture, number, 0]
            across, down = drawn[picture, number, 1:]
            affine = [[scale, 0, left - across * (scale * width - (right - left))],
                      [0, scale, top - down * (scale * height - (bottom - top))]]
            rows.append((int(others[picture, number]), picture, affine, window))
    source, of, affines, found = zip(*rows, strict=True)
    return Pieces(np.array(source), np.array(of), np.array(affines, np.float64), np.array(found))


def pieced(x: Array, pieces: Pieces) -> Array:
    """The pictures (B, H, W, C) of the mosaics."""
    y, whole = x.copy(), (0, 0, x.shape[2], x.shape[1])
    rows = zip(pieces.source, pieces.picture, pieces.affines, pieces.windows, strict=True)
    for source, picture, affine, window in rows:
        if tuple(window) == whole:
            continue
        left, top, right, bottom = window
        seen = x[source].astype(np.result_type(x.dtype, np.float32))
        for axis, (first, last) in enumerate(((top, bottom), (left, right))):  # without a turn, one after the other
            scale, offset = affine[1 - axis, 1 - axis], affine[1 - axis, 2]
            seen = read_along(seen, (np.arange(first, last) + 0.5 - offset) / scale - 0.5, axis)
        y[picture, top:bottom, left:right] = np.rint(seen) if x.dtype.kind in "iu" else seen
    return y


def read_along(x: Array, places: Array, axis: int) -> Array:
    """x read at `places` (P,) of an axis, linear between two; beyond an end, what stands at it."""
    first, beyond = between(places, x.shape[axis])
    share = np.expand_dims(beyond, tuple(other for other in range(x.ndim) if other != axis))
    return (1 - share) * x.take(first, axis) + share * x.take(np.minimum(first + 1, x.shape[axis] - 1), axis)
