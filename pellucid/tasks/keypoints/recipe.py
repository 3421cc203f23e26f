"""What points are taught with where nothing is said: chosen on held-out faces and films of a drawn animal.

Rule      AdamW at a rate that rises and falls once, an average of the weights; of a small set as many epochs as make
          `STEPS` steps, for maps learn nothing before some hundred
Pictures  turned, zoomed and lit a little; mirrored where the skeleton says which points change places and colours do
          not tell left from right
Source    docs/points.md, "What is chosen"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pellucid.data.dataset import Part
from pellucid.data.points.column import Points
from pellucid.data.points.sides import marked_by_look, pairs_of
from pellucid.keys import Key
from pellucid.tasks.sides import looked_at

LEAST = 20              # objects to learn from
STEPS, EPOCHS = 500, 30  # at least, both; a set whose one pass makes so many steps has the epochs of every run
RULE: dict[str, Any] = {"batch_size": 16, "optimizer": "adamw", "lr": 0.01, "weight_decay": 0.01,
                        "schedule": "onecycle", "use_ema": True}  # fmt: skip
CHANGES = "rotate=20,zoom=0.2,brightness=0.3,contrast=0.3"


def recipe_for(part: Part, key: Key) -> Mapping[str, Any]:
    """Settings of every run for a part with points; none for what is too small to tell."""
    if len(part) < LEAST:
        return {}
    steps = math.ceil(len(part) / RULE["batch_size"])
    augment = f"flip,{CHANGES}" if objects_mirror(part, key) else CHANGES
    epochs = {"epochs": max(EPOCHS, math.ceil(STEPS / steps))} if steps < STEPS else {}
    return RULE | epochs | {"augment": augment}


def objects_mirror(part: Part, key: Key) -> bool:
    """Whether mirror images can be learnt from: points have names for both sides, and looks do not tell which it is."""
    assert isinstance(part.annotations, Points), "a task asks for the annotations that it learns from"
    pairs = pairs_of(part.annotations.skeleton)
    some = looked_at(part, key)
    return bool(len(pairs)) and not marked_by_look(
        part.annotations.take(some).placed().xy, pairs, part.images.take(some)
    )
