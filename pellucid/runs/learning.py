"""The learning of a run: where it begins, what watches it, and the one call of the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pellucid.data.sampling import Sampler
from pellucid.runs.freezing import stage_of
from pellucid.runs.prepared import Beginning, Prepared
from pellucid.runs.recording import KeepBest
from pellucid.runs.results import on_results
from pellucid.runs.scoring import score
from pellucid.runs.several import firsts
from pellucid.storage.memory import asking
from pellucid.tasks.evaluation import Evaluation
from pellucid.tasks.protocol import Task
from pellucid.training.events import Event, Progress
from pellucid.training.loop import train
from pellucid.training.schedules import patience_of, plateau_of
from pellucid.training.stages import Unfreeze
from pellucid.training.stopping import EarlyStopping, ReduceLROnPlateau

SMALLER = "Pass a smaller --batch-size, --resize or --model."


def part_watched(prepared: Prepared) -> str:
    """The prefix of the scores that decide: those of validation where there is a validation part."""
    return "val_" if prepared.validation is not None else ""


def remembering_events(prepared: Prepared, save_best: Callable[[Progress], None]) -> list[tuple[str, Event]]:
    """The events with a memory, by name: the best epoch, and those that change how a run learns."""
    task = prepared.task
    best = KeepBest(part_watched(prepared), task.watched, save_best, mode=mode_of(task), noise=noise_of(prepared),
                    last=prepared.config.keep_epoch == "last")  # fmt: skip
    return [*own_events(prepared), ("best", best), *changing(prepared)]


def noise_of(prepared: Prepared) -> Callable[[float], float]:
    """What two validation scores may differ by and be equal all the same; nothing where that is not wanted."""
    if prepared.validation is None or prepared.config.keep_epoch == "best":
        return lambda best: 0.0
    images, task = len(prepared.dataset.part("validation")), prepared.task
    return lambda best: task.noise(best, images)


def watching(prepared: Prepared) -> list[tuple[str, Event]]:
    """The same for whoever keeps nothing."""
    return [*own_events(prepared), *changing(prepared)]


def own_events(prepared: Prepared) -> list[tuple[str, Event]]:
    """The task's own: they come first, for they may add the score that the others watch."""
    return prepared.problem.events(prepared.config.own, Bench(prepared))


def changing(prepared: Prepared) -> list[tuple[str, Event]]:
    """Those that change how a run learns: a later stage, early stopping, the plateau."""
    part, events = part_watched(prepared), list[tuple[str, Event]]()
    stage = stage_of(prepared.model, prepared.config)
    if stage is not None:
        events.append(("stage", stage))
    patience = patience_of(prepared.config.schedule, prepared.config.patience)
    if patience:
        watched, mode = f"{part}{prepared.task.watched}", mode_of(prepared.task)
        stopping = EarlyStopping(watched, patience=patience, mode=mode)
        events.append(("early_stopping", stopping))
    plateau = plateau_of(prepared.config.schedule)
    if plateau is not None:
        events.append(("plateau", ReduceLROnPlateau(f"{part}loss", patience=plateau[0], factor=plateau[1], mode="min")))
    return events


def mode_of(task: Task) -> str:
    """How a watching event says which way is better."""
    return "max" if task.better == "more" else "min"


@dataclass(frozen=True)
class Bench:
    """A run that is training, as its task sees it."""

    prepared: Prepared

    @property
    def epochs(self) -> int:
        """How many there will be."""
        return self.prepared.epochs

    @property
    def sampler(self) -> Sampler | None:
        """What says how often each training sample is shown."""
        return self.prepared.batches.sampler

    def evaluate(self, progress: Progress, part: str) -> Evaluation:
        """A part as the network of this moment answers it, not augmented."""
        prepared = self.prepared
        return score(
            prepared.model.graph, progress.engine, progress.state, prepared.problem, prepared.dataset.part(part),
            preprocessing=prepared.preprocessing, split=part,
        )

    def firsts(self, value: np.ndarray) -> np.ndarray:
        """Of several processes the first one's value."""
        return firsts(self.prepared.processes, value)


def train_from(begun: Beginning, prepared: Prepared, events: list[Event]) -> Progress:
    """Train what is left, if anything is."""
    if begun.stop or begun.position.epoch >= prepared.epochs:
        progress = Progress(
            prepared.program, prepared.engine, begun.state, begun.position, prepared.epochs, None, begun.history,
            begun.stop,
        )
        for event in events:
            if isinstance(event, Unfreeze):
                event.begin(progress)  # the model is written with the flags it would have had
        return progress
    step = f"train: a step of {prepared.config.batch_size:,} images"
    with asking(step, SMALLER), np.errstate(all="ignore"):  # numbers that are not finite are caught by the program
        last = on_results(prepared, begun.state)
        return train(
            last.program, last.engine, last.batches, events, state=begun.state, position=begun.position,
            epochs=last.epochs, key=last.key.fold("noise"), validation=last.validation, history=begun.history,
        )


def stopped(progress: Progress) -> bool:
    """Whether a run was stopped from outside before its end."""
    return bool(progress.stop) and not progress.stop.startswith("stopped early")
