"""Multi-scale training: the pictures of each step are brought to a size drawn for it, their annotations with them.

Sizes    both sides times one number from 1 - share to 1 + share, rounded to multiples that the network takes
Drawn    from key.fold("size", epoch, step): a run that is resumed sees the same ones
Source   Redmon & Farhadi 2017, "YOLO9000", section 2 (every ten steps there; every step here)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.annotations import Annotations
from pellucid.data.fitting import affine_of, fit_pixels
from pellucid.data.images import Array
from pellucid.keys import Key

Size = tuple[int, int]
Encode = Callable[[Annotations], Any]


def sizes_around(size: Size, share: float, multiple: int) -> list[Size]:
    """The sizes (height, width), smallest first, `size` among them: one for each multiple of the longer side."""
    longer = max(size)
    reach = int((share * longer + 1e-9) // multiple)
    found = []
    for side in range(longer - reach * multiple, longer + reach * multiple + 1, multiple):
        height, width = (max(multiple, round(own * side / longer / multiple) * multiple) for own in size)
        found.append((height, width))
    return found


@dataclass(frozen=True)
class Scales:
    """How annotations are encoded for pictures of each size (height, width)."""

    encodes: Mapping[Size, Encode]
    key: Key

    def size(self, epoch: int, step: int) -> Size:
        """That of one step."""
        sizes = list(self.encodes)
        return sizes[int(self.key.fold("size", epoch, step).generator().integers(len(sizes)))]


def brought_to(size: Size, x: Array, annotations: Annotations) -> tuple[Array, Annotations]:
    """Pictures (B,H,W,C) and their annotations at `size` (height, width): bilinear, averaging over what shrinks."""
    whole = (x.shape[1], x.shape[2])
    if size == whole:
        return x, annotations
    affines = np.broadcast_to(affine_of(whole, size, "stretch"), (len(x), 2, 3))
    return np.stack([fit_pixels(one, size) for one in x]), annotations.moved(affines, size)
