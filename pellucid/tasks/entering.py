"""Enters what a model does by its task into the room below; the task is imported at the first call."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.model import Model
from pellucid.model.portable import DETECT, Found


def detect(model: Model, images: Any, *, score: float | None = None) -> Found:
    """For each picture its boxes, {"class", "score", "box": [x1, y1, x2, y2]} in its own pixels, the surest first.

    images: paths, or pictures (H, W, C) of any sizes as read (an array (N, H, W, C) is N of them); score: the least
    that is told (default: the model's operating point).

    Raises ArgumentError for a model that was not trained on boxes, ShapeError for what is no picture, FileError for a
    file that cannot be read.
    """
    if model.task is None:
        raise ArgumentError(describe("detect", "model", "one that was trained on boxes", "one that names no task"))
    from pellucid.tasks.registry import task_named

    return task_named(model.task["name"]).detect(model, images, score=score)


DETECT.append(detect)
