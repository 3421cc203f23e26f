"""The boxes that a model finds in pictures, from a program."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pellucid.data.fitting import fit_pixels
from pellucid.data.options import options_of_record
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_sized
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.model import Model
from pellucid.tasks.detection.answering import Detected, as_json
from pellucid.tasks.detection.codecs.encoded import Codec

AT_ONCE = 32


class Located(Protocol):
    """What is asked of a detection's problem."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def codec(self) -> Codec: ...

    @property
    def fit(self) -> str: ...

    @property
    def threshold(self) -> float: ...

    def found(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[Detected]: ...


def detect(problem: Located, model: Model, images: Any, *, score: float | None) -> list[list[dict[str, Any]]]:
    """For each picture (path or array) its boxes; see `pellucid.detect`."""
    if score is not None and not 0 <= score <= 1:
        raise ArgumentError(describe("detect", "score", "from 0 to 1", score))
    listed = [images] if isinstance(images, (str, os.PathLike)) else list(images)
    read = [picture_of(image, model, problem.codec.size, problem.fit) for image in listed]
    found = []
    for start in range(0, len(read), AT_ONCE):
        some = read[start : start + AT_ONCE]
        x = np.stack([pixels for pixels, _ in some])
        outputs = model.predict((model.preprocessing or assumed_pipeline(x.dtype)).apply(x))
        found += problem.found(outputs, [size for _, size in some])
    least = problem.threshold if score is None else score
    return [as_json(one.above(least), problem.names) for one in found]


def picture_of(image: Any, model: Model, size: tuple[int, int], fit: str) -> tuple[np.ndarray, tuple[int, int]]:
    """A picture as the network takes it, and the (height, width) that it had."""
    if isinstance(image, (str, os.PathLike)):
        return read_sized(Path(image), **options_of_record(model.input_record or {}))
    pixels = np.asarray(image)
    channels = int((model.input_record or {}).get("channels", 3))
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] != channels or not pixels.size:
        raise ShapeError(describe("detect", "images", f"pictures (H, W, {channels})", f"of shape {np.shape(image)}"))
    shape: Sequence[int] = pixels.shape
    return fit_pixels(pixels, size, fit), (int(shape[0]), int(shape[1]))
