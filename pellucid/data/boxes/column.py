"""Boxes as a column of a part: any number of objects a picture, which move with its pixels.

Shapes   corners (M,4) x1 y1 x2 y2 in pixels of the pictures as read, far edges exclusive; classes, crowd, difficult,
         areas (M,), in pixels, of the objects where their file knows better than their boxes; offsets (N+1,): those of
         picture i are rows offsets[i] to offsets[i+1]; sizes (N,2) height, width as read;
         affines (N,2,3) from there to where the pictures lie now, in a frame (height, width) that is None as read;
         in mosaics every object has its own way there, and a window of its own that cuts it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.data.mosaic import Pieces

LEFT = 0.3        # of a box, that must stay in the frame for the object to count as seen
OF_ROWS = ("corners", "classes", "crowd", "difficult", "areas")
FEW = 10          # pictures of a class below which it is spread with the other rare ones
NAMED = 3         # faults that a note quotes


@dataclass(frozen=True)
class Fault:
    """What is wrong with one annotation: its kind in a word or two, where it stands, and what it is."""

    kind: str
    where: str
    what: str


def notes_of(faults: Sequence[Fault], words: Mapping[str, str]) -> list[str]:
    """A line a kind of fault, in the order of `words`, with the first places."""
    notes = []
    for kind, said in words.items():
        found = [fault for fault in faults if fault.kind == kind]
        if found:
            more = f"; and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
            told = "; ".join(f"{one.where}: {one.what}" for one in found[:NAMED])
            notes.append(f"{said}: {len(found):,} ({told}{more})")
    return notes


@dataclass(frozen=True, eq=False)
class Placed:
    """Boxes where the pictures lie now, those cut below a share left out.

    corners (K,4); classes (K,); ignored (K,): crowds and difficult ones; picture (K,); row (K,) of the column.
    """

    corners: Array
    classes: Array
    ignored: Array
    picture: Array
    row: Array


@dataclass(frozen=True, eq=False)
class Boxes:
    """The objects of N pictures. `names` are those of the classes, `ids` what their file numbered them with."""

    corners: Array
    classes: Array
    crowd: Array
    difficult: Array
    areas: Array
    offsets: Array
    sizes: Array
    affines: Array
    names: tuple[str, ...]
    ids: tuple[int, ...] = ()
    frame: tuple[int, int] | None = None
    faults: tuple[Fault, ...] = ()
    form: str = ""
    ways: Array | None = None       # (M,2,3) of mosaics: from the picture as read
    windows: Array | None = None    # (M,4) of mosaics

    kind, moves, stratum = "boxes", True, "rarest class"

    @property
    def words(self) -> str:
        return f"{len(self.corners):,} boxes of {len(self.names)} classes"

    @property
    def picture(self) -> Array:
        """Which picture a row belongs to (M,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def strata(self) -> Array:
        """The rarest class of each picture; those that few pictures have are one, and so are pictures without a box."""
        count = len(self.names)
        has = np.zeros((len(self), count), bool)
        has[self.picture, self.classes] = True
        pictures = has.sum(axis=0)
        order = np.where(has, pictures[np.newaxis], len(self) + 1)
        found = order.argmin(axis=1)
        found = np.where(pictures[found] < FEW, count + 1, found)
        return np.where(has.any(axis=1), found, count).astype(np.int64)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, indices: Array) -> Boxes:
        indices = np.asarray(indices, np.int64)
        counts = np.diff(self.offsets)[indices]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.repeat(self.offsets[indices] - offsets[:-1], counts) + np.arange(offsets[-1])
        own = [name for name in (*OF_ROWS, "ways", "windows") if getattr(self, name) is not None]
        of_rows: dict[str, Any] = {name: getattr(self, name)[rows] for name in own}
        return replace(self, **of_rows, offsets=offsets, sizes=self.sizes[indices], affines=self.affines[indices])

    def joined(self, other: Boxes) -> Boxes:
        both: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(other, name)])
                                for name in (*OF_ROWS, "sizes", "affines")}
        return replace(self, **both, offsets=np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]]))

    def moved(self, affines: Array, size: tuple[int, int]) -> Boxes:
        linear = affines[:, :, :2] @ self.affines
        linear[:, :, 2] += affines[:, :, 2]
        return replace(self, affines=linear, frame=size)

    def tiled(self, pieces: Pieces) -> Boxes:
        """The objects of mosaics (B,) of these pictures, which lie in a frame."""
        many = np.diff(self.offsets)[pieces.source]
        every = self.take(pieces.source)
        ways = pieces.affines[:, :, :2] @ self.affines[pieces.source]
        ways[:, :, 2] += pieces.affines[:, :, 2]
        counts = np.bincount(pieces.picture, many, len(self)).astype(np.int64)
        return replace(every, offsets=np.concatenate([[0], np.cumsum(counts)]), sizes=self.sizes, affines=self.affines,
                       ways=np.repeat(ways, many, axis=0), windows=np.repeat(pieces.windows, many, axis=0))

    def placed(self, least: float = LEFT) -> Placed:
        """The boxes of every picture in its frame; of one that was turned, the upright box around it.

        `least` is the share of a box that must lie inside; the rest of it is cut off.
        """
        picture = self.picture
        frames = self.sizes if self.frame is None else np.broadcast_to(self.frame, self.sizes.shape)
        corners = mapped(self.corners, self.affines[picture] if self.ways is None else self.ways)
        high = frames[picture][:, ::-1].astype(np.float64)
        window = np.concatenate([0 * high, high], axis=1) if self.windows is None else self.windows
        low, far = (np.clip(ends, window[:, :2], window[:, 2:]) for ends in (corners[:, :2], corners[:, 2:]))
        whole = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
        seen = np.prod(far - low, axis=1)
        kept = np.flatnonzero((seen > 0) & (seen >= least * whole * (1 - 1e-9)))
        cut = np.concatenate([low, far], axis=1)
        return Placed(cut[kept], self.classes[kept], (self.crowd | self.difficult)[kept], picture[kept], kept)


def mapped(corners: Array, affines: Array) -> Array:
    """The upright boxes (M,4) around boxes (M,4) that were moved by affines (M,2,3)."""
    x, y = corners[:, [0, 2, 0, 2]], corners[:, [1, 1, 3, 3]]                               # (M,4 corners)
    across = affines[:, 0, :1] * x + affines[:, 0, 1:2] * y + affines[:, 0, 2:]
    down = affines[:, 1, :1] * x + affines[:, 1, 1:2] * y + affines[:, 1, 2:]
    return np.stack([across.min(1), down.min(1), across.max(1), down.max(1)], axis=1)


def inverted(affines: Array) -> Array:
    """The affines (N,2,3) that lead back."""
    back = np.linalg.inv(affines[:, :, :2])
    return np.concatenate([back, -back @ affines[:, :, 2:]], axis=2)
