"""What a detector is taught with where nothing is said of it: chosen on the validation parts of BCCD and of road signs.

Rule      small batches make many steps of few pictures; AdamW with a decay that a long run needs, a rate that it bears
          after a warm-up, gradients cut at a length that only the first steps reach, an average of the weights
Pictures  a little zoom and light; mirrored where mirrored objects look as much like their class as they did, so that an
          arrow to the left stays one
Source    docs/detection.md, "What was chosen"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from pellucid.data.boxes.column import Boxes
from pellucid.data.choosing import THUMB, mirrors_fit
from pellucid.data.dataset import Part
from pellucid.data.images import Array, chunks
from pellucid.keys import Key

LEAST = 50              # pictures to learn from; fewer make too few steps for a warm-up and an average
RULE: dict[str, Any] = {"batch_size": 8, "optimizer": "adamw", "lr": 0.01, "weight_decay": 0.1,
                        "global_clipnorm": 10.0, "warmup": 1.0, "use_ema": True}  # fmt: skip
CHANGES = "zoom=0.1,brightness=0.2"
LOOKED_AT = 600         # objects, at most
SMALLEST = 4            # pixels of the shorter side of an object that is looked at
CHUNK = 4_000_000       # pixel values at once


def recipe_for(part: Part, key: Key) -> Mapping[str, Any]:
    """Settings of every run for a part with boxes; none for what is too small to tell."""
    if len(part) < LEAST:
        return {}
    return RULE | {"augment": f"flip,{CHANGES}" if objects_mirror(part, key) else CHANGES}


def objects_mirror(part: Part, key: Key) -> bool:
    """Whether mirrored objects look as much like others of their class as they did (`choosing.mirrors_fit`)."""
    assert isinstance(part.annotations, Boxes), "a task asks for the annotations that it learns from"
    placed = part.annotations.placed()
    large = np.flatnonzero((placed.corners[:, 2:] - placed.corners[:, :2]).min(axis=1) >= SMALLEST)
    rows = np.sort(key.fold("recipe").generator().permutation(large)[:LOOKED_AT])
    if len(rows) < 2:
        return False
    pictures, small, first = np.unique(placed.picture[rows]), [], 0
    for few in chunks(part.images, pictures, CHUNK):
        for pixels, picture in zip(few, pictures[first : first + len(few)], strict=True):
            small += [thumb(pixels, corners) for corners in placed.corners[rows[placed.picture[rows] == picture]]]
        first += len(few)
    return mirrors_fit(np.stack(small), placed.classes[rows])


def thumb(pixels: Array, corners: Array) -> Array:
    """An object as (16, 16) grey numbers without their mean."""
    left, top = np.floor(corners[:2]).astype(int)
    right, below = np.ceil(corners[2:]).astype(int)
    grey = pixels[top:below, left:right].astype(np.float32).mean(axis=-1)
    small = np.asarray(Image.fromarray(grey).resize((THUMB, THUMB), Image.Resampling.BOX))
    centred: Array = small - small.mean()
    return centred
