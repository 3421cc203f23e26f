"""Batches: the samples of an epoch, a few at a time, in an order that a resume finds again.

Shapes  inputs {name: (B, ...)} float32; targets {name: (B, ...)}; weights, masks {name: (B,)}; ids (B,);
        inputs named in `scales` are bytes still, to be multiplied by that number where they are learnt from
Order   permutation from key.fold("shuffle", epoch); augmentation is keyed by (key, epoch, sample id, copy)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from pellucid.data.ahead import ahead
from pellucid.data.annotations import Annotations, Classes
from pellucid.data.changing import Augments, changed
from pellucid.data.dataset import Part
from pellucid.data.images import Array, ArrayImages, ChosenImages, Images
from pellucid.data.mixing import Mix
from pellucid.data.order import Share, check_sizes, steps, steps_in
from pellucid.data.sampling import Sampler
from pellucid.data.scales import Scales, brought_to
from pellucid.errors import ShapeError, describe
from pellucid.keys import Key

COPY = 1 << 40  # beyond all sample numbers: a copy is changed in another way than its original


@dataclass(frozen=True)
class Batch:
    """B samples; `ids` are their global numbers, `whole` is B over the shares of all processes, `mix` who was mixed."""

    inputs: dict[str, Array]
    targets: dict[str, Array]
    weights: dict[str, Array] = field(default_factory=dict)
    masks: dict[str, Array] = field(default_factory=dict)
    ids: Array = field(default_factory=lambda: np.empty(0, np.int64))
    whole: int | None = None
    scales: dict[str, float] = field(default_factory=dict)
    mix: Mix | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def emptied(self) -> Batch:
        """The batch without its samples, for a process that has none of it."""
        parts = (self.inputs, self.targets, self.weights, self.masks)
        inputs, targets, weights, masks = (_rows_of(part, slice(0)) for part in parts)
        return Batch(inputs, targets, weights, masks, self.ids[:0], self.whole, self.scales)


class Preprocesses(Protocol):
    def apply(self, x: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class Encoded:
    """Targets (B, ...), with weights and masks under the names of the losses' parts, over their leading axes.

    others: what outputs beside the network's own are to give, by their names.
    """

    targets: Array
    weights: Mapping[str, Array] = field(default_factory=dict)
    masks: Mapping[str, Array] = field(default_factory=dict)
    others: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, made: Array | Encoded) -> Encoded:
        """What an encoder made, plain targets among it."""
        return made if isinstance(made, Encoded) else cls(made)


Encode = Callable[[Annotations], Array | Encoded]  # annotations of B samples -> what a loss reads (B, ...)


def class_numbers(annotations: Annotations) -> Array:
    """What the losses of classes read (B,)."""
    assert isinstance(annotations, Classes), "a task asks for the annotations that it learns from"
    return annotations.numbers


class Batches:
    """Batches of one part of a data set, read (and augmented, then preprocessed) step by step.

    Without `preprocessing` the pixels are handed on as float32 unscaled. `sample_weights` (N,), in the order of the
    part, become `weights[output_name]`. A `sampler` says how often each sample is in an epoch. `share` is this
    process's part of every batch; `batch_size` is the whole's. With `scale_later` pixels that are only to be scaled are
    handed on as bytes, a quarter of the memory. Batches that are much work (augmented, or read from files) are made
    ahead, by a thread. `encode` makes the targets of a batch from its annotations, which moved with the pixels. With
    `scales` each step has a size of its own.
    """

    def __init__(self, source: Part, *, batch_size: int, key: Key, shuffle: bool = True,
                 preprocessing: Preprocesses | None = None, augmentation: Augments | None = None,
                 input_name: str = "input", output_name: str = "output", sample_weights: Array | None = None,
                 sampler: Sampler | None = None, share: Share = Share(),  # noqa: B008  (frozen)
                 scale_later: bool = False, encode: Encode = class_numbers, scales: Scales | None = None) -> None:
        check_sizes("batches", samples=len(source), batch_size=batch_size)
        if sample_weights is not None and np.shape(sample_weights) != (len(source),):
            raise ShapeError(describe("batches", "sample_weights", f"of shape ({len(source)},)",
                                      f"of shape {np.shape(sample_weights)}"))
        self.source, self.batch_size, self.key, self.shuffle = source, int(batch_size), key, shuffle
        self.preprocessing, self.augmentation = preprocessing, augmentation
        self.input_name, self.output_name, self.sample_weights = input_name, output_name, sample_weights
        self.sampler, self.share, self.encode, self.scales = sampler, share, encode, scales
        byte = source.images.dtype == np.uint8
        self.factor = getattr(preprocessing, "factor", None) if scale_later and byte else None

    @property
    def samples(self) -> int:
        """Samples of an epoch, copies counted."""
        return len(self.source) if self.sampler is None else self.sampler.size

    @property
    def steps_per_epoch(self) -> int:
        return steps_in(self.samples, self.batch_size)

    def whole(self) -> Batches:
        """The same batches, with all of their samples."""
        every = copy(self)
        every.share = Share()
        return every

    def unshuffled(self) -> Batches:
        """The same samples once each, in the order of the part, as predict reads them."""
        ordered = copy(self)
        ordered.shuffle, ordered.sampler = False, None
        return ordered

    def of_results(self, results: Images, augmentation: Augments | None) -> Batches:
        """The same samples in the same order, with what was made of their pictures in place of these."""
        others = copy(self)
        others.source = replace(self.source, images=results)
        others.preprocessing, others.augmentation, others.factor = None, augmentation, None
        return others

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` from step `start` on: the same ones, whatever `start` is."""
        made = (self._batch(draws, number, step) for step, draws in enumerate(self._draws(number, start), start))
        images = self.source.images
        kept = images.source if isinstance(images, ChosenImages) else images
        quick = isinstance(kept, ArrayImages) and self.augmentation is None and self.scales is None
        return made if quick else ahead(made)

    def order(self, number: int) -> Array:
        """(samples,) which samples of the part are in epoch `number`, one after the other."""
        return np.concatenate(list(self._draws(number, 0))) % len(self.source)

    def _draws(self, number: int, start: int) -> Iterator[Array]:
        """Of each step the samples as index + N * number of the copy."""
        drawn = None if self.sampler is None else self.sampler.draws(self.key.fold("sample", number))
        for places in steps(self.samples, batch_size=self.batch_size, key=self.key, shuffle=self.shuffle,
                            epoch=number, start=start):
            yield places if drawn is None else drawn[places]

    def _batch(self, whole: Array, epoch: int, step: int) -> Batch:
        draws = self.share.of(whole)
        copies, indices = np.divmod(draws if len(draws) else whole[:1], len(self.source))
        ids = self.source.ids[indices]
        x = self.source.images.take(indices)                                          # (B, H, W, C)
        annotations = self.source.annotations.take(indices)
        encode, mix = self.encode, None
        if self.scales is not None:
            size = self.scales.size(epoch, step)
            x, annotations = brought_to(size, x, annotations)
            encode = self.scales.encodes[size]
        if self.augmentation is not None:
            x, annotations, mix = changed(self.augmentation, x, annotations, key=self.key, epoch=epoch, ids=ids,
                                          drawn=ids + COPY * copies)  # fmt: skip
        if self.factor is None:
            x = x.astype(np.float32) if self.preprocessing is None else self.preprocessing.apply(x)
        factors = {} if self.factor is None else {self.input_name: self.factor}
        weights = {} if self.sample_weights is None else {self.output_name: self.sample_weights[indices]}
        made = Encoded.of(encode(annotations))
        batch = Batch({self.input_name: x}, {self.output_name: made.targets, **made.others},
                      weights | dict(made.weights), dict(made.masks), ids, len(whole), factors, mix)
        return batch if len(draws) else batch.emptied()


class ArrayBatches:
    """Batches of plain arrays in memory, with any number of named inputs, targets, sample weights and masks.

    Every array has N rows. The rows keep their dtype.
    """

    def __init__(self, inputs: Mapping[str, Array], targets: Mapping[str, Array] | None = None, *, batch_size: int,
                 key: Key, shuffle: bool = True, weights: Mapping[str, Array] | None = None,
                 masks: Mapping[str, Array] | None = None) -> None:
        self.inputs, self.targets = dict(inputs), dict(targets or {})
        self.weights, self.masks = dict(weights or {}), dict(masks or {})
        self.samples = _common_rows({"input": self.inputs, "target": self.targets,
                                     "weight": self.weights, "mask": self.masks})
        check_sizes("batches", samples=self.samples, batch_size=batch_size)
        self.batch_size, self.key, self.shuffle = int(batch_size), key, shuffle

    @property
    def steps_per_epoch(self) -> int:
        return steps_in(self.samples, self.batch_size)

    def unshuffled(self) -> ArrayBatches:
        """The same samples in the order of their arrays, as predict reads them."""
        ordered = copy(self)
        ordered.shuffle = False
        return ordered

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number` from step `start` on: the same ones, whatever `start` is."""
        for indices in steps(self.samples, batch_size=self.batch_size, key=self.key, shuffle=self.shuffle,
                             epoch=number, start=start):
            yield Batch(_rows_of(self.inputs, indices), _rows_of(self.targets, indices),
                        _rows_of(self.weights, indices), _rows_of(self.masks, indices), indices.astype(np.int64))


def _rows_of(arrays: Mapping[str, Array], indices: Array | slice) -> dict[str, Array]:
    return {name: array[indices] for name, array in arrays.items()}


def _common_rows(kinds: Mapping[str, Mapping[str, Array]]) -> int:
    """The number of rows all arrays share. Raises ShapeError naming the first array that differs."""
    rows = {f"{kind} '{name}'": len(array) for kind, arrays in kinds.items() for name, array in arrays.items()}
    first = next(iter(rows), None)
    if first is None:
        raise ShapeError("batches: there must be at least one input array, but none was given.")
    for name, count in rows.items():
        if count != rows[first]:
            raise ShapeError(describe("batches", name, f"{rows[first]} rows long, as {first} is", f"{count} rows long"))
    return rows[first]
