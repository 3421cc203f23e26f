"""Subject: what is checked, and the samples, weights and quiet networks that checks work on.

Shapes  a sample's inputs {"input": (B, *shape)} float32, targets {"output": (B, ...)}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Batch, Batches, Encode, Encoded
from pellucid.data.dataset import Dataset, Part
from pellucid.data.scales import brought_to
from pellucid.engines.protocol import Arrays, Engine, Objective
from pellucid.graph.graph import Graph, LayerEntry, Nested
from pellucid.graph.plan import plan
from pellucid.graph.resizing import resized
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.spec.layer import LayerSpec
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.optimizers import OptimizerSpec

PIXELS, FEWEST = 1 << 22, 4  # of one sample in all, and images in it whatever their size
Weights = Callable[[Engine], tuple[dict[str, Any], dict[str, Any]]]


@dataclass(frozen=True)
class Chance:
    """The loss of an answer that does not look at the picture, told in words.

    unit: of the loss, in which it is counted how much worse first weights are.
    """

    loss: float
    unit: float
    told: str


@dataclass(frozen=True)
class Smaller:
    """How the same is learnt from smaller pictures: their size (height, width), and what the loss reads then."""

    size: tuple[int, int]
    encode: Encode


@dataclass(frozen=True)
class ByHeart:
    """What says of a few pictures that they are known by heart: a score of outputs for them, and the best there is."""

    name: str
    best: float
    score: Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Subject:
    """A run that has not begun. `weights` gives fresh copies of its first weights; `drawn` says they are random.

    `names` are those of the outputs; `own` are checks of what is learnt, and `chance` is known where that says it.
    `pixels` bounds what one sample of images holds. `smaller` says, for a longest side in pixels, how the network is
    shown smaller pictures, None where it cannot be; `shown` is that, in use. `by_heart` judges outputs for a part.
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
    as_learnt: bool = False  # what known weights were learnt from has these sizes
    names: tuple[str, ...] = ()
    own: Mapping[str, Check] = field(default_factory=dict)
    chance: Chance | None = None
    pixels: int = PIXELS
    smaller: Callable[[int], Smaller | None] | None = None
    shown: Smaller | None = None
    by_heart: Callable[[Part], ByHeart | None] = lambda part: None

    @property
    def annotations(self) -> Annotations:
        """What is learnt of each training image."""
        return self.batches.source.annotations

    def key_of(self, check: str) -> Key:
        """The check's own stream of random numbers."""
        return self.key.fold("checks", check)

    def within(self, flops: float) -> Subject:
        """The same, with samples that one forward pass takes through the network in so many FLOPs."""
        size, each = math.prod(self.batches.source.images.shape[1:]), max(summarize(self.graph).flops, 1)
        return replace(self, pixels=min(self.pixels, int(flops / each * size)))

    def shrunk(self, longest: int) -> Subject:
        """The same network and weights, shown pictures of at most so many pixels a side, where it can be."""
        found = None if self.smaller is None else self.smaller(longest)
        if found is None:
            return self
        (shape,) = self.graph.input_shapes.values()
        return replace(self, graph=resized(self.graph, (*found.size, shape[-1])), shown=found)

    def sample(self, check: str, most: int) -> Batch:
        """At most `most` training images drawn at random, preprocessed, not augmented."""
        return self.batch_of(self.drawn_at_random(check, most))

    def drawn_at_random(self, check: str, most: int) -> np.ndarray:
        """(B,) sorted numbers of training images: at most `most`, fewer of large ones, so that memory is bounded."""
        part = self.batches.source
        fit = max(self.pixels // math.prod(part.images.shape[1:]), FEWEST)
        return np.sort(self.key_of(check).fold("sample").generator().permutation(len(part))[: min(most, fit)])

    def few_of_each(self, check: str, *, each: int, most: int) -> Batch:
        """`each` training images of every stratum, of so many that there are at most `most` images.

        Where all are in one, it takes as many of that.
        """
        strata = self.annotations.strata
        random = self.key_of(check).fold("sample").generator()
        order = random.permutation(len(strata))
        kinds = random.permutation(np.unique(strata))[: max(most // each, 2)]
        each = each if len(kinds) > 1 else most
        chosen = [order[strata[order] == number][:each] for number in kinds]
        return self.batch_of(np.concatenate(chosen))

    def batch_of(self, indices: np.ndarray) -> Batch:
        """The training images at `indices` (B,)."""
        batches, part, encode = self.batches, self.batches.source, self.batches.encode
        x, annotations = part.images.take(indices), self.annotations.take(indices)
        if self.shown is not None:
            x, annotations = brought_to(self.shown.size, x, annotations)
            encode = self.shown.encode
        made = Encoded.of(encode(annotations))
        x = x.astype(np.float32) if batches.preprocessing is None else batches.preprocessing.apply(x)
        return Batch({batches.input_name: x}, {batches.output_name: made.targets}, dict(made.weights),
                     dict(made.masks), ids=part.ids[indices])

    def targets_of(self, indices: np.ndarray) -> np.ndarray:
        """What the loss compares with the outputs for those images (B, ...)."""
        return Encoded.of(self.batches.encode(self.annotations.take(indices))).targets


Check = Callable[[Subject], Finding]


def without_noise(graph: Graph, *, penalties: bool) -> Graph:
    """The same network and weights, what draws at random as in prediction, and no penalties unless they are wanted."""
    nodes = tuple(replace(node, predicting=node.predicting or graph.layers[node.layer].spec.noisy)
                  for node in graph.nodes)  # fmt: skip
    return replace(graph, layers=tuple(_quiet(entry, penalties) for entry in graph.layers), nodes=nodes)


def _quiet(entry: LayerEntry, penalties: bool) -> LayerEntry:
    spec: Any = entry.spec
    if isinstance(spec, Nested):
        return replace(entry, spec=Nested(without_noise(spec.graph, penalties=penalties)))
    changed: dict[str, Any] = {}
    if not penalties:
        changed = {one.name: None for one in fields(spec) if one.name.endswith("regularizer")}
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
