"""pellucid train: from data to a run folder, or on from where a run stopped."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.options import DataOrNone, Given, of_a_run, option, with_settings
from pellucid.cli.output import JSON_FLAG, FileLines, print_json, show_lines
from pellucid.cli.voice import with_others
from pellucid.errors import PellucidError, UsageError, escaped
from pellucid.runs.config import RunConfig
from pellucid.settings import RUN
from pellucid.tasks.registry import files_of_tasks

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes
    from pellucid.runs.experiment import Outcome
    from pellucid.storage.run_folder import RunFolder
    from pellucid.training.events import Event

LONGEST_STEM = 50  # characters, of at most four bytes each


@app.command(cls=GroupedCommand)
@with_settings(of_a_run)
def train(
    data: DataOrNone = None,
    *,
    settings: Given,
    out: Annotated[str | None, option(RUN, "The run folder; default runs/DATA-DATE-TIME.")] = None,
    resume: Annotated[str | None, option(RUN, "Continue the run in this folder, to the same bits.")] = None,
    allow_different: Annotated[
        bool, option(RUN, "Resume although versions or machine differ.", "--allow-different")
    ] = False,
    verify: Annotated[
        bool,
        option(RUN, "Read every picture to see whether it changed; else one of the same size and time has not.",
               "--verify"),
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Train a network on images. Writes a run folder: model, history, pictures, report.

    torchrun --nproc-per-node N -m pellucid train ... --engine pytorch: N processes share every batch.
    """
    from pellucid.data.survey import reading_anew

    command = shlex.join(["pellucid", *sys.argv[1:]])
    if resume is not None:
        refuse_beside_resume(settings, data, out)
    elif data is None:
        raise UsageError("train: name the data, e.g. pellucid train digits, or continue a run with --resume DIR.")
    elif allow_different:
        raise UsageError("train: --allow-different goes with --resume DIR. Leave it out.")
    config = None if resume is not None else settings.of_run(str(data))
    with reading_anew(verify), with_others() as processes:
        if processes is not None and not processes.first:
            stopped = follow(processes)
        else:
            path = resume or place_for(out, str(data), config.data_dir if config is not None else None)
            stopped = lead(config, path, command, allow_different, as_json, processes)
    if stopped:
        raise typer.Exit(1)


def follow(processes: Processes) -> bool:
    """The part of every process but the first; whether the run was stopped."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.runs.accompany import accompany

    keep_freed_memory()
    return accompany(processes)


def lead(
    config: RunConfig | None, path: str | Path, command: str, allow_different: bool, as_json: bool,
    processes: Processes | None,
) -> bool:
    """Begin the run of `config` in a new folder, or continue the one that is there; whether it was stopped."""
    from pellucid.storage.run_folder import RunFolder

    logger = show_lines(as_json)
    folder = RunFolder.create(path, of_tasks=files_of_tasks()) if config is not None else RunFolder.open(path)
    with gone_if_empty(folder), folder.claimed(new=config is not None), kept_log(logger, folder):
        console = console_for(logger, as_json)
        outcome = carry_out(config, folder, command, console, allow_different=allow_different, processes=processes)
        tell(outcome, logger)
    if as_json:
        print_json(outcome.metrics)
    return outcome.stopped


def place_for(out: str | None, data: str, data_dir: str | None) -> str | Path:
    """The folder of a new run, not among the data; one of a name of its own is made unless `out` names it."""
    from pellucid.runs.places import refuse_among_data
    from pellucid.storage.writer import new_folder

    named = out or f"runs/{default_name(data)}"
    refuse_among_data("train", named, data, data_dir)
    return out or new_folder(named)


def default_name(data: str) -> str:
    """DATA-DATE-TIME, for runs/; of the data's name as much as a file system takes, and nothing unprintable."""
    stem = Path(data).name.split(".")[0] or "data"
    stem = "".join(char if char.isprintable() else "_" for char in stem[:LONGEST_STEM])
    return f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"


def refuse_beside_resume(settings: Given, data: str | None, out: str | None) -> None:
    """A resumed run keeps its settings; raises UsageError that names the first one given beside --resume."""
    given = [*(["DATA"] if data is not None else []), *(["--out"] if out is not None else []), *settings.flags]
    if given:
        raise UsageError(
            f"train: {given[0]} cannot be given with --resume, which keeps the run's own settings. Leave it out."
        )


@contextmanager
def kept_log(logger: logging.Logger, folder: RunFolder) -> Iterator[None]:
    """Write a block's lines to log.txt too, a fault as the last."""
    from pellucid.storage.run_folder import FAILED
    from pellucid.storage.writer import append_text

    lines = FileLines(folder.log, after=folder.config)
    logger.addHandler(lines)
    try:
        yield
    except PellucidError as fault:
        if folder.config.exists():
            with suppress(PellucidError):  # the disk may be what is at fault
                append_text(folder.log, f"{FAILED}{escaped(fault)}\n")
        raise
    finally:
        logger.removeHandler(lines)


@contextmanager
def gone_if_empty(folder: RunFolder) -> Iterator[None]:
    """Remove a folder in which nothing came to be."""
    try:
        yield
    finally:
        if not folder.config.exists():
            with suppress(OSError):  # it may have held something before
                folder.path.rmdir()


def carry_out(
    config: RunConfig | None, folder: RunFolder, command: str, console: Event, *, allow_different: bool,
    processes: Processes | None,
) -> Outcome:
    """Begin or continue the run."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.runs.experiment import resume_run, start_run

    keep_freed_memory()
    if config is None:
        return resume_run(folder.path, allow_different=allow_different, console=console, processes=processes)
    return start_run(config, folder, command=command, console=console, processes=processes)


def console_for(logger: logging.Logger, as_json: bool) -> Event:
    """A bar on a terminal, a line an epoch elsewhere."""
    from pellucid.training.console import Bar, EpochLines

    return Bar(logger.info) if sys.stdout.isatty() and not as_json else EpochLines(logger.info)


def tell(outcome: Outcome, logger: logging.Logger) -> None:
    """The last lines: which epoch was kept, the score, how to go on, where the report is."""
    from pellucid.reports.scores import Headline
    from pellucid.reports.wording import weights_of

    metrics, folder = outcome.metrics, outcome.folder
    headline = Headline.from_json(metrics["headline"])
    kept = [weights_of(metrics["best_epoch"], metrics["best_epoch_because"])] if metrics["best_epoch"] else []
    told = f"{metrics['split']} part: no score is finite" if headline is None else (
        headline.line(metrics["split"], metrics["n"], *kept)
    )  # fmt: skip
    if metrics["best_epoch_because"]:
        logger.info("epoch %d was kept: %s", metrics["best_epoch"], metrics["best_epoch_because"])
    logger.info("%s", told)
    if outcome.stopped:
        path = shlex.quote(folder.path.as_posix())
        logger.info("%s; continue with: pellucid train --resume %s", metrics["state"], path)
    elif metrics["state"] != "finished":
        logger.info("%s", metrics["state"])
    logger.info("report %s", folder.report.as_posix())
