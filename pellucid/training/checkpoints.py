"""Callbacks that write files while a model trains: the model after epochs or steps, and a CSV row an epoch."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.errors import ArgumentError, describe, shown
from pellucid.storage.model_file import check_extension
from pellucid.storage.tables import read_csv, write_csv
from pellucid.storage.writer import make_folder
from pellucid.training.arguments import flag, one_of, real, spoken, whole
from pellucid.training.callback import Callback, Logs
from pellucid.training.events import Progress
from pellucid.training.program import RATIO
from pellucid.training.stopping import Monitored
from pellucid.words import nearest

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LONGEST = 1024  # characters of a path


def path_of(where: str, argument: str, given: Any) -> str:
    """A path as text; raises ArgumentError for anything else."""
    path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path or CONTROL.search(path) or len(path) > LONGEST:
        wanted = f"a path of at most {LONGEST} characters, none of them a line break"
        raise ArgumentError(describe(where, argument, wanted, shown(repr(given))))
    return path


class CSVLogger(Callback):
    """Writes a row an epoch to a CSV file; with `append` after the rows that are there."""

    @spoken
    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        one_of("CSVLogger", "separator", separator, (",",), "a comma")
        self.filename = path_of("CSVLogger", "filename", filename)
        self.append = flag("CSVLogger", "append", append)
        self.rows: list[Logs] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        there = self.append and os.path.exists(self.filename)
        self.rows = [dict(row) for row in read_csv(self.filename)] if there else []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.rows.append({"epoch": epoch, **(logs or {})})
        write_csv(self.filename, self.rows)


class ModelCheckpoint(Monitored):
    """Saves the model after each epoch or every `save_freq` steps, or where it is then the best so far.

    {epoch}, {batch} and the names of the history in `filepath` are filled in; its folder is made. The best begins as
    `initial_value_threshold` and lasts from one fit to the next. Raises ArgumentError for a name that is not there,
    FileError for a file that cannot be written.
    """

    @spoken
    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        where = "ModelCheckpoint"
        super().__init__(monitor, mode)
        self.filepath = path_of(where, "filepath", filepath)
        check_extension(self.filepath)
        self.verbose = whole(where, "verbose", verbose, 0)
        self.save_best_only = flag(where, "save_best_only", save_best_only)
        self.save_weights_only = flag(where, "save_weights_only", save_weights_only)
        if isinstance(save_freq, str):
            one_of(where, "save_freq", save_freq, ("epoch",), "'epoch' or a number of steps")
        self.save_freq = save_freq if isinstance(save_freq, str) else whole(where, "save_freq", save_freq, 1)
        given = initial_value_threshold
        self.best = None if given is None else real(where, "initial_value_threshold", given)
        self.steps_since = 0

    def begin(self, progress: Progress) -> None:
        if self.save_best_only:
            super().begin(progress)

    def step(self, progress: Progress, sums: Sums) -> None:
        if self.save_freq == "epoch":
            return
        self.steps_since += 1
        if self.steps_since >= int(self.save_freq):
            self.steps_since = 0
            position = progress.position
            report = progress.program.report(position.sums)
            row = {name: value for name, value in report.items() if not name.startswith(RATIO)}
            self.keep(position.epoch + 1, {"batch": position.step_in_epoch, **row}, row)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if self.save_freq == "epoch":
            scores = {name: value for name, value in row.items() if name != "epoch"}
            self.keep(row["epoch"], scores, scores, validates=progress.validates)

    def keep(self, epoch: int, names: Logs, row: Logs, *, validates: bool = False) -> None:
        """Save the model, if it is to be saved now, under the path that these names give."""
        saying = f"Epoch {epoch}: saving model to {{path}}"
        if self.save_best_only:
            value = self.value(row, validates=validates)
            if value is None:
                return
            before = "None" if self.best is None else f"{self.best:.5f}"
            if not self.improves(value, self.best):
                self._say(f"Epoch {epoch}: {self.monitor} did not improve from {before}")
                return
            self.best = value
            saying = f"Epoch {epoch}: {self.monitor} improved from {before} to {value:.5f}, saving model to {{path}}"
        path = self.path(epoch, names)
        self._say(saying.replace("{path}", path))
        make_folder(Path(path).parent)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)

    def _say(self, line: str) -> None:
        if self.verbose:
            print(line, flush=True)

    def path(self, epoch: int, names: Mapping[str, Any]) -> str:
        """The path with its names filled in; raises ArgumentError for a name that is not there."""
        known = ["epoch", *names]
        try:
            return self.filepath.format(epoch=epoch, **names)
        except KeyError as fault:
            name = str(fault.args[0])
            wanted, got = f"made of names among {', '.join(known)}", shown(repr(self.filepath))
            raise ArgumentError(describe("ModelCheckpoint", "filepath", wanted, got, nearest(name, known))) from None
        except (ValueError, IndexError, AttributeError, TypeError) as fault:
            wanted = "a path with names such as {epoch:02d} or {val_loss:.2f}"
            got = f"{shown(repr(self.filepath))} ({shown(fault)})"
            raise ArgumentError(describe("ModelCheckpoint", "filepath", wanted, got)) from None
