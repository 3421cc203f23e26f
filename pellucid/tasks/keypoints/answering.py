"""From a network's outputs to points in the pixels of the pictures as given.

Shapes   outputs (N,K,D), affines (N,2,3) from the pictures as given to the input -> points (N,K,2), how sure (N,K)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.boxes.column import inverted
from pellucid.data.points.column import carried
from pellucid.tasks.keypoints.codecs.encoded import Codec


def located(codec: Codec, outputs: np.ndarray, affines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points of N pictures, and how sure each is, 0 to 1."""
    xy, sure = codec.decode(outputs)
    return carried(xy, inverted(affines)), sure


def shifted(points: Sequence[Mapping[str, Any]], across: int, down: int) -> list[dict[str, Any]]:
    """Points as JSON of a window, in pixels of the picture in which it lies so far off."""
    return [{**point, "x": round(point["x"] + across, 3), "y": round(point["y"] + down, 3)} for point in points]


def as_json(xy: np.ndarray, sure: np.ndarray, names: Sequence[str]) -> list[dict[str, object]]:
    """Points (K,2) as `predict --json` tells them; pixel centres lie at .5."""
    return [{"name": name, "x": x, "y": y, "score": score}
            for name, (x, y), score in zip(names, *(np.asarray(given, np.float64).round(digits).tolist()
                                                  for given, digits in ((xy, 3), (sure, 6))), strict=True)]  # fmt: skip
