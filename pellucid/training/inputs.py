"""From what a user passes as x, y and weights to batches: arrays, lists, mappings, generators, folders."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data.batches import ArrayBatches, Batch
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.keys import Key

Arrays = dict[str, np.ndarray]


def named(what: str, given: Any, names: Sequence[str]) -> Arrays:
    """Arrays by name, from one array, a list in the graph's order, or a mapping; 1-D arrays become (N, 1)."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(describe("fit", what, f"keyed by {', '.join(names)}", repr(unknown[0])))
        pairs = dict(given)
    elif len(names) == 1:
        pairs = {names[0]: given}
    elif isinstance(given, (list, tuple)) and len(given) == len(names):
        pairs = dict(zip(names, given, strict=True))
    else:
        raise ArgumentError(describe("fit", what, f"a list or mapping of {', '.join(names)}", type(given).__name__))
    return {name: numbers(what, value) for name, value in pairs.items() if value is not None}


def numbers(what: str, value: Any) -> np.ndarray:
    """One array; raises ArgumentError for anything that is not numbers."""
    try:
        array = np.asarray(value)
    except ValueError as fault:
        raise ArgumentError(describe("fit", what, "an array of numbers", f"not one ({fault})")) from None
    if array.dtype.kind not in "fiub":
        remedy = "Turn class names into numbers first." if array.dtype.kind in "UO" and what == "y" else ""
        raise ArgumentError(describe("fit", what, "numbers", f"an array of {array.dtype}", remedy))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    return array[:, None] if array.ndim == 1 and what == "x" else array


class IterableBatches:
    """Batches from a generator or a sequence of (x, y) or (x, y, sample_weight)."""

    def __init__(self, source: Iterable[Any], inputs: Sequence[str], outputs: Sequence[str], steps: int | None) -> None:
        self.source, self.inputs, self.outputs = source, inputs, outputs
        self.sized = hasattr(source, "__getitem__") and hasattr(source, "__len__")
        self.steps_per_epoch = steps if steps is not None else (len(source) if self.sized else None)  # type: ignore[arg-type]
        if self.steps_per_epoch is None and iter(source) is source:
            remedy = "Pass steps_per_epoch=..., for a generator has no end."
            raise ArgumentError(describe("fit", "steps_per_epoch", "given for a generator", "None", remedy))

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The next batches of the source."""
        if self.sized:
            entries: Iterable[Any] = (self.source[i] for i in range(start, self.steps_per_epoch or 0))  # type: ignore[index]
        else:
            entries = itertools.islice(iter(self.source), self.steps_per_epoch)
        for entry in entries:
            yield self._batch(entry)

    def _batch(self, entry: Any) -> Batch:
        x, y, weight = (*entry, None, None)[:3] if isinstance(entry, tuple) else (entry, None, None)
        inputs = named("x", x, self.inputs)
        rows = len(next(iter(inputs.values())))
        weights = {} if weight is None else dict.fromkeys(self.outputs, np.asarray(weight))
        return Batch(inputs, named("y", y, self.outputs), weights, {}, np.arange(rows))


def array_batches(
    x: Any,
    y: Any,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    batch_size: int,
    key: Key,
    shuffle: bool = False,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    masks: Any = None,
) -> ArrayBatches:
    """Batches of arrays in memory."""
    targets = named("y", y, outputs)
    weights = sample_weights(targets, outputs, sample_weight, class_weight)
    return ArrayBatches(
        named("x", x, inputs),
        targets,
        batch_size=batch_size,
        key=key,
        shuffle=shuffle,
        weights=weights,
        masks=named("masks", masks, outputs),
    )


def sample_weights(
    targets: Arrays, outputs: Sequence[str], sample_weight: Any, class_weight: Mapping[int, float] | None
) -> Arrays:
    """What each sample's loss is multiplied with: its own weight times its class's."""
    weights: Arrays = {}
    if sample_weight is not None:
        given = dict.fromkeys(outputs, sample_weight) if isinstance(sample_weight, np.ndarray) else sample_weight
        weights = named("sample_weight", given, outputs)
    if class_weight is None:
        return weights
    if len(outputs) > 1:
        raise ArgumentError(describe("fit", "class_weight", "used with one output", f"given for {len(outputs)}"))
    target = targets[outputs[0]]
    one_hot = target.ndim > 1 and target.shape[-1] > 1
    labels = target.argmax(axis=-1) if one_hot else target.reshape(len(target)).astype(np.int64)
    missing = sorted(set(np.unique(labels).tolist()) - set(class_weight))
    if missing:
        wanted = "a weight for every class in y"
        raise ArgumentError(describe("fit", "class_weight", wanted, f"without class {missing[0]}"))
    of_class = np.array([float(class_weight.get(k, 0.0)) for k in range(int(labels.max()) + 1)])
    own = weights.get(outputs[0], np.ones(len(labels)))
    return {outputs[0]: own * of_class[labels]}


def split_off(share: float, arrays: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cut the last part of every array off, before any shuffling, as Keras does."""
    if not 0 < share < 1:
        raise ArgumentError(describe("fit", "validation_split", "between 0 and 1", f"{share:g}"))

    def cut(value: Any, first: bool) -> Any:
        if isinstance(value, Mapping):
            return {name: cut(part, first) for name, part in value.items()}
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray):
            return [cut(part, first) for part in value]
        array = np.asarray(value)
        at = int(len(array) * (1 - share))
        if at in (0, len(array)):
            raise ShapeError(f"fit: validation_split={share:g} of {len(array)} samples leaves a part empty.")
        return array[:at] if first else array[at:]

    given = {name: value for name, value in arrays.items() if value is not None}
    return {n: cut(v, True) for n, v in given.items()}, {n: cut(v, False) for n, v in given.items()}
