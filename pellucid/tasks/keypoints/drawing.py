"""Answers and true points drawn into a picture with the lines of their skeleton.

Shapes   pixels (H,W,3) uint8; xy (K,2) in its pixels
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.points.column import Points
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.reports import drawing as d
from pellucid.reports.skeletons import draw_points

TRUE, WRONG = "#ffffff", d.VERMILION
FAINT = 0.3     # score below which a point is drawn as a ring


def draw_answer(pixels: np.ndarray, points: Sequence[Mapping[str, Any]], edges: Any = None) -> np.ndarray:
    """A picture with the points of an answer, those that are not sure as rings."""
    names = [str(point["name"]) for point in points]
    known = usual(names)
    skeleton = known if edges is None else Skeleton(known.names, tuple((a, b) for a, b in edges), known.pairs)
    xy = np.array([[point["x"], point["y"]] for point in points])
    return draw_points(pixels, xy, skeleton, hollow=np.array([point["score"] < FAINT for point in points]))


def draw_true(pixels: np.ndarray, points: Points) -> np.ndarray:
    """A picture in its own size with what its one object has marked, hidden points as rings."""
    placed = points.placed()
    return draw_points(pixels, placed.xy[0], points.skeleton, hollow=placed.visible[0] == 1, least=1)
