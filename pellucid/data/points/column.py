"""Points as a column of a part: one object a sample, K points each, which move with its pixels.

Shapes   xy (N,K,2) in pixels of the pictures as read, pixel centres at .5, NaN where a point is not marked;
         visible (N,K): 0 not marked, 1 marked but hidden, 2 marked and seen (COCO's flags);
         boxes (N,4) x1 y1 x2 y2 of the objects, far edges exclusive; areas (N,) of the objects, for OKS;
         sizes (N,2) height, width as read; affines (N,2,3) from there to where the pictures lie now, in a frame
         (height, width) that is None as read; labels (N,A): of attributes such as glasses the number of the value, -1
         where nobody told it; heads (N,4): boxes of the heads, NaN where none is told
Mirror   where an affine has a negative determinant left is right: the points of each mirror pair change names
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.data.boxes.column import Fault, mapped
from pellucid.data.images import Array
from pellucid.data.points.skeleton import Skeleton
from pellucid.errors import ShapeError, describe

OF_ROWS = ("xy", "visible", "boxes", "areas", "sizes", "affines", "labels", "heads")
HIDDEN, SEEN = 1, 2


@dataclass(frozen=True, eq=False)
class Placed:
    """Points where the pictures lie now, with the names that they have there.

    xy (N,K,2), NaN where not marked; visible (N,K); inside (N,K): marked and within the frame; boxes and heads (N,4),
    upright.
    """

    xy: Array
    visible: Array
    inside: Array
    boxes: Array
    heads: Array


@dataclass(frozen=True)
class Attribute:
    """Something told of objects beside their points, and the values that it has."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Points:
    """The points of N objects.

    from_box: boxes came with the data, and were not drawn around the true points; box_noise: how far, in their sides,
    they were shifted and scaled at random before objects were cut out by them.
    """

    xy: Array
    visible: Array
    boxes: Array
    areas: Array
    sizes: Array
    affines: Array
    skeleton: Skeleton
    frame: tuple[int, int] | None = None
    faults: tuple[Fault, ...] = ()
    form: str = ""
    from_box: bool = False
    attributes: tuple[Attribute, ...] = ()
    labels: Array = field(default_factory=lambda: np.empty((0, 0), np.int64))
    heads: Array = field(default_factory=lambda: np.empty((0, 4)))
    box_noise: float = 0.0

    kind, moves, stratum = "points", True, "kind"

    def __post_init__(self) -> None:
        if not self.attributes:
            object.__setattr__(self, "labels", np.empty((len(self.xy), 0), np.int64))
        if not len(self.heads):
            object.__setattr__(self, "heads", np.full((len(self.xy), 4), np.nan))
        if self.xy.shape[1:] != (len(self.skeleton), 2):
            raise ShapeError(describe("annotations", "xy", f"of shape (N, {len(self.skeleton)}, 2), as the skeleton "
                                      "has names", f"of shape {self.xy.shape}"))

    @property
    def words(self) -> str:
        count = len(self.skeleton)
        return f"{count} points each" if count > 1 else "a point each"

    @property
    def strata(self) -> Array:
        """All of one kind: nothing is spread evenly but their number."""
        return np.zeros(len(self), np.int64)

    def __len__(self) -> int:
        return len(self.xy)

    def take(self, indices: Array) -> Points:
        indices = np.asarray(indices, np.int64)
        rows: dict[str, Any] = {name: getattr(self, name)[indices] for name in OF_ROWS}
        return replace(self, **rows)

    def joined(self, other: Points) -> Points:
        both: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in OF_ROWS}
        return replace(self, **both)

    def moved(self, affines: Array, size: tuple[int, int]) -> Points:
        linear = affines[:, :, :2] @ self.affines
        linear[:, :, 2] += affines[:, :, 2]
        return replace(self, affines=linear, frame=size)

    def placed(self) -> Placed:
        """The points of every object in its frame; those of a mirrored picture under their names in the mirror."""
        frames = self.sizes if self.frame is None else np.broadcast_to(self.frame, self.sizes.shape)
        xy, visible = carried(self.xy, self.affines), self.visible
        mirrored = np.linalg.det(self.affines[:, :, :2]) < 0
        if mirrored.any():
            order = self.skeleton.mirrored()
            xy = np.where(mirrored[:, None, None], xy[:, order], xy)
            visible = np.where(mirrored[:, None], visible[:, order], visible)
        high = frames[:, None, ::-1].astype(np.float64)                                     # (N,1,2) width, height
        inside = ((xy >= 0) & (xy < high)).all(axis=2) & (visible > 0)                      # (N,K)
        return Placed(xy, visible, inside, mapped(self.boxes, self.affines), mapped(self.heads, self.affines))


def carried(xy: Array, affines: Array) -> Array:
    """Points (N,K,2) moved by the affine (N,2,3) of their row; NaN stays NaN."""
    moved: Array = xy @ affines[:, :, :2].swapaxes(1, 2) + affines[:, None, :, 2]
    return moved


def around(xy: Array) -> Array:
    """The tight boxes (N,4) around the points (N,K,2) that are marked; NaN where none is."""
    known = ~np.isnan(xy)
    low = np.where(known, xy, np.inf).min(axis=1)
    high = np.where(known, xy, -np.inf).max(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    return np.where(np.isfinite(boxes), boxes, np.nan)
