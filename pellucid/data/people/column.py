"""People as a column of a part: any number of objects with points a picture, which move with its pixels.

Shapes   objects: M of them with K points each, as in data/points; crowd (M,): no person that could be told from others;
         offsets (N+1,): those of picture i are rows offsets[i] to offsets[i+1]; sizes (N,2) height, width as read;
         affines (N,2,3) from there to where the pictures lie now
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.boxes.column import Fault
from pellucid.data.images import Array
from pellucid.data.points.column import Placed, Points
from pellucid.data.points.skeleton import Skeleton

MANY = 6            # people in a picture from which on their number makes no difference to a split


@dataclass(frozen=True, eq=False)
class People:
    """The people of N pictures, of which some may have none."""

    objects: Points
    crowd: Array
    offsets: Array
    sizes: Array
    affines: Array

    kind, moves, stratum = "people", True, "number of people"

    @property
    def skeleton(self) -> Skeleton:
        """That of all of them."""
        return self.objects.skeleton

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is odd in the files."""
        return self.objects.faults

    @property
    def words(self) -> str:
        return f"{int(self.counted.sum()):,} people with {len(self.skeleton)} points"

    @property
    def picture(self) -> Array:
        """Which picture an object belongs to (M,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def counted(self) -> Array:
        """Which objects (M,) have a point that is marked, and are no crowd: the others are neither right nor wrong."""
        return np.asarray((self.objects.visible > 0).any(axis=1) & ~self.crowd)

    @property
    def strata(self) -> Array:
        return np.minimum(np.bincount(self.picture[self.counted], minlength=len(self)), MANY).astype(np.int64)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, indices: Array) -> People:
        indices = np.asarray(indices, np.int64)
        counts = np.diff(self.offsets)[indices]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.repeat(self.offsets[indices] - offsets[:-1], counts) + np.arange(offsets[-1])
        return People(self.objects.take(rows), self.crowd[rows], offsets, self.sizes[indices], self.affines[indices])

    def joined(self, other: People) -> People:
        return People(self.objects.joined(other.objects), np.concatenate([self.crowd, other.crowd]),
                      np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]]),
                      np.concatenate([self.sizes, other.sizes]), np.concatenate([self.affines, other.affines]))

    def moved(self, affines: Array, size: tuple[int, int]) -> People:
        linear = affines[:, :, :2] @ self.affines
        linear[:, :, 2] += affines[:, :, 2]
        return replace(self, objects=self.objects.moved(affines[self.picture], size), affines=linear)

    def placed(self) -> Placed:
        """The points of every object (M) in the frame of its picture, with the names that they have there."""
        return self.objects.placed()
