"""What the outputs for one part of a data set came to: its scores, and the headline among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sized
from typing import Any, Protocol

import numpy as np

from pellucid.errors import DataError
from pellucid.reports.scores import Headline


class Evaluation(Protocol):
    """What the outputs for one part came to."""

    @property
    def split(self) -> str:
        """The part: train, train-dev, validation, test."""

    @property
    def n(self) -> int:
        """Samples."""

    @property
    def loss(self) -> float:
        """Mean over the part."""

    @property
    def outputs(self) -> np.ndarray:
        """What the network gave (N, ...)."""

    @property
    def headline(self) -> Headline:
        """The one score that the part is judged by."""

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        """Every score as plain JSON: split, n, loss, the headline under its own name, and the task's others.

        `wanted` is what `Problem.wanted_scores` gave.
        """

    def large(self) -> dict[str, Any]:
        """What only `evaluate --json` tells beside, since it may be large."""

    def wrong(self) -> np.ndarray:
        """Which samples (N,) are far enough from the truth to be shown again."""


class WithTruth:
    """An evaluation that keeps what is true of its N samples; raises DataError where there is none."""

    split: str
    truth: Sized

    def __post_init__(self) -> None:
        if not len(self.truth):
            raise DataError(f"evaluation of '{self.split}': there is no sample in it.")

    @property
    def n(self) -> int:
        """Number of samples N."""
        return len(self.truth)


class WithFaults(WithTruth, ABC):
    """One whose samples each have so many faults."""

    @abstractmethod
    def faults(self) -> np.ndarray:
        """(N,) how many each sample has."""

    def wrong(self) -> np.ndarray:
        """Which samples (N,) have a fault."""
        return np.asarray(self.faults() > 0)

    def worst(self, count: int) -> np.ndarray:
        """At most `count` samples with faults, the most first."""
        faults = self.faults()
        order = np.argsort(-faults, kind="stable")[:count]
        return np.asarray(order[faults[order] > 0])
