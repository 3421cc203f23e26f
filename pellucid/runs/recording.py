"""Events that write a run folder while it trains: steps.csv, history.csv, the best model, the checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pellucid.engines.finite import first_not_finite
from pellucid.engines.protocol import Sums
from pellucid.errors import TrainingError
from pellucid.storage.checkpoint import write_checkpoint
from pellucid.storage.reading import read_text
from pellucid.storage.tables import csv_line, cut_csv, last_number, read_csv, write_csv
from pellucid.storage.writer import append_text, remove_files
from pellucid.training.events import Event, Progress
from pellucid.training.program import RATIO
from pellucid.training.stopping import Watch

FLUSH_STEPS = 50


class StepTable(Event):
    """A row a step in steps.csv; times live here and nowhere else but metrics.json."""

    def __init__(self, path: Path, layers: Sequence[str]) -> None:
        self.path, self.ratios = path, [RATIO + layer for layer in layers]
        self.pending: list[str] = []
        self.seconds = 0.0

    def begin(self, progress: Progress) -> None:
        if has_lines(self.path) and not read_text(self.path).startswith("step,"):
            remove_files([self.path])  # a disk that was full at its first line, and an older Pellucid that went on
        cut_csv(self.path, "step", progress.position.step)
        rows = read_csv(self.path) if self.path.exists() else []
        self.seconds = last_number(self.path, rows, "seconds")
        self.latest = time.perf_counter()

    def step(self, progress: Progress, sums: Sums) -> None:
        now = time.perf_counter()
        took, self.latest = now - self.latest, now
        self.seconds += took
        row = progress.program.report(sums)
        scores = {name: value for name, value in row.items() if not name.startswith(RATIO)}
        columns = {
            "step": progress.position.step,
            "epoch": progress.position.epoch + 1,
            **scores,
            "learning_rate": progress.rate,
            "seconds": round(self.seconds, 6),
            "images_per_second": round(progress.samples / max(took, 1e-9), 1),
            **{name: row.get(name, "") for name in self.ratios},
        }
        if not self.pending and not has_lines(self.path):
            self.pending.append(csv_line(columns))
        self.pending.append(csv_line(columns.values()))
        if progress.position.step % FLUSH_STEPS == 0:
            self.flush()

    def flush(self) -> None:
        """Append what is waiting."""
        if self.pending:
            append_text(self.path, "".join(self.pending))
            self.pending = []

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self.flush()
        self.latest = time.perf_counter()  # validation is not part of the next step

    def end(self, progress: Progress) -> None:
        self.flush()


def has_lines(path: Path) -> bool:
    """Whether a table has its header; a disk that was full at the first line leaves an empty file."""
    return path.exists() and path.stat().st_size > 0


def ordered(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the history: epoch, loss, other scores by name, the same of validation, learning rate.

    A checkpoint gives its rows back in the order of the alphabet.
    """
    ends = {"epoch": -1, "learning_rate": 1}

    def place(name: str) -> tuple[int, bool, bool, str]:
        return ends.get(name, 0), name.startswith("val_"), not name.endswith("loss"), name

    return {name: row[name] for name in sorted(row, key=place)}


class HistoryTable(Event):
    """history.csv: a row an epoch, written anew each time, so that a resume leaves nothing behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, progress: Progress) -> None:
        write_csv(self.path, [ordered(row) for row in progress.history])

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        write_csv(self.path, [ordered(row) for row in progress.history])


LOSS_NOISE = 1.1  # validation losses of one run that differ by less are equal


class KeepBest(Watch):
    """Calls `save` after each epoch that is the best so far; among equals the one with the smaller loss.

    A small validation part gives many equal scores, and the loss still tells them apart. `noise(best)` says by how much
    two scores may differ and be equal all the same: the epoch kept is never further below the best, and where another
    has a smaller loss within that, it is the one kept. Losses have noise too: within a tenth the better score decides.
    With `last` each epoch takes the place of the one before it, whatever its score.
    """

    def __init__(
        self, part: str, watched: str, save: Callable[[Progress], None], *, mode: str,
        noise: Callable[[float], float] = lambda best: 0.0, last: bool = False,
    ) -> None:
        super().__init__(f"{part}{watched}", mode=mode)
        self.loss, self.save, self.noise, self.last = f"{part}loss", save, noise, last

    def forget(self) -> None:
        super().forget()
        self.best_loss, self.kept = math.inf, math.nan  # of the epoch that is kept

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        kept, value = self.best_epoch, float(row[self.monitor])
        first = self.best is None
        self.improved(row)
        self.best_epoch = kept  # that of the highest score is not always the one that is kept
        if not self.last and (self.best is None or not self.as_good(value)):
            return
        if self.last or first or not self.as_good(self.kept) or self.surer(value, float(row[self.loss])):
            self.best_epoch, self.best_loss, self.kept = int(row["epoch"]), float(row[self.loss]), value
            self.save(progress)

    def surer(self, value: float, loss: float) -> bool:
        """Whether an epoch is to be kept instead of the one that is, both being as good as the best."""
        ahead = (self.sign or -1) * (value - self.kept)
        allowed = 1.0 if ahead == 0 else LOSS_NOISE if ahead > 0 else 1 / LOSS_NOISE
        return loss < allowed * self.best_loss

    def as_good(self, value: float) -> bool:
        """Whether a score is the best so far within the noise."""
        assert self.best is not None, "asked once there is a best one"
        return (self.sign or -1) * (self.best - value) <= self.noise(self.best)  # no for NaN

    def memory(self) -> dict[str, Any]:
        apart = {} if self.best is None or self.kept == self.best else {"kept": self.kept}
        return super().memory() | {"best_loss": self.best_loss} | apart

    def recall(self, memory: dict[str, Any]) -> None:
        super().recall(memory)
        self.best_loss = float(memory["best_loss"])
        kept = memory["best"] if memory.get("kept") is None else memory["kept"]
        self.kept = math.nan if kept is None else float(kept)


class Checkpoints(Event):
    """last.safetensors after every epoch, every so many steps, and when a run is stopped. Comes last of the events."""

    def __init__(
        self,
        path: Path,
        every: int,
        events: Sequence[tuple[str, Event]],
        environment: dict[str, Any],
        *,
        flush: Callable[[], None],
    ) -> None:
        self.path, self.every, self.events, self.environment = path, every, events, environment
        self.flush = flush  # the rows of steps.csv up to the checkpoint must be on disk before it is

    def step(self, progress: Progress, sums: Sums) -> None:
        if progress.position.step_in_epoch == progress.steps_per_epoch:
            refuse_not_finite(progress)  # before validation meets them
            return  # the epoch's own follows; between the two, the row of the epoch would lose its learning rate
        if progress.stop or (self.every and progress.position.step % self.every == 0):
            self.write(progress)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self.write(progress)

    def write(self, progress: Progress) -> None:
        """Write it whole; raises TrainingError rather than replace a good one by weights that are not finite."""
        refuse_not_finite(progress)
        self.flush()
        get = progress.engine.get
        sections = {name: dict(part) if name == "clock" else get(part) for name, part in progress.state.items()}
        write_checkpoint(
            self.path,
            state=sections,
            position=progress.position.to_json(),
            history=progress.history,
            events={name: event.memory() for name, event in self.events} | {"stop": early(progress.stop)},
            environment=self.environment,
        )


def refuse_not_finite(progress: Progress) -> None:
    """Raise TrainingError that names the first weights, or moving statistics, that are not finite."""
    state = progress.state
    found = first_not_finite(progress.engine.get({**state["params"], **state["state"]}))
    if found:
        raise TrainingError(
            f"the weights '{found[0]}' are no longer finite after step {progress.position.step}. "
            "Lower the learning rate."
        )


def early(stop: str) -> str:
    """Only a stop that a resume must respect: one that training itself decided."""
    return stop if stop.startswith("stopped early") else ""
