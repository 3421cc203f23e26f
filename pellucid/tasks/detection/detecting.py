"""The boxes that a model finds in pictures, from a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pellucid.errors import ArgumentError, describe
from pellucid.model import Model
from pellucid.tasks.asking import asked
from pellucid.tasks.detection.answering import Detected, as_json
from pellucid.tasks.detection.codecs.encoded import Codec


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
    least = problem.threshold if score is None else score
    return [as_json(one.above(least), problem.names)
            for outputs, sizes in asked("detect", model, images, problem.codec.size, problem.fit)
            for one in problem.found(outputs, sizes)]  # fmt: skip
