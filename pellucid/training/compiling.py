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
    CategoricalAccuracy,
    LossSpec,
    MetricSpec,
    SparseCategoricalAccuracy,
)
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec
from pellucid.training.inputs import Names

ACCURACY = ("accuracy", "acc")
AUXILIARY = 0.3  # the usual factor of a training-only output's loss (Szegedy et al. 2015, section 5)


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


def by_output(what: str, given: Any, names: Names) -> dict[str, Any]:
    """One entry an output, from one value for all, a list in their order, or a mapping by name."""
    if isinstance(given, Mapping):
        return names.keyed("compile", what, given)
    if isinstance(given, (list, tuple)):
        if len(given) != len(names.listed):
            wanted = f"one for each of {', '.join(names.listed)}"
            raise ArgumentError(describe("compile", what, wanted, f"{len(given)} entries"))
        return dict(zip(names.listed, given, strict=True))
    return dict.fromkeys(names.listed, given)


def make_objective(graph: Graph, loss: Any, loss_weights: Any = None, metrics: Any = None) -> Objective:
    """The objective of a graph; `metrics` may hold 'accuracy', whose kind follows from the loss.

    Outputs for training only share the targets of the one lasting output, and their losses count 0.3 where
    `loss_weights` says nothing else; they have no metrics.
    """
    names, own = Names.of_outputs(graph), Names.of_targets(graph)
    losses = {name: loss_of(value) for name, value in by_output("loss", loss, names).items() if value is not None}
    weights = by_output("loss_weights", {} if loss_weights is None else loss_weights, names)
    terms = tuple(term_of(name, losses[name], weights, graph, own) for name in names.listed if name in losses)
    if not terms:
        raise ArgumentError(describe("compile", "loss", "given for one output at least", "None for all"))
    several = len(own.listed) > 1
    wanted = [
        (name, *metric_of(metric, losses[name], graph.output_shapes[name][-1]))
        for name, listed in metrics_by_output(metrics, own, {n: losses[n] for n in own.listed if n in losses}).items()
        for metric in (listed if isinstance(listed, (list, tuple)) else [listed])
        if metric is not None
    ]
    labels = numbered([f"{name}_{label}" if several else label for name, _, label in wanted])
    measures = tuple(Measure(name, spec, label) for (name, spec, _), label in zip(wanted, labels, strict=True))
    return Objective(terms, measures)


def term_of(name: str, loss: LossSpec, weights: Mapping[str, Any], graph: Graph, own: Names) -> Term:
    """The loss of one output."""
    usual = AUXILIARY if name in graph.training_only else 1.0
    return Term(name, loss, weight_of(weights, name, usual), None if name in own.listed else graph.lasting[0])


def weight_of(weights: Mapping[str, Any], name: str, usual: float) -> float:
    """The factor of an output's loss, the usual one where none is given."""
    try:
        return float(weights.get(name, usual))
    except (TypeError, ValueError):
        raise ArgumentError(describe("compile", "loss_weights", "numbers", repr(weights[name]))) from None


def numbered(labels: Sequence[str]) -> list[str]:
    """The labels, a repeated one with a number, as Keras writes them."""
    found: list[str] = []
    for label in labels:
        again = sum(1 for earlier in labels[: len(found)] if earlier == label)
        found.append(f"{label}_{again}" if again else label)
    return found


def metrics_by_output(metrics: Any, names: Names, losses: Mapping[str, LossSpec]) -> dict[str, Any]:
    """Metrics of each output with a loss: for one output a list of them, for several a list of lists or a mapping."""
    if not metrics:
        return {}
    if isinstance(metrics, (str, MetricSpec)):
        return dict.fromkeys(losses, metrics)
    if len(names.listed) == 1 and not isinstance(metrics, Mapping):
        return dict.fromkeys(losses, metrics)
    found = by_output("metrics", metrics, names)
    for name, wanted in found.items():
        if wanted and name not in losses:
            remedy = f"Give output '{name}' a loss too."
            raise ArgumentError(describe("compile", "metrics", "for outputs that have a loss", repr(name), remedy))
    return {name: wanted for name, wanted in found.items() if wanted}


def metric_of(metric: Any, loss: LossSpec, units: int | None) -> tuple[MetricSpec, str]:
    """A metric and the name it is reported under.

    'accuracy' is Keras's: of yes or no for one unit, else of the largest output; for several yes-or-no units write
    'binary_accuracy'.
    """
    if isinstance(metric, MetricSpec):
        return metric, metric.name
    if not isinstance(metric, str):
        raise ArgumentError(describe("compile", "metrics", "words or metrics", repr(metric)))
    if metric.lower() in ACCURACY:
        if units == 1:
            return BinaryAccuracy(), metric.lower()
        return (SparseCategoricalAccuracy() if loss.labels == "index" else CategoricalAccuracy()), metric.lower()
    spec = METRICS.named(metric)
    return spec, metric.lower()
