"""The loop: epochs of steps, sums added up, events called. It knows no layer, no task and no engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pellucid.engines.protocol import Batch, Engine, Sums, add_sums
from pellucid.keys import Key
from pellucid.training.events import Event, Position, Progress
from pellucid.training.program import RATIO, Program, State


class Batches(Protocol):
    """Batches of an epoch; the same ones from `start` on, whatever `start` is."""

    @property
    def steps_per_epoch(self) -> int | None: ...

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]: ...


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
    validation: Batches | None = None,
    history: Sequence[dict[str, Any]] = (),
) -> Progress:
    """Run `program` from `position` to the end of epoch number `epochs`; return how far it came.

    `key` is folded with the step's number, so a resumed run draws the same noise. Raises what a step raises, after
    the events have ended.
    """
    progress = Progress(program, engine, state, position, epochs, batches.steps_per_epoch, list(history))
    try:
        for event in events:
            event.begin(progress)
        while position.epoch < epochs and not progress.stop:
            run_epoch(progress, batches, events, key, validation)
    finally:
        for event in events:
            event.end(progress)
    return progress


def run_epoch(
    progress: Progress, batches: Batches, events: Sequence[Event], key: Key, validation: Batches | None
) -> None:
    """The rest of the current epoch, its validation and its row; or as much of it as came before a stop."""
    position, engine = progress.position, progress.engine
    if position.step_in_epoch == 0:
        for event in events:
            event.epoch_begin(progress)
    program, rate = progress.program, progress.rate  # an event may have begun another stage
    for batch in batches.epoch(position.epoch, start=position.step_in_epoch):
        rate = progress.rate
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
    row: dict[str, Any] = {"epoch": position.epoch + 1, **program.report(position.sums)}
    if validation is not None:
        scores = program.report(evaluate(program, engine, progress.state, validation))
        row |= {f"val_{name}": value for name, value in scores.items()}
    row["learning_rate"] = rate
    progress.history.append(row)
    position.epoch, position.step_in_epoch, position.sums = position.epoch + 1, 0, {}
    for event in events:
        event.epoch(progress, row)


def evaluate(program: Program, engine: Engine, state: State, batches: Batches) -> Sums:
    """The sums over all batches of a part, learning nothing."""
    total: Sums = {}
    for batch in batches.epoch(0):
        total = add_sums(total, program.evaluate(engine, state, batch))
    return engine.reduce(total)


def samples_of(batch: Batch) -> int:
    """How many samples a batch has, the shares of other processes counted in."""
    whole: int | None = getattr(batch, "whole", None)
    return len(next(iter(batch.inputs.values()))) if whole is None else whole
