"""What is seen of an object: a window around its box, with a margin, in the proportions that the network takes.

Window   the box's middle; longer side * (1 + 2 margin), as wide and high as the proportions of --resize, a square
         without it; whole pixels, so that nothing is sampled twice
Noise    the box shifted by u * side and scaled by 1 + u on each axis, u even in -noise..noise, by the object's number:
         boxes of a detector are off like that, those around true points (oracle boxes) are not
"""

from __future__ import annotations

import numpy as np

from pellucid.data.images import Array
from pellucid.data.options import Options, margin_of
from pellucid.data.points.column import Points
from pellucid.errors import DataError, shown
from pellucid.keys import Key

MARGIN = 0.25       # of `auto`
FAR = 0.5           # of the picture: what a box reaches beyond that is left out, or the window would have no end

Window = tuple[int, int, int, int]


def margin_for(points: Points, options: Options) -> float | None:
    """The margin around boxes, None where pictures are taken whole."""
    if options.crop == "auto":
        return MARGIN if points.from_box else None
    return margin_of(options.crop)


def windows_of(boxes: Array, sizes: Array, margin: float, shape: tuple[int, int] | None = None) -> list[Window]:
    """The window of each box (N,4) of pictures of sizes (N,2), in the proportions of shape (height, width)."""
    high = np.asarray(sizes, np.float64)[:, ::-1]
    low, far = (np.clip(ends, -FAR * high, (1 + FAR) * high) for ends in (boxes[:, :2], boxes[:, 2:]))
    rows, columns = shape or (1, 1)
    side = np.maximum(far - low, 1)
    room = side + 2 * margin * side.max(axis=1, keepdims=True)                                    # (N,2) width, height
    unit = np.maximum(room[:, 0] / columns, room[:, 1] / rows)
    wide = np.maximum(1, np.rint(unit[:, None] * (columns, rows))).astype(np.int64)
    first = np.rint((low + far - wide) / 2).astype(np.int64)
    return [(left, top, left + width, top + height)
            for (left, top), (width, height) in zip(first.tolist(), wide.tolist(), strict=True)]


def refuse_away(where: str, box: Array, size: tuple[int, int]) -> None:
    """Raise DataError for a box (4,) that no pixel of its picture of size (height, width) lies in."""
    x1, y1, x2, y2 = box.tolist()
    height, width = size
    if not (x1 < width and y1 < height and x2 > 0 and y2 > 0):
        raise DataError(f"{shown(where, 200)}: the box from {x1:g},{y1:g} to {x2:g},{y2:g} lies outside the picture of "
                        f"{width}x{height}. Correct it.")


def noisy(boxes: Array, noise: float) -> Array:
    """Boxes (N,4), each shifted and scaled at random; the same at every call."""
    if not noise:
        return boxes
    drawn = Key.of(0).fold("box noise").generator().uniform(-noise, noise, (len(boxes), 4))
    side, middle = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    middle, half = middle + side * drawn[:, :2], side * (1 + drawn[:, 2:]) / 2
    return np.concatenate([middle - half, middle + half], axis=1)
