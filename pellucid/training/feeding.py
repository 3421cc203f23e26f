"""Batches from whatever a user feeds a model: arrays in memory, generators, sequences, or batches made elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pellucid.data.batches import ArrayBatches, Batch
from pellucid.engines.protocol import Term
from pellucid.errors import ArgumentError, DataError, describe
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.spec.shapes import Shape
from pellucid.training.inputs import Arrays, Names, named, one_a_sample, require_targets, sample_weights
from pellucid.training.loop import Batches
from pellucid.training.ranges import refuse_out_of_range

NO_KEYS: Mapping[str, str] = {}


class Admission(Protocol):
    """What a model does to arrays before its network: hold them against its record, preprocess pictures."""

    def settle(self, arrays: Arrays) -> Arrays: ...

    def apply(self, arrays: Arrays) -> Arrays: ...


@dataclass(frozen=True)
class Feed:
    """What every feeding of one graph shares; `terms` are the losses, by the name of the targets they read."""

    where: str
    inputs: Names
    outputs: Names
    terms: Mapping[str, Term] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    admission: Admission | None = None

    @classmethod
    def of(
        cls, graph: Graph, terms: Sequence[Term], where: str, keys: Mapping[str, str] = NO_KEYS,
        admission: Admission | None = None,
    ) -> Feed:
        """The feed of a graph; `keys` are further words for its only input or output."""
        inputs, outputs = Names.of_inputs(graph).also(keys), Names.of_targets(graph).also(keys)
        first: dict[str, Term] = {}
        for term in terms:
            first.setdefault(term.target, term)
        return cls(where, inputs, outputs, first, graph.output_shapes, admission)

    def refuse(self, argument: str, value: Any) -> None:
        """Raise ArgumentError when an argument is given that goes with arrays only."""
        if value is not None:
            remedy = "Let x yield (x, y, sample_weight)."
            raise ArgumentError(describe(self.where, argument, "left out when x yields batches", "given", remedy))

    def settled(self, x: Any) -> Arrays:
        """The inputs by name, held against what the model was trained on; raises ArgumentError where they differ."""
        arrays = named("x", x, self.inputs, where=self.where)
        return arrays if self.admission is None else self.admission.settle(arrays)

    def taken(self, arrays: Arrays) -> Arrays:
        """Settled inputs, or some rows of them, as the network reads them."""
        return arrays if self.admission is None else self.admission.apply(arrays)

    def read(self, x: Any) -> Arrays:
        """The inputs by name as the network reads them."""
        return self.taken(self.settled(x))

    def targets(self, y: Any) -> dict[str, np.ndarray]:
        """The targets by name; raises ArgumentError where a loss has none."""
        targets = named("y", y, self.outputs, where=self.where)
        require_targets(targets, tuple(self.terms), self.where)
        return targets

    def refuse_out_of_range(self, targets: Arrays, weights: Arrays, masks: Arrays) -> None:
        """Raise ArgumentError for targets that a loss is not defined for."""
        refuse_out_of_range(self.terms, self.shapes, targets, weights, masks)


class IterableBatches:
    """Batches from a sequence, a loader or a generator of x, (x, y) or (x, y, sample_weight).

    With `steps` an epoch goes on where the one before stopped, pass after pass; epoch 0 begins at the beginning. What
    can be asked for batch number i is asked in an order of each pass's own when `shuffle` says so, as in Keras.
    """

    def __init__(
        self,
        source: Iterable[Any],
        feed: Feed,
        *,
        steps: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        shuffle: bool = False,
        key: Key | None = None,
    ) -> None:
        self.source, self.feed, self.class_weight = source, feed, class_weight
        self.key = key if shuffle else None
        self.size = length_of(source)
        self.sequence: Any = source if self.size is not None and hasattr(source, "__getitem__") else None
        self.steps, self.steps_per_epoch = steps, self.size if steps is None else steps
        self.running: Iterator[Any] | None = None
        if self.sequence is None and not hasattr(source, "__iter__"):
            wanted = "arrays, a generator, or a sequence of batches"
            raise ArgumentError(describe(feed.where, "x", wanted, type(source).__name__))
        self.ends = self.sequence is None and iter(source) is source
        if self.steps_per_epoch is None and self.ends:
            remedy = "Pass steps_per_epoch=..., for a generator has no end."
            argument = "steps_per_epoch" if feed.where == "fit" else "steps"
            raise ArgumentError(describe(feed.where, argument, "given for a generator", "None", remedy))

    def entries(self, number: int, start: int = 0) -> Iterator[Any]:
        """What the source gives in epoch `number`; raises DataError when it ends too early."""
        if self.size == 0:
            raise DataError(f"{self.feed.where}: x was to yield batches, but it has none. Bring more samples.")
        return self._asked(number, start) if self.sequence is not None else self._drawn(number, start)

    def _asked(self, number: int, start: int) -> Iterator[Any]:
        size, steps = self.size or 1, self.steps_per_epoch or 1
        at, end = number * steps + start, (number + 1) * steps
        while at < end:
            lap, place = divmod(at, size)
            if place == 0:
                self._tell("on_epoch_begin")
            order = self.key.fold("shuffle", lap).generator().permutation(size) if self.key else range(size)
            for index in order[place : place + end - at]:
                yield self.sequence[int(index)]
            at += min(end - at, size - place)
            if at % size == 0:
                self._tell("on_epoch_end")

    def _tell(self, moment: str) -> None:
        getattr(self.sequence, moment, lambda: None)()

    def _drawn(self, number: int, start: int) -> Iterator[Any]:
        if self.running is None or self.steps is None or number == 0:
            self.running = iter(self.source)
        given = start
        while self.steps is None or given < self.steps:
            entry = next(self.running, END)
            if entry is END and self.steps is not None and not self.ends:
                self.running = iter(self.source)
                entry = next(self.running, END)
            if entry is END:
                break
            given += 1
            yield entry
        if given == 0 or (self.steps is not None and given < self.steps):
            wanted = f"{self.steps or 'some'} batches"
            fault = f"{self.feed.where}: x was to yield {wanted}, but it ended after {given}."
            raise DataError(f"{fault} Pass fewer steps, or a source that begins anew.")

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The next batches of the source; raises DataError when it ends too early."""
        return (self._batch(entry) for entry in self.entries(number, start))

    def _batch(self, entry: Any) -> Batch:
        x, y, weight = self.parts(entry)
        inputs = self.feed.read(x)
        targets = self.feed.targets(y)
        weights = sample_weights(targets, self.feed.outputs, weight, self.class_weight)
        self.feed.refuse_out_of_range(targets, weights, {})
        return Batch(inputs, targets, weights, {}, np.arange(len(next(iter(inputs.values())))))

    def parts(self, entry: Any) -> tuple[Any, Any, Any]:
        """x, y and sample weights of what the source gave: a tuple or, from a loader, a list."""
        if not isinstance(entry, (tuple, list)):
            return entry, None, None
        if not 1 <= len(entry) <= 3:
            wanted, got = "x, (x, y) or (x, y, sample_weight)", f"a {type(entry).__name__} of {len(entry)}"
            raise ArgumentError(describe(self.feed.where, "what x yields", wanted, got))
        x, y, weight = (*entry, None, None)[:3]
        return x, y, weight


END = object()  # what no source yields


class Stretches:
    """Epochs of `steps` batches that go on where the one before stopped, pass after pass."""

    def __init__(self, batches: Batches, steps: int, where: str, argument: str) -> None:
        size = batches.steps_per_epoch
        if size is not None and not 1 <= steps <= size:
            wanted = f"from 1 to the {size} batches there are"
            raise ArgumentError(describe(where, argument, wanted, steps))
        self.batches, self.steps_per_epoch = batches, steps
        self.samples: int | None = getattr(batches, "samples", None)
        self.batch_size: int | None = getattr(batches, "batch_size", None)

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` from `start` on."""
        size = self.batches.steps_per_epoch
        if size is None:
            yield from itertools.islice(self.batches.epoch(number, start=start), self.steps_per_epoch - start)
            return
        at, end = number * self.steps_per_epoch + start, (number + 1) * self.steps_per_epoch
        while at < end:
            lap, place = divmod(at, size)
            taken = min(end - at, size - place)
            yield from itertools.islice(self.batches.epoch(lap, start=place), taken)
            at += taken


def length_of(source: Any) -> int | None:
    """How many batches a source says it has; None where it cannot tell, as a loader of a stream."""
    try:
        return len(source) if hasattr(source, "__len__") else None
    except TypeError:
        return None


def feeds_batches(x: Any) -> bool:
    """Whether x yields batches, rather than being arrays; a list does where each entry is (x, y) of arrays."""
    if isinstance(x, (list, tuple)):
        return bool(x) and all(is_batch(entry) for entry in x)
    return not (isinstance(x, (np.ndarray, Mapping, str, bytes, int, float)) or hasattr(x, "__array__"))


def is_batch(entry: Any) -> bool:
    """Whether an entry of a list is (x, y) or (x, y, sample_weight), not a sample of plain numbers."""
    if not isinstance(entry, (tuple, list)) or not 2 <= len(entry) <= 3:
        return False
    x, y = entry[:2]
    whole = x if isinstance(x, (list, tuple)) else list(x.values()) if isinstance(x, Mapping) else [x]
    parts = [*whole, *(y if isinstance(y, (list, tuple)) else y.values() if isinstance(y, Mapping) else [y])]
    return bool(whole) and all(len(getattr(part, "shape", ())) > 0 for part in parts)


def first_inputs(x: Any) -> Any:
    """The inputs of the first batch of x, or x itself where it is arrays; None where looking would use it up."""
    if not feeds_batches(x):
        return x
    if hasattr(x, "epoch") and hasattr(x, "steps_per_epoch"):
        entry = next(iter(x.epoch(0)), None)
        inputs = getattr(entry, "inputs", {})
        return next(iter(inputs.values())) if len(inputs) == 1 else None
    if hasattr(x, "__getitem__") and length_of(x):
        entry = x[0]
    else:
        entry = None if not hasattr(x, "__iter__") or iter(x) is x else next(iter(x), None)
    return entry[0] if isinstance(entry, (tuple, list)) and entry else entry


def batches_of(
    x: Any,
    y: Any,
    feed: Feed,
    *,
    batch_size: int,
    key: Key,
    steps: int | None = None,
    steps_argument: str = "steps",
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
            return made if steps is None else Stretches(made, steps, feed.where, steps_argument)
        return IterableBatches(x, feed, steps=steps, class_weight=class_weight, shuffle=shuffle, key=key)
    inputs = feed.read(x)
    targets = feed.targets(y)
    present = masks_of(masks, feed)
    whole = {name: without_missing(target, present.get(name)) for name, target in targets.items()}
    weights = sample_weights(targets, feed.outputs, sample_weight, class_weight)
    feed.refuse_out_of_range(whole, weights, present)
    batches = ArrayBatches(
        inputs, whole, batch_size=batch_size, key=key, shuffle=shuffle, weights=weights, masks=present
    )
    return batches if steps is None else Stretches(batches, steps, feed.where, steps_argument)


def without_missing(target: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The targets with zeros where there is none, for what stands there may be anything: -1, NaN."""
    if mask is None or mask.shape != target.shape[: mask.ndim]:  # the engine has a sentence for that
        return target
    present = mask.astype(bool).reshape(mask.shape + (1,) * (target.ndim - mask.ndim))
    return np.where(present, target, np.zeros((), target.dtype))


def masks_of(masks: Any, feed: Feed) -> dict[str, np.ndarray]:
    """Which labels exist, (N, ...) by output: one array for every output, or a mapping."""
    if masks is None:
        return {}
    given = dict.fromkeys(feed.outputs.listed, masks) if one_a_sample(masks) else masks
    found = named("masks", given, feed.outputs, where=feed.where)
    for name, mask in found.items():
        if not np.isin(mask, (0, 1)).all():
            wanted = "one True or False for each sample or place"
            raise ArgumentError(describe(feed.where, "masks", wanted, f"of shape {mask.shape} for '{name}'"))
    return found


def input_parts(x: Any, feed: Feed, *, batch_size: int, steps: int | None) -> Iterator[dict[str, np.ndarray]]:
    """The inputs of each batch, in order, for predict; memory is bounded by the batch.

    What knows its own order is read in it, for rows whose order nobody can tell are of no use.
    """
    if x is None:
        raise ArgumentError(describe(feed.where, "x", "given", "None"))
    if hasattr(x, "unshuffled"):
        x = x.unshuffled()
    if hasattr(x, "epoch") and hasattr(x, "steps_per_epoch"):
        return (dict(batch.inputs) for batch in itertools.islice(x.epoch(0), steps))
    if feeds_batches(x):
        refuse_shuffling(x, feed.where)
        batches = IterableBatches(x, feed, steps=steps)
        return (inputs_alone(entry, batches) for entry in batches.entries(0))
    arrays = feed.settled(x)
    missing = [name for name in feed.inputs.listed if name not in arrays]
    if missing:
        raise ArgumentError(describe(feed.where, "x", f"given for input '{missing[0]}'", "missing"))
    rows = len(next(iter(arrays.values())))
    ends = range(0, rows if steps is None else min(rows, steps * batch_size), batch_size)
    return (feed.taken({name: value[at : at + batch_size] for name, value in arrays.items()}) for at in ends)


def inputs_alone(entry: Any, batches: IterableBatches) -> dict[str, np.ndarray]:
    """The inputs of what a source gave; a list of as many arrays as there are inputs is all of them."""
    listed = batches.feed.inputs.listed
    whole = isinstance(entry, list) and len(listed) > 1 and len(entry) == len(listed)
    x = entry if whole else batches.parts(entry)[0]
    return batches.feed.read(x)


def refuse_shuffling(x: Any, where: str) -> None:
    """Raise ArgumentError for a loader that draws its samples in an order of its own."""
    if type(getattr(x, "sampler", None)).__name__ in ("RandomSampler", "WeightedRandomSampler"):
        wanted = "in an order by which its rows can be told"
        raise ArgumentError(describe(where, "x", wanted, "a loader that shuffles", "Pass shuffle=False to it."))


def rows_of(x: Any, feed: Feed) -> int:
    """How many samples x holds."""
    arrays = named("x", x, feed.inputs, where=feed.where)
    if not arrays or not len(next(iter(arrays.values()))):
        raise ArgumentError(describe(feed.where, "x", "one sample or more", "none"))
    return len(next(iter(arrays.values())))
