"""People drawn into a picture: the lines of their skeletons, each person's joints in the colours of their sides.

Shapes   pixels (H,W,3) uint8; xy (P,K,2) in its pixels, NaN for what is not drawn
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.points.skeleton import Skeleton
from pellucid.reports.skeletons import LEAST, draw_points


def draw_people(pixels: np.ndarray, xy: np.ndarray, skeleton: Skeleton, *, colour: str | None = None,
                hollow: np.ndarray | None = None, least: int = LEAST) -> np.ndarray:  # fmt: skip
    """A copy of a picture with people in its pixels, in one colour where it is given; hollow (P,K): joints as rings."""
    names = tuple(f"{name} {number}" for number in range(len(xy)) for name in skeleton.names)
    if not names:
        return draw_points(pixels, np.zeros((1, 2)) * np.nan, Skeleton(("none",)), least=least)
    joints = len(skeleton)
    edges = tuple((joints * number + a, joints * number + b) for number in range(len(xy)) for a, b in skeleton.edges)
    return draw_points(pixels, xy.reshape(-1, 2), Skeleton(names, edges), least=least,
                       colours=None if colour is None else [colour] * len(names),
                       hollow=None if hollow is None else hollow.ravel())  # fmt: skip


def draw_answer(pixels: np.ndarray, people: Sequence[Mapping[str, Any]], skeleton: Skeleton) -> np.ndarray:
    """A picture with the people of an answer."""
    xy = np.full((len(people), len(skeleton), 2), np.nan)
    for number, person in enumerate(people):
        for point in person["points"]:
            xy[number, skeleton.names.index(point["name"])] = point["x"], point["y"]
    return draw_people(pixels, xy, skeleton)
