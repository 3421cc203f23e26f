"""What the poses of many people are taught with where nothing is said: chosen on drawn scenes of two to six people.

Rule      small batches make many steps of few pictures; AdamW at a rate that rises and falls once, gradients cut at a
          length that only the first steps reach, an average of the weights; of a small set as many epochs as make
          `STEPS` steps
Pictures  turned, zoomed and lit a little; mirrored where the skeleton says which points change places and colours do
          not tell left from right
Source    docs/people.md, "What is chosen"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pellucid.data.dataset import Part
from pellucid.data.people.column import People
from pellucid.data.points.sides import marked_by_look, pairs_of
from pellucid.keys import Key
from pellucid.tasks.sides import looked_at

LEAST = 50              # pictures to learn from
STEPS = 6_000           # at least
RULE: dict[str, Any] = {"batch_size": 4, "optimizer": "adamw", "lr": 0.02, "weight_decay": 0.01,
                        "global_clipnorm": 10.0, "schedule": "onecycle", "use_ema": True}  # fmt: skip
CHANGES = "rotate=10,zoom=0.1,brightness=0.2,contrast=0.2"


def recipe_for(part: Part, key: Key) -> Mapping[str, Any]:
    """Settings of every run for a part with people; none for what is too small to tell."""
    if len(part) < LEAST:
        return {}
    steps = math.ceil(len(part) / RULE["batch_size"])
    epochs = {"epochs": math.ceil(STEPS / steps)} if steps < STEPS else {}
    return RULE | epochs | {"augment": f"flip,{CHANGES}" if people_mirror(part, key) else CHANGES}


def people_mirror(part: Part, key: Key) -> bool:
    """Whether mirror images can be learnt from: points have names for both sides, and looks do not tell which it is."""
    assert isinstance(part.annotations, People), "a task asks for the annotations that it learns from"
    pairs = pairs_of(part.annotations.skeleton)
    if not len(pairs):
        return False
    some = looked_at(part, key)
    people = part.annotations.take(some)
    xy, picture = people.placed().xy[people.counted], people.picture[people.counted]
    return not marked_by_look(xy, pairs, part.images.take(some), picture)
