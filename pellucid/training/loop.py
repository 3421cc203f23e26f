"""The loop: epochs of steps, sums added up, events called. It knows no layer, no task and no engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pellucid.engines.protocol import Batch, Engine, Sums, add_sums
from pellucid.errors import TrainingError
from pellucid.keys import Key
from pellucid.training.events import Event, Position, Progress
from pellucid.training.program import RATIO, Program, State


class Batches(Protocol):
    """Batches of an epoch; the same ones from `start` on, whatever `start` is."""

    @property
    def steps_per_epoch(self) -> int | None: ...

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]: ...


class Around:
    """What happens around an evaluation and each of its batches: nothing, unless somebody hands in more."""

    def begin(self) -> None:
        """Before the first batch."""

    def batch_begin(self, number: int) -> None:
        """Before batch `number`, counted from 0."""

    def batch_end(self, number: int, program: Program, total: Sums) -> None:
        """After it, with the sums so far."""

    def end(self, program: Program, total: Sums) -> None:
        """After the last batch."""


SILENCE = Around()


@dataclass(frozen=True)
class Validation:
    """The part a run is watched on, in which epochs (counted from 1), and what happens around it."""

    batches: Batches
    due: Callable[[int], bool] = lambda epoch: True
    around: Around = SILENCE


def train(
    program: Program,
    engine: Engine,
    batches: Batches,
    events: Sequence[Event],
    *,
    state: State,
    position: Position,
    epochs: int,
    key: Key,
    validation: Batches | Validation | None = None,
    history: Sequence[dict[str, Any]] = (),
) -> Progress:
    """Run `program` from `position` to the end of epoch number `epochs`; return how far it came.

    `key` is folded with the step's number, so a resumed run draws the same noise. Raises what a step raises, after
    the events have ended.
    """
    watched = validation if isinstance(validation, Validation) or validation is None else Validation(validation)
    progress = Progress(program, engine, state, position, epochs, batches.steps_per_epoch, list(history),
                        validates=watched is not None)  # fmt: skip
    try:
        for event in events:
            event.begin(progress)
        while position.epoch < epochs and not progress.stop:
            run_epoch(progress, batches, events, key, watched)
    finally:
        for event in events:
            event.end(progress)
    return progress


def run_epoch(
    progress: Progress, batches: Batches, events: Sequence[Event], key: Key, validation: Validation | None
) -> None:
    """The rest of the current epoch, its validation and its row; or as much of it as came before a stop."""
    position, engine = progress.position, progress.engine
    if position.step_in_epoch == 0:
        for event in events:
            event.epoch_begin(progress)
    rate = progress.rate
    for batch in batches.epoch(position.epoch, start=position.step_in_epoch):
        program, rate = progress.program, progress.rate  # an event may have begun another stage, or set a rate
        with np.errstate(all="ignore"):  # the program says itself what is no longer finite
            progress.state, sums = program.step(engine, progress.state, batch, key.fold(position.step))
        position.sums = add_sums(position.sums, {name: s for name, s in sums.items() if not name.startswith(RATIO)})
        position.step_in_epoch += 1
        position.step += 1
        progress.samples = samples_of(batch)
        for event in events:
            event.step(progress, sums)
        if progress.stop:
            break
    if progress.stop and position.step_in_epoch != batches.steps_per_epoch:
        return
    program = progress.program
    row: dict[str, Any] = {"epoch": position.epoch + 1, **program.report(position.sums)}
    if validation is not None and validation.due(position.epoch + 1):
        sums = evaluate(program, engine, progress.state, validation.batches, validation.around)
        scores = program.report(sums)
        row |= {f"val_{name}": value for name, value in scores.items()}
        refuse_diverged(position.epoch + 1, scores)
    row["learning_rate"] = rate
    progress.history.append(row)
    position.epoch, position.step_in_epoch, position.sums = position.epoch + 1, 0, {}
    for event in events:
        event.epoch(progress, row)


def refuse_diverged(epoch: int, scores: Mapping[str, float]) -> None:
    """Raise TrainingError when the loss of the validation part is no number."""
    if math.isnan(scores.get("loss", 0.0)):  # infinity is one that overflowed, on a part that is only looked at
        raise TrainingError(f"val_loss is NaN after epoch {epoch}: training has diverged. Train with a lower learning "
                            "rate, or check the validation data for extreme values.")  # fmt: skip


def evaluate(
    program: Program, engine: Engine, state: State, batches: Batches, around: Around = SILENCE
) -> Sums:
    """The sums over all batches of a part, learning nothing."""
    total: Sums = {}
    around.begin()
    for number, batch in enumerate(batches.epoch(0)):
        around.batch_begin(number)
        with np.errstate(all="ignore"):
            total = add_sums(total, program.evaluate(engine, state, batch))
        around.batch_end(number, program, total)
    total = engine.reduce(total)
    around.end(program, total)
    return total


def samples_of(batch: Batch) -> int:
    """How many samples a batch has, the shares of other processes counted in."""
    whole: int | None = getattr(batch, "whole", None)
    return len(next(iter(batch.inputs.values()))) if whole is None else whole
