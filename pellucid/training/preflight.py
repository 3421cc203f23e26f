"""What is refused before the first epoch, because it would fail in the middle of one."""

from __future__ import annotations

from typing import Any

from pellucid.data.batches import ArrayBatches
from pellucid.engines.protocol import Engine
from pellucid.errors import ArgumentError
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.plan import Step, plan
from pellucid.spec.normalization import BatchNormalization
from pellucid.training import loop
from pellucid.training.program import Program, State


def learns(step: Step) -> bool:
    """Whether batch norm looks at the batch: neither frozen nor called with training=False."""
    return not (step.frozen or step.predicting)


def refuse_lonely_batches(graph: Graph, samples: int, batch_size: int, processes: int = 1) -> None:
    """Raise ArgumentError when batch norm would meet one value a channel: a batch of one, and no map to average over.

    The last batch of an epoch counts: it has samples % batch_size samples. Of `processes` that each look at their own
    share of a batch, none may have one sample; none at all does no harm.
    """
    first, last = min(batch_size, samples), samples % batch_size
    if not lonely(first, processes) and not lonely(last, processes):
        return
    for step in plan(graph).steps:
        if isinstance(step.spec, BatchNormalization) and learns(step) and values_a_sample(graph, step.layer) == 1:
            which = "batches hold" if lonely(first, processes) else f"the last batch of {samples} samples holds"
            which += " 1 sample" if processes == 1 else f" 1 sample for one of {processes} processes"
            few = lonely(samples, processes)
            remedy = "Bring more samples" if few else f"Pass batch_size={better_size(samples, batch_size, processes)}"
            remedy += "." if processes == 1 else ", or --sync-batch-norm."
            raise ArgumentError(
                f"{step.label}: batch norm needs at least 2 values a channel, but with batch_size={batch_size} "
                f"{which}. {remedy}"
            )


def refuse_nothing_trained(graph: Graph) -> None:
    """Raise ArgumentError when no weight is trained."""
    if graph.weights and not any(weight.trainable for weight in graph.weights.values()):
        remedy = "Train some again: model.unfreeze('head')."
        raise ArgumentError(f"every layer with weights is frozen, so there is nothing to learn. {remedy}")


def lonely(samples: int, processes: int) -> bool:
    """Whether one of the processes has a single sample of so many."""
    return 0 < samples < 2 * processes


def better_size(samples: int, batch_size: int, processes: int) -> int:
    """The next larger batch size that leaves no process with one sample."""
    size = batch_size + 1
    while lonely(size, processes) or lonely(samples % size, processes):
        size += 1
    return size


def values_a_sample(graph: Graph, layer: str) -> int:
    """How many values of each channel one sample brings to a layer."""
    name, _, rest = layer.partition("/")
    for node, shapes in zip(graph.nodes, graph.shapes, strict=True):
        entry = graph.layers[node.layer]
        if entry.name != name:
            continue
        if isinstance(entry.spec, Nested):
            return values_a_sample(entry.spec.graph, rest)
        total = 1
        for size in shapes[0][:-1]:
            total *= size or 2  # a map of unknown size has more than one pixel
        return total
    return 1


def try_one_sample(program: Program, engine: Engine, state: State, batches: Any) -> None:
    """Evaluate one sample, so that validation data of the wrong shape is refused before an epoch is spent on it."""
    if isinstance(batches, ArrayBatches):
        first = ArrayBatches(
            {name: array[:1] for name, array in batches.inputs.items()},
            {name: array[:1] for name, array in batches.targets.items()},
            batch_size=1,
            key=batches.key,
            shuffle=False,
        )
        loop.evaluate(program, engine, state, first)
