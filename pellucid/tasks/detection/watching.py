"""What a run is watched by: AP50 of the validation part after some epochs, and the operating point of the best one."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from pellucid.tasks.provided import Bench
from pellucid.training.events import Event, Progress

LOOKS = 20  # at a part, over a run, where nothing is asked for


class Looked(Protocol):
    """What is looked at: whether there is a validation part, and what is chosen by it."""

    @property
    def validated(self) -> bool: ...

    @property
    def chosen(self) -> dict[str, float]: ...


class Looks(Event):
    """Adds val_AP50 to the row of an epoch, not a number where the part was not looked at.

    Without a validation part nothing is looked at, and the last epoch counts.
    """

    def __init__(self, problem: Looked, bench: Bench, every: int) -> None:
        self.problem, self.bench = problem, bench
        self.every = every or max(1, -(-bench.epochs // LOOKS))
        self.best, self.loss = -math.inf, math.inf

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if not self.problem.validated:
            row["AP50"] = math.nan
            return
        row["val_AP50"] = math.nan
        if (self.bench.epochs - int(row["epoch"])) % self.every and not progress.stop:
            return
        judged = self.bench.evaluate(progress, "validation").judged  # type: ignore[attr-defined]
        value = judged.mean_average_precision()
        found = self.bench.firsts(np.array([0.0 if math.isnan(value) else value, judged.best_threshold() or 0.5]))
        row["val_AP50"] = float(found[0])
        if (row["val_AP50"], -row["val_loss"]) > (self.best, -self.loss):  # as the epoch that is kept is chosen
            self.loss = float(row["val_loss"])
            self.best, self.problem.chosen["operating"] = row["val_AP50"], float(found[1])

    def memory(self) -> dict[str, Any]:
        if self.best == -math.inf:
            return {"best": None, "loss": None, "operating": None}
        return {"best": self.best, "loss": self.loss, "operating": self.problem.chosen.get("operating")}

    def recall(self, memory: dict[str, Any]) -> None:
        if memory["best"] is not None:
            self.best, self.loss = float(memory["best"]), float(memory["loss"])
            self.problem.chosen["operating"] = float(memory["operating"])
