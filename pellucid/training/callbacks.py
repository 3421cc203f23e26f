"""Callbacks in Keras's form: subclass Callback and override what you need; the loop calls them through an event."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from os.path import exists
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.errors import ArgumentError, describe
from pellucid.storage.tables import read_csv, write_csv
from pellucid.training.events import Event, Progress
from pellucid.training.program import RATIO
from pellucid.training.stopping import direction

Logs = dict[str, Any]


class Callback:
    """Keras's moments; `self.model` and `self.params` are set before the first."""

    model: Any = None
    params: Logs

    def set_model(self, model: Any) -> None:
        """Called once with the model being trained."""
        self.model = model

    def set_params(self, params: Logs) -> None:
        """Called once with epochs, steps and verbose."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first step."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last step."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch `epoch`, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After epoch `epoch`; `logs` holds loss, metrics and their val_ forms."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before step `batch` of the epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After step `batch` of the epoch; `logs` holds the numbers of this batch alone."""


class LambdaCallback(Callback):
    """A callback made of functions."""

    def __init__(self, **moments: Callable[..., Any]) -> None:
        for name, function in moments.items():
            if not hasattr(Callback, name):
                known = ", ".join(word for word in vars(Callback) if word.startswith("on_"))
                raise ArgumentError(describe("LambdaCallback", "argument", f"one of {known}", repr(name)))
            setattr(self, name, function)


class CSVLogger(Callback):
    """Writes a row an epoch to a CSV file; with `append` after the rows that are there."""

    def __init__(self, filename: str, separator: str = ",", append: bool = False) -> None:
        if separator != ",":
            raise ArgumentError(describe("CSVLogger", "separator", "a comma", repr(separator), "Leave it out."))
        self.filename, self.append = filename, append
        self.rows: list[Logs] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.rows = [dict(row) for row in read_csv(self.filename)] if self.append and exists(self.filename) else []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.rows.append({"epoch": epoch, **(logs or {})})
        write_csv(self.filename, self.rows)


class ModelCheckpoint(Callback):
    """Saves the model after each epoch, or after each that is the best so far; {epoch} in the name is filled in."""

    def __init__(
        self,
        filepath: str,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
    ) -> None:
        self.filepath, self.monitor, self.save_best_only = str(filepath), monitor, save_best_only
        self.save_weights_only = save_weights_only
        self.sign = direction(monitor, mode)
        self.best: float | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        row = logs or {}
        if self.save_best_only:
            if self.monitor not in row:
                raise ArgumentError(describe("ModelCheckpoint", "monitor", f"one of {', '.join(row)}", self.monitor))
            value = float(row[self.monitor])
            if self.best is not None and self.sign * (value - self.best) <= 0:
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **row)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)


class LearningRateScheduler(Event):
    """Sets the rate before each epoch to schedule(epoch, rate) or schedule(epoch), epochs counted from 0."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        try:  # the older form takes the epoch alone
            inspect.signature(schedule).bind(0, 0.0)
            self.takes_rate = True
        except TypeError:
            self.takes_rate = False

    def epoch_begin(self, progress: Progress) -> None:
        epoch = progress.position.epoch
        wanted = float(self.schedule(epoch, progress.rate) if self.takes_rate else self.schedule(epoch))
        if not math.isfinite(wanted) or wanted < 0:
            raise ArgumentError(describe("LearningRateScheduler", "schedule's result", "a number >= 0", f"{wanted:g}"))
        progress.set_rate(wanted)


class Calls(Event):
    """Calls a Keras-style callback from the loop."""

    def __init__(self, callback: Any, model: Any) -> None:
        self.callback, self.model = callback, model
        self.logs: Logs = {}
        uncalled = sorted(name for name in dir(callback) if name.startswith("on_") and not hasattr(Callback, name))
        if uncalled:
            known = ", ".join(name for name in vars(Callback) if name.startswith("on_"))
            raise ArgumentError(f"{type(callback).__name__}.{uncalled[0]} would never be called; fit calls {known}.")

    def begin(self, progress: Progress) -> None:
        self._call("set_model", self.model)
        self._call("set_params", {"epochs": progress.epochs, "steps": progress.steps_per_epoch})
        self._call("on_train_begin", {})

    def _call(self, moment: str, *given: Any) -> None:
        getattr(self.callback, moment, lambda *_: None)(*given)

    def epoch_begin(self, progress: Progress) -> None:
        self._call("on_epoch_begin", progress.position.epoch, {})
        self._call("on_train_batch_begin", progress.position.step_in_epoch, {})

    def step(self, progress: Progress, sums: Sums) -> None:
        done, steps = progress.position.step_in_epoch, progress.steps_per_epoch
        report = progress.program.report(sums)
        logs = {name: value for name, value in report.items() if not name.startswith(RATIO)}
        self._call("on_train_batch_end", done - 1, logs)
        self._obey(progress)
        if not progress.stop and (steps is None or done < steps):
            self._call("on_train_batch_begin", done, {})

    def epoch(self, progress: Progress, row: Logs) -> None:
        self.logs = {name: value for name, value in row.items() if name != "epoch"}
        self._call("on_epoch_end", row["epoch"] - 1, self.logs)
        self._obey(progress)

    def _obey(self, progress: Progress) -> None:
        if getattr(self.model, "stop_training", False) and not progress.stop:
            progress.stop = f"stopped by {type(self.callback).__name__}"

    def end(self, progress: Progress) -> None:
        self._call("on_train_end", self.logs)


@dataclass
class History:
    """What fit returns: `history` maps each name to its values, one an epoch; `epoch` lists them from 0."""

    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: list[int] = field(default_factory=list)
    params: Logs = field(default_factory=dict)
    stopped: str = ""  # why training ended before the last epoch


class Recorder(Event):
    """Fills a History."""

    def __init__(self) -> None:
        self.record = History()

    def begin(self, progress: Progress) -> None:
        self.record.params = {"epochs": progress.epochs, "steps": progress.steps_per_epoch}

    def epoch(self, progress: Progress, row: Logs) -> None:
        self.record.epoch.append(row["epoch"] - 1)
        for name, value in row.items():
            if name not in ("epoch", "learning_rate"):
                self.record.history.setdefault(name, []).append(value)

    def end(self, progress: Progress) -> None:
        self.record.stopped = progress.stop
