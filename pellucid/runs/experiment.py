"""One run from settings to report: train, keep the best epoch, score the right part, write the folder; and resume."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.checks.finding import record_of
from pellucid.data.dataset import Dataset
from pellucid.data.known import KNOWN
from pellucid.data.survey import relied_on
from pellucid.engines.threads import limited_threads, threads_each, threads_for
from pellucid.errors import DataError, TrainingError, UsageError, shown
from pellucid.reports.random_beside import FOLDER
from pellucid.runs.announcing import announce, announce_engine
from pellucid.runs.begun import refuse_another_network, settings_of
from pellucid.runs.checking import check_before, findings_kept
from pellucid.runs.config import RunConfig, blamed, read_record
from pellucid.runs.continuing import refuse_unfit
from pellucid.runs.environment import environment_of, refuse_different
from pellucid.runs.finishing import finish
from pellucid.runs.freezing import ever_trained
from pellucid.runs.learning import remembering_events, stopped, train_from
from pellucid.runs.networks import sha256_of_model
from pellucid.runs.preparation import Words, prepare, settings_in_force, understand
from pellucid.runs.prepared import Beginning, Prepared
from pellucid.runs.recording import Checkpoints, HistoryTable, KeepBest, StepTable, ordered
from pellucid.runs.several import tell_beginning, tell_settings
from pellucid.runs.weights import write_run_model
from pellucid.storage.checkpoint import Checkpoint, read_checkpoint
from pellucid.storage.finite import finite
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import write_json
from pellucid.training.events import Event, Position, Progress
from pellucid.training.interrupts import Interrupts
from pellucid.words import user_path

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes

LOG = logging.getLogger("pellucid")
RUN_FORMAT = 1


@dataclass(frozen=True)
class Outcome:
    """What a run came to: the numbers of metrics.json, and whether it was stopped before its end."""

    metrics: dict[str, Any]
    folder: RunFolder
    stopped: bool


def start_run(
    config: RunConfig, folder: RunFolder, *, command: str, console: Event | None, processes: Processes | None = None
) -> Outcome:
    """Train from the beginning into an empty folder; with `processes` this is the first of them."""
    words = understand(config, processes)
    announce_engine(words.engine)
    tell_settings(processes, config, words.engine)
    prepared, threads = prepare_alone(config, words)
    with limited_threads(threads):
        record = beginning_record(prepared, command, threads)
        announce(prepared, threads)
        findings = [] if config.no_checks else check_before(prepared)
        write_json(folder.config, record)
        if findings:
            write_json(folder.checks, finite(record_of(findings)))
        return run(prepared, folder, record, console, checkpoint=None)


def prepare_alone(config: RunConfig, words: Words, dataset: Dataset | None = None) -> tuple[Prepared, int]:
    """What a run begins with, made with one thread unless told, and the threads that its steps take."""
    engine = words.engine.name
    most = threads_each(engine)
    with limited_threads(config.threads or 1):
        prepared = prepare(config, words, dataset)
    return prepared, config.threads or threads_for(prepared.summary.flops, config.batch_size, most, engine)


def beginning_record(prepared: Prepared, command: str, threads: int) -> dict[str, Any]:
    """What config.json holds of a run that begins now, with the threads that are in force."""
    config, engine = prepared.config, prepared.engine
    return {
        "format": RUN_FORMAT,
        "command": command,
        "settings": replace(config, engine=engine.name).to_json(),  # a resume keeps what 'auto' chose
        "environment": environment_of(engine),
        "fingerprint": prepared.dataset.fingerprint,
        "model_sha256": sha256_of_model(config),
        **settings_in_force(prepared),
        "threads": threads,
    }


def resume_run(
    path: str | Path, *, allow_different: bool, console: Event | None, processes: Processes | None = None
) -> Outcome:
    """Continue the run in a folder: from its last checkpoint, from its beginning, or finish its report."""
    folder = RunFolder.open(path)
    folder.sweep()
    record = read_record(folder)
    config = settings_of(record, str(folder.config))
    checkpoint = read_checkpoint(folder.last) if folder.last.exists() else None
    findings_kept(folder)  # what the report shows of them is read after the last epoch; a fault is told now
    with blamed(folder.config):
        refuse_absent_or_changed(config, record, folder.config)
        words = understand(config, processes)
    announce_engine(words.engine)
    tell_settings(processes, config, words.engine)
    before = relied_on()
    with limited_threads(config.threads or 1), blamed(folder.config):
        prepared = prepare(config, words)
    relied = relied_on() - before
    refuse_another_network(prepared, folder)
    if checkpoint is not None:
        refuse_unfit(checkpoint, prepared, folder.last)
    if prepared.dataset.fingerprint != record.get("fingerprint"):
        raise DataError(f"the data {config.data} has changed since the run began. Start a new run on it with --out.")
    threads = int(record["environment"].get("threads", 1))
    with limited_threads(threads):
        if not allow_different:
            refuse_different(record["environment"], environment_of(words.engine))
        announce(prepared, threads)
        at = f"step {checkpoint.position['step']}" if checkpoint else "the beginning"
        LOG.info("resuming %s from %s", folder.path, at)
        if relied:
            LOG.info("       taken as unchanged by size and time: %s pictures; --verify reads them", f"{relied:,}")
        return run(prepared, folder, record, console, checkpoint=checkpoint)


def refuse_absent_or_changed(config: RunConfig, record: dict[str, Any], named_in: Path) -> None:
    """Raise UsageError or DataError when what the run was begun with is not there, or is not what it was."""
    if config.data not in ("digits", *KNOWN) and not os.path.exists(user_path(config.data)):
        data = shown(config.data, 240)
        raise UsageError(f"the run's data {data}, which {named_in} names, is not here. Continue from the folder where "
                         "the run was begun.")
    if sha256_of_model(config) != record.get("model_sha256"):
        name = f"{'weights' if config.weights else 'model'} file {shown(config.weights or config.model, 240)}"
        raise DataError(f"the {name} has changed since the run began, or is gone. Bring it back.")


def run(
    prepared: Prepared,
    folder: RunFolder,
    record: dict[str, Any],
    console: Event | None,
    *,
    checkpoint: Checkpoint | None,
) -> Outcome:
    """Train what is left and finish the folder."""
    learnt = learn(prepared, folder, record, console, checkpoint=checkpoint)
    twin = None
    if prepared.config.also_split and not stopped(learnt.progress):
        twin = at_random(prepared, folder, command=str(record["command"]), console=console)
    metrics = finish(prepared, folder, record, learnt.progress, learnt.best.best_epoch, learnt.seconds,
                     twin=None if twin is None else twin.metrics)  # fmt: skip
    return Outcome(metrics, folder, stopped(learnt.progress) or (twin is not None and twin.stopped))


def at_random(prepared: Prepared, folder: RunFolder, *, command: str, console: Event | None) -> Outcome:
    """The same run on parts drawn at random, in a folder within this one: begun, or continued where it was killed."""
    if prepared.processes is not None:
        raise UsageError("train: --also-split goes with one process. Leave it out, and train with --parts random.")
    twin = RunFolder.create(folder.path / FOLDER, exist_ok=True, of_tasks=folder.of_tasks)
    begun = twin.config.exists()
    LOG.info("once more with parts drawn at random: %s", twin.path.as_posix())
    with twin.claimed(new=not begun):
        if begun:
            return resume_run(twin.path, allow_different=True, console=console)
        config = prepared.config.changed(parts="random", also_split=None, allow_leak=True)
        return start_run(config, twin, command=command, console=console)


@dataclass(frozen=True)
class Learnt:
    """How far training came, its best epoch, and the seconds it took, validation included."""

    progress: Progress
    best: KeepBest
    seconds: float


def learn(
    prepared: Prepared,
    folder: RunFolder,
    record: dict[str, Any],
    console: Event | None,
    *,
    checkpoint: Checkpoint | None,
    also: Sequence[Event] = (),
) -> Learnt:
    """Train what is left into the folder; nothing is scored but validation. Events of `also` may stop it."""
    remembering, events = make_events(prepared, folder, record["environment"], console, also)
    begun = beginning(prepared, checkpoint, remembering)
    threads = int(record["environment"].get("threads", 1))
    tell_beginning(prepared, threads, {} if checkpoint is None else checkpoint.events, begun)
    began = time.perf_counter()
    with kept_said(folder):
        progress = train_from(begun, prepared, events)
    best = dict(remembering)["best"]
    assert isinstance(best, KeepBest), "make_events puts the best epoch's keeper there"
    return Learnt(progress, best, time.perf_counter() - began)


@contextmanager
def kept_said(folder: RunFolder) -> Iterator[None]:
    """When training cannot go on, say what of it is kept."""
    try:
        yield
    except TrainingError as fault:
        if not folder.last.exists():
            raise TrainingError(f"{fault} No epoch was finished, so {folder.path} holds no checkpoint.") from fault
        step = read_checkpoint(folder.last).position["step"]
        best = f" The model kept is {folder.model}." if folder.model.exists() else ""
        raise TrainingError(f"{fault} The checkpoint of step {step} is kept in {folder.path}.{best}") from fault


def make_events(
    prepared: Prepared, folder: RunFolder, environment: dict[str, Any], console: Event | None,
    also: Sequence[Event] = (),
) -> tuple[list[tuple[str, Event]], list[Event]]:
    """The events with a memory, by name, and all events in order; the checkpoint comes last and sees all of it."""

    def save_best(progress: Progress) -> None:
        write_run_model(prepared, folder, progress.engine, progress.state, progress.history[-1])

    remembering = remembering_events(prepared, save_best)
    shown = [console] if console is not None else []
    steps = StepTable(folder.steps, ever_trained(prepared.model, prepared.config))
    events = [
        steps,
        *[event for _, event in remembering],
        HistoryTable(folder.history),
        *shown,
        *also,
        Interrupts(patient=prepared.processes is not None),
        Checkpoints(folder.last, prepared.config.checkpoint_every, remembering, environment, flush=steps.flush),
    ]
    return remembering, events


def beginning(
    prepared: Prepared, checkpoint: Checkpoint | None, remembering: list[tuple[str, Event]]
) -> Beginning:
    """The run's first state, or what the checkpoint holds; the events take back their memories."""
    if checkpoint is None:
        return Beginning(prepared.program.start(prepared.engine, prepared.key))
    put = prepared.engine.put
    state = {name: dict(part) if name == "clock" else dict(put(part)) for name, part in checkpoint.state.items()}
    for name, event in remembering:
        event.recall(checkpoint.events[name])
    history = [ordered(row) for row in checkpoint.history]
    return Beginning(state, Position.from_json(checkpoint.position), history, str(checkpoint.events.get("stop", "")))
