"""Callbacks for runs that end before their time: a backup that the next fit goes on from, and an end at NaN."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.errors import ArgumentError, describe, shown
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint
from pellucid.storage.writer import make_folder
from pellucid.training.arguments import flag, spoken, whole
from pellucid.training.callback import Callback
from pellucid.training.checkpoints import path_of
from pellucid.training.events import Event, Position, Progress


class BackupAndRestore(Event, Callback):
    """Keeps weights, optimizer and place in a file of `backup_dir` after each epoch, or every save_freq batches.

    A fit that finds one goes on from there with the same numbers; after the last epoch it is taken away
    (delete_checkpoint). Write to another folder for another model.
    """

    @spoken
    def __init__(
        self, backup_dir: str | os.PathLike[str], save_freq: str | int = "epoch", double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:  # fmt: skip
        where = "BackupAndRestore"
        self.path = Path(path_of(where, "backup_dir", backup_dir)) / "latest.safetensors"
        if isinstance(save_freq, str) and save_freq != "epoch":
            raise ArgumentError(describe(where, "save_freq", "'epoch' or a number of batches", shown(repr(save_freq))))
        self.every = None if save_freq == "epoch" else whole(where, "save_freq", save_freq, 1)
        self.delete = flag(where, "delete_checkpoint", delete_checkpoint)
        flag(where, "double_checkpoint", double_checkpoint)  # one file, replaced when the next is whole, serves both

    def begin(self, progress: Progress) -> None:
        make_folder(self.path.parent)
        if not self.path.exists():
            return
        kept, engine = read_checkpoint(self.path), progress.engine
        for section, named in progress.state.items():
            theirs = kept.state.get(section, {})
            shapes = {name: tuple(value.shape) for name, value in named.items()}
            if {name: value.shape for name, value in theirs.items()} != shapes:
                remedy = "Empty the folder, or name another."
                got = f"of another model or optimizer ({section})"
                raise ArgumentError(describe("BackupAndRestore", "backup_dir", "that of this model", got, remedy))
        progress.state = {section: dict(named) if section == "clock" else engine.put(named)
                          for section, named in kept.state.items()}  # fmt: skip
        vars(progress.position).update(vars(Position.from_json(kept.position)))
        progress.history[:] = kept.history

    def step(self, progress: Progress, sums: Sums) -> None:
        whole_epoch = progress.position.step_in_epoch == progress.steps_per_epoch
        if self.every and not whole_epoch and progress.position.step % self.every == 0:
            self._write(progress)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self._write(progress)

    def end(self, progress: Progress) -> None:
        if self.delete and progress.position.epoch >= progress.epochs:
            self.path.unlink(missing_ok=True)

    def _write(self, progress: Progress) -> None:
        state = {section: dict(named) if section == "clock" else progress.engine.get(named)
                 for section, named in progress.state.items()}  # fmt: skip
        write_checkpoint(self.path, state=state, position=progress.position.to_json(), history=progress.history,
                         events={}, environment={})  # fmt: skip


class TerminateOnNaN(Callback):
    """fit ends quietly at the first loss that is not finite, where it would raise TrainingError.

    Weights stay as they were before that batch; with raise_error it is the error after all.
    """

    @spoken
    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = flag("TerminateOnNaN", "raise_error", raise_error)
