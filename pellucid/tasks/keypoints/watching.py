"""What a run is watched by: the NME of the validation part after some epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.tasks.keypoints.evaluation import Evaluation
from pellucid.tasks.provided import Bench
from pellucid.training.events import Event, Progress

LOOKS = 20  # at the part, over a run, where nothing is asked for


class Looks(Event):
    """Adds val_nme to the row of an epoch, not a number where the part was not looked at.

    Without a validation part nothing is looked at, and the last epoch counts.
    """

    def __init__(self, bench: Bench, every: int, *, validated: bool) -> None:
        self.bench, self.validated = bench, validated
        self.every = every or max(1, -(-bench.epochs // LOOKS))

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        name = "val_nme" if self.validated else "nme"
        row[name] = math.nan
        left = self.bench.epochs - int(row["epoch"])
        if self.validated and (not left % self.every or progress.stop):
            found = self.bench.evaluate(progress, "validation")
            assert isinstance(found, Evaluation), "the run is one of this task"
            row[name] = float(self.bench.firsts(np.array([found.nme]))[0])
