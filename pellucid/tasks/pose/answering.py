"""From a network's outputs to people in the pixels of the pictures as given.

Shapes   outputs (N,h,w,C), affines (N,2,3) from the pictures as given to the input -> for each picture its people
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data.boxes.column import inverted
from pellucid.data.points.column import carried
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.pose.grouping import Grouped


def located(codec: FieldsCodec, outputs: np.ndarray, affines: np.ndarray) -> list[Grouped]:
    """The people of N pictures, the surest first."""
    back = inverted(affines)
    found = [codec.decode(row) for row in outputs]
    return [replace(one, xy=carried(one.xy, np.broadcast_to(way, (len(one), 2, 3))))
            for one, way in zip(found, back, strict=True)]  # fmt: skip


def as_json(found: Grouped, names: Sequence[str]) -> list[dict[str, object]]:
    """As `predict --json` tells them: of each person the joints that were found; pixel centres lie at .5."""
    return [{"score": round(float(score), 6), "points": [
        {"name": name, "x": round(float(x), 3), "y": round(float(y), 3), "score": round(float(height), 6)}
        for name, (x, y), height in zip(names, xy, heights, strict=True) if np.isfinite(x)]}
        for xy, heights, score in zip(found.xy, found.heights, found.scores, strict=True)]  # fmt: skip
