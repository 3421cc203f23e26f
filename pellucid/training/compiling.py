"""From what a user passes to compile() to an Objective and an update rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph
from pellucid.spec.losses import (
    LOSSES,
    METRICS,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    LossSpec,
    MetricSpec,
    SparseCategoricalAccuracy,
)
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec

ACCURACY = ("accuracy", "acc")


def rule_of(optimizer: str | OptimizerSpec) -> OptimizerSpec:
    """The update rule of a word in any case, or a spec as it is."""
    if isinstance(optimizer, str):
        return OPTIMIZERS.named(optimizer)
    if isinstance(optimizer, OptimizerSpec):
        return optimizer
    raise ArgumentError(describe("compile", "optimizer", "a word or an optimizer", repr(optimizer)))


def loss_of(loss: Any) -> LossSpec:
    """The loss of a word in any case, or a spec as it is."""
    if isinstance(loss, str):
        return LOSSES.named(loss)
    if isinstance(loss, LossSpec):
        return loss
    raise ArgumentError(describe("compile", "loss", "a word or a loss", repr(loss), "Pass e.g. 'mse'."))


def by_output(what: str, given: Any, names: Sequence[str]) -> dict[str, Any]:
    """One entry an output, from one value for all, a list in their order, or a mapping by name."""
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(describe("compile", what, f"keyed by the outputs {', '.join(names)}", repr(unknown[0])))
        return dict(given)
    if isinstance(given, (list, tuple)) and len(names) > 1:
        if len(given) != len(names):
            raise ArgumentError(describe("compile", what, f"one for each of {', '.join(names)}", f"{len(given)} entries"))
        return dict(zip(names, given, strict=True))
    if isinstance(given, (list, tuple)) and what == "loss":
        given = given[0]
    return dict.fromkeys(names, given)


def make_objective(graph: Graph, loss: Any, loss_weights: Any = None, metrics: Any = None) -> Objective:
    """The objective of a graph; `metrics` may hold 'accuracy', whose kind follows from the loss."""
    names = [name for name, _ in graph.outputs]
    losses = {name: loss_of(value) for name, value in by_output("loss", loss, names).items() if value is not None}
    weights = by_output("loss_weights", 1.0 if loss_weights is None else loss_weights, names)
    terms = tuple(Term(name, spec, float(weights.get(name, 1.0))) for name, spec in losses.items())
    measures: list[Measure] = []
    for name, wanted in metrics_by_output(metrics, list(losses)).items():
        for metric in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
            spec, label = metric_of(metric, losses[name], graph.output_shapes[name][-1])
            prefix = f"{name}_" if len(names) > 1 else ""
            measures.append(Measure(name, spec, prefix + label))
    return Objective(terms, tuple(measures))


def metrics_by_output(metrics: Any, names: Sequence[str]) -> dict[str, Any]:
    """Metrics of each output: a plain list of words goes to every output."""
    if not metrics:
        return {}
    plain = isinstance(metrics, (list, tuple)) and not any(isinstance(entry, (list, tuple)) for entry in metrics)
    return dict.fromkeys(names, metrics) if plain or isinstance(metrics, str) else by_output("metrics", metrics, names)


def metric_of(metric: Any, loss: LossSpec, units: int | None) -> tuple[MetricSpec, str]:
    """A metric and the name it is reported under."""
    if isinstance(metric, MetricSpec):
        return metric, metric.name
    if not isinstance(metric, str):
        raise ArgumentError(describe("compile", "metrics", "words or metrics", repr(metric)))
    if metric.lower() in ACCURACY:
        if isinstance(loss, BinaryCrossentropy) or units == 1:
            return BinaryAccuracy(), metric.lower()
        return (SparseCategoricalAccuracy() if loss.labels == "index" else CategoricalAccuracy()), metric.lower()
    spec = METRICS.named(metric)
    return spec, metric.lower()
