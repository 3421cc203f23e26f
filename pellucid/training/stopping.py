"""Events that watch a number: keep the best, stop when it no longer improves, lower the rate on a plateau."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, describe
from pellucid.training.events import Event, Progress


def direction(monitor: str, mode: str) -> int:
    """1 when larger is better, -1 when smaller is; 'auto' reads it from the name."""
    if mode not in ("auto", "min", "max"):
        raise ArgumentError(describe("callback", "mode", "'auto', 'min' or 'max'", repr(mode)))
    if mode == "auto":
        return 1 if any(word in monitor for word in ("acc", "auc", "f1", "top5", "fbeta")) else -1
    return 1 if mode == "max" else -1


def epochs(where: str, argument: str, value: Any) -> int:
    """A number of epochs; raises ArgumentError unless it is a whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ArgumentError(describe(where, argument, "an integer >= 0", repr(value)))
    return int(value)


class Watch(Event):
    """Remembers the best value of `monitor` and how many epochs ago it was reached."""

    def __init__(self, monitor: str = "val_loss", *, mode: str = "auto", min_delta: float = 0.0) -> None:
        self.monitor, self.min_delta = monitor, abs(min_delta)
        self.sign = direction(monitor, mode)
        self.baseline: float | None = None
        self._recalled = False
        self.forget()

    def forget(self) -> None:
        """As before the first epoch."""
        self.best = self.baseline
        self.best_epoch = 0
        self.wait = 0

    def begin(self, progress: Progress) -> None:
        if not self._recalled:  # a resumed run goes on from its memory; a second fit starts anew
            self.forget()
        self._recalled = False

    def improved(self, row: dict[str, Any]) -> bool:
        """Note this epoch's value; True when it is the best so far. Raises ArgumentError for an unknown name."""
        if self.monitor not in row:
            known = ", ".join(name for name in row if name != "epoch")
            remedy = "Pass validation_data or validation_split." if self.monitor.startswith("val_") else ""
            raise ArgumentError(describe(type(self).__name__, "monitor", f"one of {known}", repr(self.monitor), remedy))
        value = float(row[self.monitor])
        better = self.best is None or self.sign * (value - self.best) > self.min_delta
        if better and not math.isnan(value):
            self.best, self.best_epoch, self.wait = value, int(row["epoch"]), 0
            return True
        self.wait += 1
        return False

    def memory(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait}

    def recall(self, memory: dict[str, Any]) -> None:
        self.best, self.best_epoch, self.wait = memory["best"], int(memory["best_epoch"]), int(memory["wait"])
        self._recalled = True


class EarlyStopping(Watch):
    """Stops after `patience` epochs without improvement; may bring the best weights back."""

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        self.patience, self.start_from_epoch = epochs("EarlyStopping", "patience", patience), start_from_epoch
        self.restore_best_weights = restore_best_weights
        self.baseline = self.best = baseline
        self.stopped_epoch = 0
        self._kept: dict[str, dict[str, Any]] | None = None

    def begin(self, progress: Progress) -> None:
        super().begin(progress)
        self.stopped_epoch, self._kept = 0, None

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if row["epoch"] <= self.start_from_epoch:
            return
        if (self.improved(row) or self._kept is None) and self.restore_best_weights:
            engine = progress.engine
            sections = {name: engine.get(progress.state[name]) for name in ("params", "state")}
            self._kept = {name: {k: np.array(v) for k, v in part.items()} for name, part in sections.items()}
        if self.wait >= max(self.patience, 1):
            self.stopped_epoch = row["epoch"] - 1
            progress.stop = f"stopped early: {self.monitor} has not improved for {self.wait} epochs"

    def end(self, progress: Progress) -> None:
        if self._kept is not None:
            for name, part in self._kept.items():
                progress.state[name] = progress.engine.put(part)


class ReduceLROnPlateau(Watch):
    """Multiplies the rate by `factor` after `patience` epochs without improvement, down to `min_lr`."""

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 < factor < 1:
            raise ArgumentError(describe("ReduceLROnPlateau", "factor", "between 0 and 1", f"{factor:g}"))
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        self.factor, self.min_lr = factor, min_lr
        self.patience = epochs("ReduceLROnPlateau", "patience", patience)
        self.cooldown = epochs("ReduceLROnPlateau", "cooldown", cooldown)

    def forget(self) -> None:
        super().forget()
        self.cooling = 0

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if self.cooling > 0:  # the last epoch of the pause counts again, as in Keras
            self.cooling, self.wait = self.cooling - 1, 0
        better = self.improved(row)
        if self.cooling > 0:
            self.wait = 0
        elif not better and self.wait >= max(self.patience, 1) and progress.rate > self.min_lr:
            progress.scale_rate(max(self.factor, self.min_lr / progress.rate))
            self.cooling, self.wait = self.cooldown, 0

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"cooling": self.cooling}

    def recall(self, memory: dict[str, Any]) -> None:
        super().recall(memory)
        self.cooling = int(memory["cooling"])
