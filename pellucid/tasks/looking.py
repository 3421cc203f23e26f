"""What a run is watched by: the headline of the validation part after some epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.reports.scores import Score
from pellucid.tasks.provided import Bench
from pellucid.training.events import Event, Progress

LOOKS = 20  # at the part, over a run, where nothing is asked for


class Looks(Event):
    """Adds a score, an attribute of the evaluation, to the row of an epoch; NaN where the part was not looked at.

    Without a validation part nothing is looked at, and the last epoch counts.
    """

    def __init__(self, bench: Bench, score: Score, every: int, *, validated: bool) -> None:
        self.bench, self.score, self.validated = bench, score.name, validated
        self.name = f"val_{score.name}" if validated else score.name
        self.every = every or max(1, -(-bench.epochs // LOOKS))

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        row[self.name] = math.nan
        left = self.bench.epochs - int(row["epoch"])
        if self.validated and (not left % self.every or progress.stop):
            value = getattr(self.bench.evaluate(progress, "validation"), self.score)  # without its interval
            row[self.name] = float(self.bench.firsts(np.array([value]))[0])
