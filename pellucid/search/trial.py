"""One trial: train with its values into a run folder of its own. Only the validation part is scored."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

from pellucid.data.dataset import Dataset
from pellucid.engines.protocol import Sums
from pellucid.engines.threads import limited_threads
from pellucid.errors import ArgumentError, ShapeError, TrainingError, UsageError
from pellucid.runs.commands import command_of
from pellucid.runs.deciding import decided, task_of
from pellucid.runs.experiment import Learnt, beginning_record, learn, prepare_alone
from pellucid.runs.preparation import load_data, understand
from pellucid.runs.prepared import Prepared
from pellucid.search.folder import SearchFolder
from pellucid.search.settings import Plan, config_of
from pellucid.search.space import Value
from pellucid.search.trials import COMPLETE, DIVERGED, FAILED, PRUNED
from pellucid.search.wish import Wish
from pellucid.storage.claims import BusyError
from pellucid.storage.finite import finite
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import remove_files, write_json
from pellucid.training.events import Event, Progress

if TYPE_CHECKING:
    from optuna.trial import Trial as Running

HOPELESS, STOPPED = "pruned after epoch", "stopped with its search"
PATIENCE = 60.0  # seconds for a worker that was taken for dead to end its trial


@dataclass(frozen=True)
class Bench:
    """What all trials of a process share: the plan, the folder, the data, read once, and the wish to stop."""

    plan: Plan
    folder: SearchFolder
    dataset: Dataset
    noted: Wish

    @classmethod
    def open(cls, plan: Plan, folder: SearchFolder) -> Bench:
        """Read the data, which say what is learnt and judged. Raises UsageError where there is nothing to choose on."""
        folder.enclose()
        dataset = load_data(plan.base)
        if "validation" not in dataset.parts:
            raise UsageError("search: the best is chosen on a validation part, and there is none. Pass e.g. "
                             "--val-fraction 0.1")  # fmt: skip
        base = decided(plan.base, dataset)
        plan = replace(plan, base=base, by=task_of(base).score())
        return cls(plan, folder, dataset, Wish(patient=parent_process() is not None))

    def is_over(self) -> bool:
        """Whether a signal came, or the process that began this one has died."""
        return bool(self.noted.received) or orphaned()


class Watched(Event):
    """Tells the study how a trial does, and stops it when it is hopeless or nobody waits for it any more."""

    def __init__(self, bench: Bench, trial: Running) -> None:
        self.bench, self.trial = bench, trial

    def step(self, progress: Progress, sums: Sums) -> None:
        if self.bench.noted.received:  # before the training itself began to listen
            progress.stop = STOPPED

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        epoch, score = int(row["epoch"]), float(row[f"val_{self.bench.plan.judged_by.name}"])
        with self.bench.noted.at_once(False):
            if math.isfinite(score):
                self.trial.report(score, epoch)
            if self.bench.is_over():
                progress.stop = STOPPED
            elif epoch < progress.epochs and self.trial.should_prune():
                progress.stop = f"{HOPELESS} {epoch}"


def orphaned() -> bool:
    """Whether the process that began this one has died."""
    parent = parent_process()
    return parent is not None and not parent.is_alive()


def carry_out(bench: Bench, trial: Running, number: int, epochs: int, values: Mapping[str, Value]) -> dict[str, Any]:
    """Train a trial and say what it came to: its state, score, loss, best_epoch, seconds, parameters, reason.

    Values that the network or the data refuse, and weights that are no longer finite, are outcomes too. Raises
    KeyboardInterrupt when it was stopped, DataError and FileError for what would meet every other trial as well.
    """
    folder = RunFolder.create(bench.folder.trial(number).path, exist_ok=True)
    with ExitStack() as ours:
        enter_when_free(ours, bench, folder)
        remove_files(folder.files)
        folder.sweep()
        with bench.noted.at_once():
            return trained(bench, trial, folder, epochs, values)


def enter_when_free(ours: ExitStack, bench: Bench, folder: RunFolder) -> None:
    """Claim a trial's folder; a worker that was silent so long that its place was given away may still be in it.

    Raises FileError when that one does not end within PATIENCE seconds, KeyboardInterrupt when nobody waits any more.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            ours.enter_context(folder.claimed())
            return
        except BusyError:
            if bench.is_over():
                raise KeyboardInterrupt from None
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def trained(
    bench: Bench, trial: Running, folder: RunFolder, epochs: int, values: Mapping[str, Value]
) -> dict[str, Any]:
    """The same, in a folder that is empty and ours."""
    try:
        config = config_of(bench.plan.base, values, epochs)
        prepared, threads = prepare_alone(config, understand(config), bench.dataset)
        with limited_threads(threads):
            record = beginning_record(prepared, command_of(config), threads)
            write_json(folder.config, record)
            learnt = learn(prepared, folder, record, None, checkpoint=None, also=[Watched(bench, trial)])
    except TrainingError as fault:
        return {"state": DIVERGED, "reason": str(fault)}
    except (ArgumentError, ShapeError, UsageError) as fault:
        return {"state": FAILED, "reason": str(fault)}
    except MemoryError:
        return {"state": FAILED, "reason": "out of memory"}
    stop = learnt.progress.stop
    if stop and not stop.startswith((HOPELESS, "stopped early")):
        remove_files(folder.files)
        raise KeyboardInterrupt
    scores = scores_of(learnt, prepared)
    write_metrics(folder, scores, learnt, prepared)
    return scores | {"state": PRUNED if stop.startswith(HOPELESS) else COMPLETE, "reason": stop}


def scores_of(learnt: Learnt, prepared: Prepared) -> dict[str, Any]:
    """What is known of a trial, as plain values."""
    return {
        prepared.task.watched: None if learnt.best.best is None else learnt.best.kept,
        "loss": finite(float(learnt.best.best_loss)),
        "best_epoch": learnt.best.best_epoch,
        "seconds": round(learnt.seconds, 3),
        "parameters": prepared.summary.total,
    }


def write_metrics(folder: RunFolder, scores: dict[str, Any], learnt: Learnt, prepared: Prepared) -> None:
    """metrics.json of a trial: the scores of its validation part, so that `pellucid runs` can show it."""
    assert prepared.validation is not None, "the bench refuses data without a validation part"
    told = {
        "split": "validation", "n": prepared.validation.samples, "engine": prepared.engine.name,
        "epochs": learnt.progress.position.epoch, "state": learnt.progress.stop or "finished",
        "run": folder.path.as_posix(),
    }  # fmt: skip
    headline = prepared.task.headline_of(scores | told)
    assert headline is not None, "a trial that was measured has a best epoch"
    write_json(folder.metrics, scores | told | {"task": prepared.task.name, "headline": headline.to_json()})


def drop_weights(bench: Bench, finished: list[int], best: int | None) -> None:
    """Keep the weights of the best trial alone; of the others the settings, the history and the scores stay."""
    for number in finished:
        folder = bench.folder.trial(number)
        if number != best:
            remove_files((folder.model, folder.last, folder.steps))


def with_one_thread(plan: Plan) -> Plan:
    """Of several workers each takes one thread: more would only get in one another's way."""
    return plan if plan.workers == 1 else replace(plan, base=replace(plan.base, threads=1))
