"""What a cascade comes to on the test part: objects kept, false alarms a background picture, and time.

recall       share of the objects that pass
alarms       windows of the grid over a background picture that pass, the mean over pictures
seconds      of a picture, its windows cut already, the mean over pictures
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.cascades.backgrounds import Backgrounds
from pellucid.cascades.cascade import Cascade
from pellucid.data.dataset import Part
from pellucid.data.images import chunks

CHUNK = 1024


@dataclass(frozen=True)
class Measured:
    """Recall (with `objects`), false alarms and seconds a picture (with `pictures` and windows of one of them)."""

    recall: float
    alarms: float
    seconds: float
    objects: int
    pictures: int
    windows: float

    def to_json(self) -> dict[str, Any]:
        """As cascade.json has it."""
        return asdict(self)


def measured(cascade: Cascade, objects: Part, backgrounds: Backgrounds) -> Measured:
    """One cascade on objects and on pictures without any."""
    kept = sum(len(cascade.passed(some)[0]) for some in chunks(objects.images, np.arange(len(objects)), CHUNK))
    alarms = windows = 0
    seconds = 0.0
    for picture in backgrounds.pictures():
        for some, _ in backgrounds.look.all(picture):
            began = time.perf_counter()
            alarms += len(cascade.passed(some)[0])
            seconds += time.perf_counter() - began
            windows += len(some)
    count = len(backgrounds)
    return Measured(kept / len(objects), alarms / count, seconds / count, len(objects), count, windows / count)
