"""The check of left and right that the tasks of points share: flips of objects whose left looks other than their right.

A mirror image exchanges the sides: the dark arm of a figure whose right arm is dark is its left one there, and what a
network learns of sides from one picture the next unlearns.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject
from pellucid.data.dataset import Part
from pellucid.data.points.sides import marked_by_look
from pellucid.keys import Key

NAME = "marked-sides"
LOOKED_AT = 200     # objects or pictures whose colours are looked at
VALUES = 50_000_000     # pixel values of them, at most

Seen = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def marked_sides(subject: Subject, seen: Seen) -> Finding:
    """Value: 1 where pictures are flipped though colours tell left from right, else 0.

    seen: of samples (S,) of the training part the points (N,K,2) of their objects, which picture (N,) each is in, and
    the mirror pairs (P,2).
    """
    if not getattr(subject.batches.augmentation, "flip", False):
        return Finding(NAME, "pass", 0, "pictures are not flipped, so no look changes sides")
    some = subject.drawn_at_random(NAME, LOOKED_AT)
    xy, picture, pairs = seen(some)
    if not marked_by_look(xy, pairs, subject.dataset.part("train").images.take(some), picture):
        return Finding(NAME, "pass", 0, f"colours do not tell left from right of {len(xy):,} objects")
    return Finding(NAME, "warning", 1, f"pictures are flipped, but left and right of {len(xy):,} objects are told by "
                   "their colours, which a mirror image gives to the other side", "Leave flip out of --augment.")


def looked_at(part: Part, key: Key) -> np.ndarray:
    """Rows (S,) of the samples whose colours are looked at before a recipe is chosen, in ascending order."""
    most = min(LOOKED_AT, max(1, VALUES // math.prod(part.images.shape[1:])))
    return np.sort(key.fold("recipe").generator().permutation(len(part))[:most])
