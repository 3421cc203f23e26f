"""What a reader of points found: objects with their points as the file has them, and how they become a column.

Units   pixels with their centres at .5: readers add 0.5 to 0-based numbers of pixels, and take it from 1-based ones
Refused fractions where pixels are declared and pixels where fractions are, boxes without area, two objects of one
        picture that no box tells apart; a coordinate that is missing means that the point is not marked
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.data.boxes.column import Fault
from pellucid.data.boxes.found import IDENTITY, SLACK, Entry
from pellucid.data.images import Array
from pellucid.data.points.column import Attribute, Points, around
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.sources import Source
from pellucid.errors import DataError, shown
from pellucid.words import decimal

NOWHERE = (float("nan"), float("nan"), 0)
FLAGS = (0, 1, 2)
HALF = 0.5                                      # from a 0-based number of a pixel to its centre
FAR = 1e6                                       # pixels beyond which a number is no place in or about a picture
SMALL = 4                                       # pixels of a side below which fractions cannot be told from pixels

Point = tuple[float, float, int]                # x, y, visibility


@dataclass(frozen=True, slots=True)
class Marked:
    """One object: its picture, its points (K), and the place in its file; `size` is (height, width) where told."""

    source: Source
    points: Sequence[Point]
    where: str
    part: str | None = None
    box: tuple[float, float, float, float] | None = None
    area: float | None = None
    group: str | None = None
    size: tuple[int, int] | None = None
    missing: int = 0                            # points of which one coordinate alone is there
    head: tuple[float, float, float, float] | None = None
    told: Sequence[str] = ()                    # of each attribute, empty where nobody told it


@dataclass
class Found:
    """All that one form of annotation says of a tree of files."""

    form: str
    skeleton: Skeleton
    marked: list[Marked]
    files: list[Source]
    notes: list[str] = field(default_factory=list)
    shares: bool = False                        # whether coordinates are shares of the picture's size
    attributes: Sequence[str] = ()              # names of what is told beside the points
    entries: list[Entry] = field(default_factory=list)      # all pictures, where those without objects are told
    aside: list[Marked] = field(default_factory=list)       # crowds and objects without points, with their boxes


def seen_of(where: str, name: str, told: object) -> int:
    """The visibility of a point. Raises DataError for any but 0, 1 and 2."""
    flag = told if isinstance(told, (int, float)) else decimal(str(told))
    if flag not in FLAGS:
        raise DataError(f"{where}: the visibility of {shown(name)} must be 0 (not marked), 1 (hidden) or 2 (seen), but "
                        f"it is {shown(told)}. Correct it.")
    return int(flag)


def column_of(found: Found, sizes: Sequence[tuple[int, int]]) -> Points:
    """The column of these objects, whose pictures have `sizes` (height, width).

    Raises DataError naming file and line for fractions where there should be pixels, and the other way round.
    """
    count = len(found.skeleton)
    told = np.array([one.points for one in found.marked], np.float64).reshape(-1, count, 3)
    high = np.array(sizes, np.float64).reshape(-1, 1, 2)[..., ::-1]                             # (N,1,2) width, height
    refuse_units(found, told, high)
    scale = high if found.shares else np.ones_like(high)
    visible = np.where(np.isnan(told[..., :2]).any(axis=2), 0, told[..., 2]).astype(np.int8)
    xy = np.where(visible[..., None] > 0, told[..., :2] * scale, np.nan)
    boxes, given = boxes_of(found, xy, scale[:, 0], high[:, 0])
    areas = np.array([np.nan if one.area is None else one.area for one in found.marked], np.float64)
    areas = np.where(np.isnan(areas), np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), areas)
    return Points(
        xy, visible, boxes, areas, np.array(sizes, np.int64).reshape(-1, 2),
        np.broadcast_to(IDENTITY, (len(sizes), 2, 3)).copy(), found.skeleton, None,
        tuple(faults_of(found, xy, sizes)), found.form, given, *attributes_of(found), heads_of(found))  # fmt: skip


def heads_of(found: Found) -> Array:
    """(N,4) the boxes of heads, NaN where none is told. Raises DataError for one without area, or far away."""
    heads = np.full((len(found.marked), 4), np.nan)
    for row, one in enumerate(found.marked):
        if one.head is not None:
            x1, y1, x2, y2 = heads[row] = one.head
            if not (x2 > x1 and y2 > y1) or max(map(abs, one.head)) > FAR:
                raise DataError(f"{one.where}: the head's box must have an area, and lie within {FAR:,.0f} pixels, but "
                                f"it is from {x1:g},{y1:g} to {x2:g},{y2:g}. Correct it, or leave it out.")
    return heads


def attributes_of(found: Found) -> tuple[tuple[Attribute, ...], Array]:
    """What is told beside the points, values in the order of their names, and its numbers (N,A)."""
    made, numbers = [], np.full((len(found.marked), len(found.attributes)), -1, np.int64)
    for column, name in enumerate(found.attributes):
        values = sorted({one.told[column] for one in found.marked} - {""})
        made.append(Attribute(name, tuple(values)))
        numbers[:, column] = [values.index(one.told[column]) if one.told[column] else -1 for one in found.marked]
    return tuple(made), numbers


def refuse_units(found: Found, told: Array, high: Array) -> None:
    """Raise DataError for the first object in fractions or beyond FAR, or of a form in fractions the first beyond 1."""
    xy = told[..., :2]
    known = ~np.isnan(xy.sum(axis=2))
    top = np.where(known[..., None], np.abs(xy), 0).max(axis=(1, 2), initial=0)
    if found.shares:
        beyond = np.flatnonzero(top > 1 + SMALL)
        if len(beyond):
            raise DataError(f"{found.marked[beyond[0]].where}: coordinates are fractions of the picture here, but one "
                            f"of them is {top[beyond[0]]:g}. Divide x by the width and y by the height.")
        return
    far = np.flatnonzero(top > FAR)
    if len(far):
        raise DataError(f"{found.marked[far[0]].where}: a coordinate must be a number of pixels, at most {FAR:,.0f}, "
                        f"but one of them is {top[far[0]]:g}. Correct it.")
    inside = (top <= 1 + HALF) & (known.sum(axis=1) > 1) & (high.min(axis=(1, 2)) > SMALL)
    if inside.any():
        first = found.marked[int(inside.argmax())]
        raise DataError(f"{first.where}: coordinates are pixels here, but all of this object lie between 0 and 1, as "
                        "fractions of a picture do. Multiply x by the width and y by the height.")


def boxes_of(found: Found, xy: Array, scale: Array, high: Array) -> tuple[Array, bool]:
    """(N,4) the boxes of the file, or those around the points; and whether it has some.

    Raises DataError for a box without area, and for one outside its picture, whose width and height are high (N,2).
    """
    boxes = boxes_around(xy, high)
    for row, one in enumerate(found.marked):
        if one.box is not None:
            boxes[row] = np.array(one.box) * np.tile(scale[row], 2)
            x1, y1, x2, y2 = one.box
            if np.abs(boxes[row]).max() > FAR:
                raise DataError(f"{one.where}: a box must lie within {FAR:,.0f} pixels, but it is from {x1:g},{y1:g} "
                                f"to {x2:g},{y2:g}. Correct it, or leave it out.")
            if not found.shares and max(one.box) <= 1 and high[row].min() > SMALL:
                raise DataError(f"{one.where}: boxes are pixels here, but this one is from {x1:g},{y1:g} to {x2:g},"
                                f"{y2:g}, as fractions of a picture are. Multiply x by the width and y by the height.")
            bare = not (boxes[row, 2:] > boxes[row, :2]).all()
            if bare or not ((boxes[row, :2] < high[row]) & (boxes[row, 2:] > 0)).all():
                what = "has no area" if bare else f"lies outside the picture of {high[row, 0]:g}x{high[row, 1]:g}"
                raise DataError(f"{one.where}: the box {what}, from {x1:g},{y1:g} to {x2:g},{y2:g}. Correct it, or "
                                "leave it out.")
    return boxes, any(one.box is not None for one in found.marked)


def boxes_around(xy: Array, high: Array) -> Array:
    """(N,4) tight boxes around points (N,K,2), a pixel wide at least.

    One point alone has no size: its object gets the middle size of the others around it, or where no object has more
    than one, its whole picture of width and height high (N,2).
    """
    own = around(xy)
    middle, side = (own[:, 2:] + own[:, :2]) / 2, own[:, 2:] - own[:, :2]
    alone = side.max(axis=1) == 0
    if alone.all():
        return np.concatenate([np.zeros_like(high), high], axis=1)
    side = np.maximum(np.where(alone[:, None], np.median(side[~alone], axis=0), side), 1)
    return np.concatenate([middle - side / 2, middle + side / 2], axis=1)


def faults_of(found: Found, xy: Array, sizes: Sequence[tuple[int, int]]) -> list[Fault]:
    """What is odd, object by object, and is kept."""
    faults = []
    high = np.array(sizes, np.float64).reshape(-1, 1, 2)[..., ::-1]
    outside = np.any((xy < -SLACK) | (xy > high + SLACK), axis=2)
    for row, one in enumerate(found.marked):
        height, width = sizes[row]
        if outside[row].any():
            names = [found.skeleton.names[point] for point in np.flatnonzero(outside[row])]
            told = f"{shown(', '.join(names), 60)} of a picture of {width}x{height}"
            faults.append(Fault("outside", one.where, told))
        if one.size is not None and one.size not in ((height, width), (width, height)):
            faults.append(Fault("another size", one.where, f"it is for a picture of {one.size[1]}x{one.size[0]}, and "
                                f"the picture is {width}x{height}"))
        if one.missing:
            faults.append(Fault("half", one.where, f"{one.missing} with x or y alone"))
    return faults


def refuse_second(found: Found, *, cropped: bool) -> None:
    """Raise DataError for a second object of a picture where pictures are taken whole."""
    first: dict[str, Marked] = {}
    for one in found.marked:
        before = first.setdefault(one.source.path, one)
        if before is not one and not cropped:
            raise DataError(f"{one.where}: {shown(one.source.path)} has a second object, and the first is at "
                            f"{before.where.rpartition(': ')[2]}, but pictures are taken whole, one object each. Give "
                            "every object a box, type --crop 0.25 to cut out each by its points, or --task pose to "
                            "learn all of a picture at once.")
