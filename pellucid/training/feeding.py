"""Batches from whatever a user feeds a model: arrays in memory, generators, sequences, or batches made elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import ArrayBatches, Batch
from pellucid.errors import ArgumentError, DataError, describe
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.training.inputs import Names, named, require_targets, sample_weights
from pellucid.training.loop import Batches


@dataclass(frozen=True)
class Feed:
    """What every feeding of one graph shares; `needed` are the outputs whose targets a loss reads."""

    where: str
    inputs: Names
    outputs: Names
    needed: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph, needed: Sequence[str], where: str) -> Feed:
        """The feed of a graph."""
        return cls(where, Names.of_inputs(graph), Names.of_targets(graph), tuple(needed))

    def refuse(self, argument: str, value: Any) -> None:
        """Raise ArgumentError when an argument is given that goes with arrays only."""
        if value is not None:
            remedy = "Let x yield (x, y, sample_weight)."
            raise ArgumentError(describe(self.where, argument, "left out when x yields batches", "given", remedy))


class IterableBatches:
    """Batches from a generator or a sequence of (x, y) or (x, y, sample_weight)."""

    def __init__(
        self,
        source: Iterable[Any],
        feed: Feed,
        *,
        steps: int | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        self.source, self.feed, self.class_weight = source, feed, class_weight
        sized = hasattr(source, "__getitem__") and hasattr(source, "__len__")
        self.sequence: Any = source if sized else None  # what can be asked for batch number i
        size: int | None = len(source) if isinstance(source, Sized) and sized else None
        self.steps_per_epoch = size if steps is None else steps
        if not sized and not hasattr(source, "__iter__"):
            wanted = "arrays, a generator, or a sequence of batches"
            raise ArgumentError(describe(feed.where, "x", wanted, type(source).__name__))
        if self.steps_per_epoch is None and iter(source) is source:
            remedy = "Pass steps_per_epoch=..., for a generator has no end."
            argument = "steps_per_epoch" if feed.where == "fit" else "steps"
            raise ArgumentError(describe(feed.where, argument, "given for a generator", "None", remedy))

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The next batches of the source; raises DataError when it ends too early."""
        entries: Iterable[Any]
        if self.sequence is not None:
            entries = (self.sequence[index] for index in range(start, self.steps_per_epoch or 0))
        else:
            entries = itertools.islice(iter(self.source), self.steps_per_epoch)
        given = start
        for entry in entries:
            given += 1
            yield self._batch(entry)
        if given == 0 or (self.steps_per_epoch is not None and given < self.steps_per_epoch):
            wanted = f"{self.steps_per_epoch or 'some'} batches"
            fault = f"{self.feed.where}: x was to yield {wanted}, but it ended after {given}."
            raise DataError(f"{fault} Pass fewer steps, or a source that begins anew.")
        if hasattr(self.sequence, "on_epoch_end"):
            self.sequence.on_epoch_end()

    def _batch(self, entry: Any) -> Batch:
        x, y, weight = (*entry, None, None)[:3] if isinstance(entry, tuple) else (entry, None, None)
        inputs = named("x", x, self.feed.inputs, where=self.feed.where)
        targets = named("y", y, self.feed.outputs, where=self.feed.where)
        require_targets(targets, self.feed.needed, self.feed.where)
        weights = sample_weights(targets, self.feed.outputs, weight, self.class_weight)
        return Batch(inputs, targets, weights, {}, np.arange(len(next(iter(inputs.values())))))


class FirstSteps:
    """The first `steps` batches of every epoch."""

    def __init__(self, batches: ArrayBatches, steps: int, where: str) -> None:
        if not 1 <= steps <= batches.steps_per_epoch:
            wanted = f"from 1 to the {batches.steps_per_epoch} batches there are"
            raise ArgumentError(describe(where, "steps", wanted, steps))
        self.batches, self.steps_per_epoch = batches, steps
        self.samples, self.batch_size = min(batches.samples, steps * batches.batch_size), batches.batch_size

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` from `start` on."""
        return itertools.islice(self.batches.epoch(number, start=start), self.steps_per_epoch - start)


def feeds_batches(x: Any) -> bool:
    """Whether x yields batches, rather than being arrays."""
    return not (isinstance(x, (np.ndarray, list, tuple, Mapping, str, int, float)) or hasattr(x, "__array__"))


def batches_of(
    x: Any,
    y: Any,
    feed: Feed,
    *,
    batch_size: int,
    key: Key,
    steps: int | None = None,
    shuffle: bool = False,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    masks: Any = None,
) -> Batches:
    """The batches of a call of fit or evaluate."""
    if x is None:
        raise ArgumentError(describe(feed.where, "x", "given", "None"))
    if feeds_batches(x):
        for argument, value in (("y", y), ("sample_weight", sample_weight), ("masks", masks)):
            feed.refuse(argument, value)
        if hasattr(x, "epoch") and hasattr(x, "steps_per_epoch"):
            feed.refuse("class_weight", class_weight)
            made: Batches = x
            return made
        return IterableBatches(x, feed, steps=steps, class_weight=class_weight)
    inputs = named("x", x, feed.inputs, where=feed.where)
    targets = named("y", y, feed.outputs, where=feed.where)
    require_targets(targets, feed.needed, feed.where)
    present = masks_of(masks, feed)
    batches = ArrayBatches(
        inputs,
        {name: without_missing(target, present.get(name)) for name, target in targets.items()},
        batch_size=batch_size,
        key=key,
        shuffle=shuffle,
        weights=sample_weights(targets, feed.outputs, sample_weight, class_weight),
        masks=present,
    )
    return batches if steps is None else FirstSteps(batches, steps, feed.where)


def without_missing(target: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The targets with zeros where there is none, for what stands there may be anything: -1, NaN."""
    if mask is None or len(mask) != len(target):
        return target
    return np.where(mask.astype(bool).reshape(-1, *[1] * (target.ndim - 1)), target, np.zeros((), target.dtype))


def masks_of(masks: Any, feed: Feed) -> dict[str, np.ndarray]:
    """Which labels exist, (N,) by output: one array for every output, or a mapping."""
    if masks is None:
        return {}
    one_for_all = not isinstance(masks, Mapping) and np.ndim(masks) == 1
    given = dict.fromkeys(feed.outputs.listed, masks) if one_for_all else masks
    found = named("masks", given, feed.outputs, where=feed.where)
    for name, mask in found.items():
        if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
            wanted = "one True or False for each sample"
            raise ArgumentError(describe(feed.where, "masks", wanted, f"of shape {mask.shape} for '{name}'"))
    return found


def input_parts(x: Any, feed: Feed, *, batch_size: int, steps: int | None) -> Iterator[dict[str, np.ndarray]]:
    """The inputs of each batch, in order, for predict; memory is bounded by the batch."""
    if x is None:
        raise ArgumentError(describe(feed.where, "x", "given", "None"))
    if hasattr(x, "epoch") and hasattr(x, "steps_per_epoch"):
        return (dict(batch.inputs) for batch in itertools.islice(x.epoch(0), steps))
    if feeds_batches(x):
        return (batch.inputs for batch in IterableBatches(x, feed, steps=steps).epoch(0))
    arrays = named("x", x, feed.inputs, where=feed.where)
    missing = [name for name in feed.inputs.listed if name not in arrays]
    if missing:
        raise ArgumentError(describe(feed.where, "x", f"given for input '{missing[0]}'", "missing"))
    rows = len(next(iter(arrays.values())))
    ends = range(0, rows if steps is None else min(rows, steps * batch_size), batch_size)
    return ({name: value[at : at + batch_size] for name, value in arrays.items()} for at in ends)


def rows_of(x: Any, feed: Feed) -> int:
    """How many samples x holds."""
    arrays = named("x", x, feed.inputs, where=feed.where)
    if not arrays:
        raise ArgumentError(describe(feed.where, "x", "given", "None"))
    return len(next(iter(arrays.values())))


def whole(where: str, argument: str, value: Any, least: int) -> int:
    """A whole number >= least; raises ArgumentError otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(describe(where, argument, f"an integer >= {least}", repr(value)))
    return int(value)
