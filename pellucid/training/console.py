"""What a run prints: a bar with images per second and time left on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.training.arguments import one_of
from pellucid.training.events import Event, Progress

REFRESH_SECONDS = 0.2


class EpochLines(Event):
    """One plain line an epoch, to `write`."""

    def __init__(self, write: Any = None) -> None:
        self.write = write or (lambda line: print(line, flush=True))
        self.started = self.latest = 0.0
        self.samples = 0

    def begin(self, progress: Progress) -> None:
        self.started = self.latest = time.perf_counter()  # a resumed run may begin in the middle of an epoch

    def epoch_begin(self, progress: Progress) -> None:
        self.started, self.samples = time.perf_counter(), 0

    def step(self, progress: Progress, sums: Sums) -> None:
        self.samples += progress.samples
        self.latest = time.perf_counter()

    @property
    def speed(self) -> float:
        """Images learnt per second in this epoch, validation left out."""
        return self.samples / max(self.latest - self.started, 1e-9)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self.write(f"epoch {row['epoch']}/{progress.epochs}  {scores(row)}  {self.speed:,.0f} images/s")


def scores(row: dict[str, Any]) -> str:
    """loss 0.1234  accuracy 0.9876 ...; without what events add (behind the learning rate) but did not measure: NaN."""
    names = list(row)
    added = set(names[names.index("learning_rate") + 1 :]) if "learning_rate" in row else set()
    numbers = {name: value for name, value in row.items() if isinstance(value, (int, float))
               and name not in ("epoch", "learning_rate") and not (name in added and math.isnan(value))}  # fmt: skip
    return "  ".join(f"{name} {value:.4f}" for name, value in numbers.items())


class Bar(Event):
    """A rich progress bar for terminals."""

    def __init__(self, write: Any = None) -> None:
        self.lines = EpochLines(write or self._print)
        self.bar: Any = None
        self.task: Any = None
        self.shown = 0.0

    def _print(self, line: str) -> None:
        self.bar.console.print(line, highlight=False)

    def begin(self, progress: Progress) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("{task.fields[speed]:,.0f} images/s"),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(compact=True),
        )
        self.bar = RichProgress(*columns, transient=True)
        total = (progress.steps_per_epoch or 0) * progress.epochs or None
        fields = {"epoch": progress.position.epoch + 1, "epochs": progress.epochs, "speed": 0.0, "loss": 0.0}
        self.task = self.bar.add_task("", total=total, completed=progress.position.step, **fields)
        self.bar.start()
        self.lines.begin(progress)

    def epoch_begin(self, progress: Progress) -> None:
        self.lines.epoch_begin(progress)

    def step(self, progress: Progress, sums: Sums) -> None:
        self.lines.step(progress, sums)
        now = time.perf_counter()
        if now - self.shown < REFRESH_SECONDS:
            return
        self.shown = now
        loss = progress.program.report(progress.position.sums).get("loss", 0.0)
        epoch = min(progress.position.epoch + 1, progress.epochs)
        self.bar.update(self.task, completed=progress.position.step, speed=self.lines.speed, loss=loss, epoch=epoch)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self.lines.epoch(progress, row)

    def end(self, progress: Progress) -> None:
        if self.bar is not None:
            self.bar.stop()


def loudness(where: str, verbose: Any) -> int | str:
    """Keras's `verbose`; raises ArgumentError for anything else."""
    found: int | str = one_of(where, "verbose", verbose, (0, 1, 2, "auto"), "0, 1, 2 or 'auto'")
    return found


def console_event(verbose: int | str) -> Event | None:
    """The event for Keras's `verbose`: 0 silent, 1 bar, 2 a line an epoch, 'auto' by whether this is a terminal."""
    if verbose == 0:
        return None
    terminal = sys.stdout.isatty()
    return Bar() if terminal and verbose != 2 else EpochLines()
