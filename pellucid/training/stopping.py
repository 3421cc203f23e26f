"""Events that watch a number: keep the best, stop when it no longer improves, lower the rate on a plateau."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, describe, shown
from pellucid.training.arguments import flag, one_of, real, spoken, whole, word
from pellucid.training.callback import Callback
from pellucid.training.events import Event, Progress
from pellucid.training.program import averaged, with_weights
from pellucid.words import nearest


def direction(where: str, monitor: str, known: Mapping[str, int]) -> int:
    """1 when larger values of `monitor` are better, -1 when smaller ones are, as its loss or metric says.

    Raises ArgumentError for a name that is none of the model's.
    """
    name = monitor.removeprefix("val_")
    if name in known:
        return known[name]
    names = [*known, *(f"val_{name}" for name in known)]
    remedy = f"{nearest(monitor, names)} For a number of your own say mode='min' or 'max'.".lstrip()
    wanted = f"a loss or metric of the model ({', '.join(known)}; val_ before it for validation)"
    raise ArgumentError(describe(where, "monitor", wanted, shown(repr(monitor)), remedy))


class Monitored(Event, Callback):
    """An event that reads one number of each epoch; `sign` is 1 where more is better, None until fit asks the model."""

    def __init__(self, monitor: str, mode: str) -> None:
        where = type(self).__name__
        one_of(where, "mode", mode, ("auto", "min", "max"), "'auto', 'min' or 'max'")
        self.monitor, self.mode = word(where, "monitor", monitor), mode
        self.sign: int | None = {"auto": None, "min": -1, "max": 1}[mode]
        if mode == "auto" and monitor.removeprefix("val_") == "loss":
            self.sign = -1

    def begin(self, progress: Progress) -> None:
        if self.mode == "auto" and self.monitor.removeprefix("val_") != "loss":
            # a program of one's own need not know any
            directions: dict[str, int] = getattr(progress.program, "directions", dict)()
            self.sign = direction(type(self).__name__, self.monitor, {"loss": -1} | directions)

    def value(self, row: Mapping[str, Any], *, validates: bool = False) -> float | None:
        """The number of this epoch; None where validation has its turn in other epochs.

        Raises ArgumentError for a name that is not in the row.
        """
        if self.monitor in row:
            return real(type(self).__name__, self.monitor, row[self.monitor], finite=False)
        if validates and self.monitor.startswith("val_") and not any(name.startswith("val_") for name in row):
            return None
        known = [name for name in row if name != "epoch"]
        remedy = nearest(self.monitor, known)
        if self.monitor.removeprefix("val_") in known and not any(name.startswith("val_") for name in known):
            remedy = "Pass validation_data or validation_split."
        wanted = f"one of {', '.join(known)}"
        raise ArgumentError(describe(type(self).__name__, "monitor", wanted, shown(repr(self.monitor)), remedy))

    def improves(self, value: float, on: float | None, least: float = 0.0) -> bool:
        """Whether a value is better than another by more than `least`; any number is better than none."""
        return not math.isnan(value) and (on is None or (self.sign or -1) * (value - on) > least)


class Watch(Monitored):
    """Remembers the best value of `monitor` and how many epochs ago it was reached."""

    def __init__(self, monitor: str = "val_loss", *, mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__(monitor, mode)
        self.min_delta = abs(real(type(self).__name__, "min_delta", min_delta))
        self._recalled = False
        self.forget()

    def forget(self) -> None:
        """As before the first epoch."""
        self.best: float | None = None
        self.best_epoch = 0
        self.wait = 0

    def begin(self, progress: Progress) -> None:
        super().begin(progress)
        if not self._recalled:  # a resumed run goes on from its memory; a second fit starts anew
            self.forget()
        self._recalled = False

    def improved(self, row: Mapping[str, Any], value: float | None = None) -> bool:
        """Note this epoch's value; True when it is the best so far. Raises ArgumentError for an unknown name."""
        found = self.value(row) if value is None else value
        assert found is not None, "value() without validates raises where there is none"
        if self.improves(found, self.best, self.min_delta):
            self.best, self.best_epoch, self.wait = found, int(row["epoch"]), 0
            return True
        self.wait += 1
        return False

    def memory(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait}

    def recall(self, memory: dict[str, Any]) -> None:
        self.best, self.best_epoch, self.wait = memory["best"], int(memory["best_epoch"]), int(memory["wait"])
        self._recalled = True


class EarlyStopping(Watch):
    """Stops after `patience` epochs without improvement; may bring the best weights back.

    With a `baseline` an improvement counts only where it beats the baseline too; the weights brought back are those
    of the best epoch whether or not it does.
    """

    @spoken
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
        self.patience = whole("EarlyStopping", "patience", patience, 0)
        self.start_from_epoch = whole("EarlyStopping", "start_from_epoch", start_from_epoch, 0)
        self.restore_best_weights = flag("EarlyStopping", "restore_best_weights", restore_best_weights)
        self.baseline = None if baseline is None else real("EarlyStopping", "baseline", baseline)
        self.verbose = whole("EarlyStopping", "verbose", verbose, 0)
        self.stopped_epoch = 0
        self._kept: dict[str, dict[str, Any]] | None = None
        self._kept_epoch = 0

    def begin(self, progress: Progress) -> None:
        super().begin(progress)
        self.stopped_epoch, self._kept = 0, None

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if row["epoch"] <= self.start_from_epoch:
            return
        value = self.value(row, validates=progress.validates)
        if value is None:
            return
        waited = self.wait
        better = self.improved(row, value)
        if (better or self._kept is None) and self.restore_best_weights:
            engine, state = progress.engine, averaged(progress.state)
            sections = {name: engine.get(state[name]) for name in ("params", "state")}
            self._kept = {name: {k: np.array(v) for k, v in part.items()} for name, part in sections.items()}
            self._kept_epoch = row["epoch"]
        if better and not self.improves(value, self.baseline, self.min_delta):
            self.wait = waited + 1
        elif self.wait >= max(self.patience, 1):
            self.stopped_epoch = row["epoch"] - 1
            progress.stop = f"stopped early: {self.monitor} has not improved for {self.wait} epochs"

    def end(self, progress: Progress) -> None:
        if self.verbose and self.stopped_epoch:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping", flush=True)
        if self._kept is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self._kept_epoch}.", flush=True)
            kept = {name: progress.engine.put(part) for name, part in self._kept.items()}
            progress.state = with_weights(progress.engine, progress.state, kept["params"], kept["state"])


class ReduceLROnPlateau(Watch):
    """Multiplies the rate by `factor` after `patience` epochs without improvement, down to `min_lr`."""

    @spoken
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
        self.factor = real("ReduceLROnPlateau", "factor", factor)
        if not 0 < self.factor < 1:
            raise ArgumentError(describe("ReduceLROnPlateau", "factor", "between 0 and 1", f"{factor:g}"))
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        self.min_lr = real("ReduceLROnPlateau", "min_lr", min_lr, low=0.0)
        self.patience = whole("ReduceLROnPlateau", "patience", patience, 0)
        self.cooldown = whole("ReduceLROnPlateau", "cooldown", cooldown, 0)
        self.verbose = whole("ReduceLROnPlateau", "verbose", verbose, 0)

    def forget(self) -> None:
        super().forget()
        self.cooling = 0

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        value = self.value(row, validates=progress.validates)
        if value is None:
            return
        if self.cooling > 0:  # the last epoch of the pause counts again, as in Keras
            self.cooling, self.wait = self.cooling - 1, 0
        better = self.improved(row, value)
        if self.cooling > 0:
            self.wait = 0
        elif not better and self.wait >= max(self.patience, 1) and progress.rate > self.min_lr:
            progress.scale_rate(max(self.factor, self.min_lr / progress.rate))
            self.cooling, self.wait = self.cooldown, 0
            if self.verbose:
                said = f"ReduceLROnPlateau reducing learning rate to {progress.rate}."
                print(f"Epoch {row['epoch']}: {said}", flush=True)

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"cooling": self.cooling}

    def recall(self, memory: dict[str, Any]) -> None:
        super().recall(memory)
        self.cooling = int(memory["cooling"])
