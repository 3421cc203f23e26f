"""Subject: what is checked, and the samples, weights and quiet networks that checks work on.

Shapes  a sample's inputs {"input": (B, *shape)} float32, targets {"output": (B,)}
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from pellucid.data.batches import Batch, Batches
from pellucid.data.dataset import Dataset
from pellucid.engines.protocol import Arrays, Engine, Objective
from pellucid.graph.graph import Graph, LayerEntry, Nested
from pellucid.graph.plan import plan
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.spec.layer import LayerSpec
from pellucid.spec.losses import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    SparseCategoricalFocalCrossentropy,
)
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.optimizers import OptimizerSpec

PIXELS, FEWEST = 1 << 22, 4  # of one sample in all, and images in it whatever their size
Weights = Callable[[Engine], tuple[dict[str, Any], dict[str, Any]]]


@dataclass(frozen=True)
class Subject:
    """A run that has not begun. `weights` gives fresh copies of its first weights; `drawn` says they are random.

    `pixels` bounds what one sample of images holds.
    """

    dataset: Dataset
    batches: Batches
    graph: Graph
    objective: Objective
    rule: OptimizerSpec
    engine: Engine
    weights: Weights
    key: Key
    drawn: bool = True
    pixels: int = PIXELS

    @property
    def classes(self) -> int:
        """The number of classes in the data."""
        return len(self.dataset.class_names)

    @property
    def chance(self) -> float | None:
        """The loss of a network that gives every class the same probability; None unless it is over classes."""
        loss, even = self.objective.terms[0].loss, math.log(self.classes)
        if len(self.objective.terms) > 1:
            return None
        if isinstance(loss, (SparseCategoricalCrossentropy, CategoricalCrossentropy)):
            return even
        if isinstance(loss, (SparseCategoricalFocalCrossentropy, CategoricalFocalCrossentropy)):
            return float(loss.alpha * (1 - 1 / self.classes) ** loss.gamma * even)
        return None

    def key_of(self, check: str) -> Key:
        """The check's own stream of random numbers."""
        return self.key.fold("checks", check)

    def within(self, flops: float) -> Subject:
        """The same, with samples that one forward pass takes through the network in so many FLOPs."""
        size, each = math.prod(self.batches.source.images.shape[1:]), max(summarize(self.graph).flops, 1)
        return replace(self, pixels=min(self.pixels, int(flops / each * size)))

    def sample(self, check: str, most: int) -> Batch:
        """At most `most` training images drawn at random, preprocessed, not augmented."""
        return self.batch_of(self.drawn_at_random(check, most))

    def drawn_at_random(self, check: str, most: int) -> np.ndarray:
        """(B,) sorted numbers of training images: at most `most`, fewer of large ones, so that memory is bounded."""
        part = self.batches.source
        fit = max(self.pixels // math.prod(part.images.shape[1:]), FEWEST)
        return np.sort(self.key_of(check).fold("sample").generator().permutation(len(part))[: min(most, fit)])

    def few_of_each(self, check: str, *, each: int, most: int) -> Batch:
        """`each` training images of every class, of so many classes that there are at most `most` images."""
        labels = self.batches.source.labels
        random = self.key_of(check).fold("sample").generator()
        order = random.permutation(len(labels))
        classes = random.permutation(np.unique(labels))[: max(most // each, 2)]
        chosen = [order[labels[order] == number][:each] for number in classes]
        return self.batch_of(np.concatenate(chosen))

    def batch_of(self, indices: np.ndarray) -> Batch:
        """The training images at `indices` (B,)."""
        batches, part = self.batches, self.batches.source
        x = part.images.take(indices)
        x = x.astype(np.float32) if batches.preprocessing is None else batches.preprocessing.apply(x)
        return Batch({batches.input_name: x}, {batches.output_name: part.labels[indices]}, ids=part.ids[indices])


def without_noise(graph: Graph, *, penalties: bool) -> Graph:
    """The same network and weights with dropout off, and without penalties unless they are wanted."""
    return replace(graph, layers=tuple(_quiet(entry, penalties) for entry in graph.layers))


def _quiet(entry: LayerEntry, penalties: bool) -> LayerEntry:
    spec: Any = entry.spec
    if isinstance(spec, Nested):
        return replace(entry, spec=Nested(without_noise(spec.graph, penalties=penalties)))
    changed: dict[str, Any] = {"rate": 0.0} if isinstance(spec, Dropout) else {}
    if not penalties:
        changed |= {one.name: None for one in fields(spec) if one.name.endswith("regularizer")}
    quiet: LayerSpec = replace(spec, **changed) if changed else spec
    return replace(entry, spec=quiet)


def has_penalties(graph: Graph) -> bool:
    """Whether any trained weight is penalised."""
    return any(weight.regularizer is not None and weight.trainable for weight in graph.weights.values())


def batch_norms(graph: Graph) -> int:
    """How many batch norm layers average over the batch in training."""
    return sum(isinstance(step.spec, BatchNormalization) and not step.frozen for step in plan(graph).steps)


def trained(graph: Graph, params: Arrays) -> dict[str, Any]:
    """The parameters that an update moves."""
    return {key: params[key] for key, weight in graph.weights.items() if weight.trainable}
