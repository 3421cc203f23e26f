"""Callbacks at work: what calls them from the loop and around evaluations, and the history that fit returns."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.errors import ArgumentError, describe, shown
from pellucid.training.arguments import spoken, whole
from pellucid.training.callback import Callback, Logs
from pellucid.training.events import Event, Progress
from pellucid.training.loop import Around
from pellucid.training.program import RATIO, Program


class LearningRateScheduler(Event, Callback):
    """Sets the rate before each epoch to schedule(epoch, rate) or schedule(epoch), epochs counted from 0."""

    @spoken
    def __init__(self, schedule: Any, verbose: int = 0) -> None:
        if not callable(schedule):
            wanted = "a function of the epoch and the rate"
            raise ArgumentError(describe("LearningRateScheduler", "schedule", wanted, shown(repr(schedule))))
        self.schedule, self.verbose = schedule, whole("LearningRateScheduler", "verbose", verbose, 0)
        try:  # the older form takes the epoch alone
            inspect.signature(schedule).bind(0, 0.0)
            self.takes_rate = True
        except (TypeError, ValueError):
            self.takes_rate = False

    def epoch_begin(self, progress: Progress) -> None:
        epoch = progress.position.epoch
        given = self.schedule(epoch, progress.rate) if self.takes_rate else self.schedule(epoch)
        try:
            wanted = float(given)
        except (TypeError, ValueError):
            wanted = math.nan
        if isinstance(given, (str, bool)) or not math.isfinite(wanted) or wanted < 0:
            got = f"{given:g}" if isinstance(given, float) else shown(repr(given))
            raise ArgumentError(describe("LearningRateScheduler", "schedule's result", "a number >= 0", got))
        progress.set_rate(wanted)
        if self.verbose:
            said = f"LearningRateScheduler setting learning rate to {wanted}."
            print(f"Epoch {epoch + 1}: {said}", flush=True)


class Heard:
    """A callback and its moments that do something; the others are not called."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback

    def overrides(self, moment: str) -> bool:
        """Whether the callback does something then, perhaps under the moment's older name."""
        older = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
        return self._differs(moment) or (moment in older and self._differs(older[moment]))

    def _differs(self, moment: str) -> bool:
        own = getattr(type(self.callback), moment, None)
        return moment in getattr(self.callback, "__dict__", {}) or own is not getattr(Callback, moment, None)

    def call(self, moment: str, *given: Any) -> None:
        """Call a moment, if the callback has it."""
        if self.overrides(moment):
            getattr(self.callback, moment, lambda *_: None)(*given)


class Calls(Event):
    """Calls a Keras-style callback from the loop."""

    def __init__(self, callback: Any, model: Any, verbose: int | str = 0) -> None:
        self.heard, self.model, self.verbose = Heard(callback), model, verbose
        self.logs: Logs = {}

    def begin(self, progress: Progress) -> None:
        params = {"verbose": self.verbose, "epochs": progress.epochs, "steps": progress.steps_per_epoch}
        introduce(self.heard.callback, self.model, params)
        self.heard.call("on_train_begin", {})

    def epoch_begin(self, progress: Progress) -> None:
        self.heard.call("on_epoch_begin", progress.position.epoch, {})
        self.heard.call("on_train_batch_begin", progress.position.step_in_epoch, {})

    def step(self, progress: Progress, sums: Sums) -> None:
        done, steps = progress.position.step_in_epoch, progress.steps_per_epoch
        if self.heard.overrides("on_train_batch_end"):
            self.heard.call("on_train_batch_end", done - 1, logs_of(progress.program, progress.position.sums))
        self._obey(progress)
        if not progress.stop and (steps is None or done < steps):
            self.heard.call("on_train_batch_begin", done, {})

    def epoch(self, progress: Progress, row: Logs) -> None:
        self.logs = {name: value for name, value in row.items() if name != "epoch"}
        self.heard.call("on_epoch_end", row["epoch"] - 1, self.logs)
        row |= {name: value for name, value in self.logs.items() if name != "epoch"}
        self._obey(progress)

    def _obey(self, progress: Progress) -> None:
        if getattr(self.model, "stop_training", False) and not progress.stop:
            progress.stop = f"stopped by {type(self.heard.callback).__name__}"

    def end(self, progress: Progress) -> None:
        self.heard.call("on_train_end", self.logs)


class CallsAround(Around):
    """Calls callbacks around an evaluation (`kind` "test") or predictions ("predict")."""

    def __init__(self, kind: str, callbacks: Sequence[Any]) -> None:
        self.kind, self.heard = kind, [Heard(callback) for callback in callbacks]

    def _call(self, moment: str, *given: Any) -> None:
        for heard in self.heard:
            heard.call(f"on_{self.kind}_{moment}", *given)

    def begin(self) -> None:
        self._call("begin", {})

    def batch_begin(self, number: int) -> None:
        self._call("batch_begin", number, {})

    def batch_end(self, number: int, program: Program, total: Sums) -> None:
        if any(heard.overrides(f"on_{self.kind}_batch_end") for heard in self.heard):
            self._call("batch_end", number, logs_of(program, total))

    def outputs(self, number: int, outputs: Any) -> None:
        """After a batch of predictions."""
        self._call("batch_end", number, {"outputs": outputs})

    def end(self, program: Program | None = None, total: Sums | None = None) -> None:
        self._call("end", {} if program is None else logs_of(program, total or {}))


def introduce(callback: Any, model: Any, params: Mapping[str, Any]) -> None:
    """Tell a callback its model and the numbers of the call."""
    for method, given in (("set_model", model), ("set_params", dict(params))):
        getattr(callback, method, lambda *_: None)(given)


def logs_of(program: Program, sums: Sums) -> Logs:
    """The means that callbacks see."""
    return {name: value for name, value in program.report(sums).items() if not name.startswith(RATIO)}


@dataclass
class History:
    """What fit returns: `history` maps each name to its values, one an epoch; `epoch` lists them from 0."""

    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: list[int] = field(default_factory=list)
    params: Logs = field(default_factory=dict)
    stopped: str = ""  # why training ended before the last epoch
    model: Any = field(default=None, repr=False, compare=False)  # that was trained

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """As a callback of its own it fills itself."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class Recorder(Event):
    """Fills a History; the learning rate is in it where `rates` says so."""

    def __init__(self, *, rates: bool = False) -> None:
        self.record = History()
        self.left_out = {"epoch"} if rates else {"epoch", "learning_rate"}

    def begin(self, progress: Progress) -> None:
        self.record.params = {"epochs": progress.epochs, "steps": progress.steps_per_epoch}

    def epoch(self, progress: Progress, row: Logs) -> None:
        self.record.epoch.append(row["epoch"] - 1)
        for name, value in row.items():
            if name not in self.left_out:
                self.record.history.setdefault(name, []).append(value)

    def end(self, progress: Progress) -> None:
        self.record.stopped = progress.stop
