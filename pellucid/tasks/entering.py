"""Enters what a model does by its task into the room below; the task is imported at the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, describe
from pellucid.model import Model
from pellucid.model.portable import DETECT, KEYPOINTS, Found

if TYPE_CHECKING:
    from pellucid.tasks.protocol import Task


def detect(model: Model, images: Any, *, score: float | None = None) -> Found:
    """For each picture its boxes, {"class", "score", "box": [x1, y1, x2, y2]} in its own pixels, the surest first.

    images: paths, or pictures (H, W, C) of any sizes as read (an array (N, H, W, C) is N of them); score: the least
    that is told (default: the model's operating point).

    Raises ArgumentError for a model that was not trained on boxes, ShapeError for what is no picture, FileError for a
    file that cannot be read.
    """
    return task_of(model, "detect", "boxes").detect(model, images, score=score)


def keypoints(model: Model, images: Any, boxes: Any = None) -> Found:
    """For each picture its points, {"name", "x", "y", "score"} in its own pixels, whose centres lie at .5.

    images: as for `detect`; boxes: of each picture x0, y0, x1, y1 of the object, for a model that learnt from objects
    cut out by boxes. Raises ArgumentError for a model that was not trained on points, ShapeError for what is no
    picture, FileError for a file that cannot be read.
    """
    return task_of(model, "keypoints", "points").keypoints(model, images, boxes)


def task_of(model: Model, what: str, kind: str) -> Task:
    """The task of a model that is to do `what`. Raises ArgumentError for one without a task."""
    if model.task is None:
        raise ArgumentError(describe(what, "model", f"one that was trained on {kind}", "one that names no task"))
    from pellucid.tasks.registry import task_named

    return task_named(model.task["name"])


DETECT.append(detect)
KEYPOINTS.append(keypoints)
