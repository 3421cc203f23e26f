"""From what a user passes to compile() to an Objective and an update rule."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
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
from pellucid.spec.shapes import Shape
from pellucid.training.arguments import real
from pellucid.training.inputs import Names

ACCURACY = ("accuracy", "acc")
AUXILIARY = 0.3  # the usual factor of a training-only output's loss (Szegedy et al. 2015, section 5)


@dataclass(frozen=True)
class Wanted:
    """What a user passes to compile, for outputs that may not be known yet; `keys` are further words for them."""

    loss: Any
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None
    keys: Mapping[str, str] = field(default_factory=dict)


def rule_of(optimizer: Any) -> OptimizerSpec:
    """The update rule of a word in any case, or a spec as it is, also that of a compiled model."""
    if isinstance(optimizer, str):
        return OPTIMIZERS.named(optimizer)
    spec = optimizer if isinstance(optimizer, type) else getattr(optimizer, "spec", optimizer)
    if isinstance(spec, OptimizerSpec):
        return spec
    remedy = f"Pass {optimizer.__name__}(...)." if isinstance(optimizer, type) else "Pass e.g. 'adam'."
    raise ArgumentError(describe("compile", "optimizer", "a word or an optimizer", shown(repr(optimizer)), remedy))


def loss_of(loss: Any, shape: Shape = ()) -> LossSpec:
    """The loss of a word in any case, a spec as it is, or a function of a user's own, traced for outputs of `shape`."""
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, str):
        return LOSSES.named(loss)
    spec = getattr(loss, "loss_spec", loss)  # Keras's functions, such as losses.mean_squared_error
    if isinstance(spec, LossSpec):
        refuse_only_on_numbers(spec, shape)
        return spec
    if isinstance(loss, type) and issubclass(loss, LossSpec):
        got, remedy = shown(repr(loss)), f"Pass {loss.__name__}()."
        raise ArgumentError(describe("compile", "loss", "a word or a loss", got, remedy))
    function = loss if inspect.isfunction(loss) or inspect.ismethod(loss) else getattr(loss, "call", None)
    if function is None or isinstance(loss, type):
        remedy = "Pass e.g. 'mse', or a function of y_true and y_pred."
        raise ArgumentError(describe("compile", "loss", "a word or a loss", shown(repr(loss)), remedy))
    from pellucid.graph.traced import traced_loss  # a model is made without what traces

    name = getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
    return traced_loss(function, str(name), shape)


def refuse_only_on_numbers(loss: LossSpec, shape: Shape) -> None:
    """Raise ArgumentError for what a loss does on numbers alone."""
    where = type(loss).__name__
    if loss.reduction not in ("sum_over_batch_size", "mean"):
        remedy = "Scale the learning rate instead, or call the loss on numbers."
        wanted = "'sum_over_batch_size' to train"
        raise ArgumentError(describe(where, "reduction", wanted, repr(loss.reduction), remedy))
    axis = getattr(loss, "axis", -1)
    if isinstance(axis, int) and axis not in (-1, len(shape)):
        raise ArgumentError(describe(where, "axis", "-1 to train", axis, "End the network with Permute."))
    ignored = getattr(loss, "ignore_class", None)
    if ignored is not None:
        remedy = "Pass masks=labels != ignore_class to fit."
        raise ArgumentError(describe(where, "ignore_class", "None to train", ignored, remedy))


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


def make_objective(graph: Graph, wanted: Wanted) -> Objective:
    """The objective of a graph; metrics may hold 'accuracy', whose kind follows from the loss.

    Outputs for training only share the targets of the one lasting output, and their losses count 0.3 where
    `loss_weights` says nothing else; they have no metrics.
    """
    names, own = Names.of_outputs(graph).also(wanted.keys), Names.of_targets(graph).also(wanted.keys)
    asked = {name: loss for name, loss in by_output("loss", wanted.loss, names).items() if loss is not None}
    losses = {name: loss_of(loss, graph.output_shapes[name]) for name, loss in asked.items()}
    given = {} if wanted.loss_weights is None else wanted.loss_weights
    weights = by_output("loss_weights", given, names)
    terms = tuple(term_of(name, losses[name], weights, graph, own) for name in names.listed if name in losses)
    if not terms:
        raise ArgumentError(describe("compile", "loss", "given for one output at least", "None for all"))
    lasting = {name: losses[name] for name in own.listed if name in losses}
    plain = measures_of("metrics", wanted.metrics, own, lasting, graph)
    weighted = measures_of("weighted_metrics", wanted.weighted_metrics, own, lasting, graph)
    return Objective(terms, labelled(plain, weighted))


def measures_of(
    argument: str, given: Any, own: Names, losses: Mapping[str, LossSpec], graph: Graph
) -> list[Measure]:
    """Metrics by output under their own names, those of several outputs with the output's name before it."""
    several = len(own.listed) > 1
    found = []
    for name, listed in metrics_by_output(argument, given, own, losses).items():
        for metric in listed if isinstance(listed, (list, tuple)) else [listed]:
            if metric is None:
                continue
            spec, label = metric_of(argument, metric, losses[name], graph.output_shapes[name][-1])
            found.append(Measure(name, spec, f"{name}_{label}" if several else label, argument != "metrics"))
    return found


def labelled(plain: Sequence[Measure], weighted: Sequence[Measure]) -> tuple[Measure, ...]:
    """All metrics under names of their own, as Keras has them: a repeated one numbered, or with weighted_ before it."""
    taken = {measure.name for measure in plain}
    every = [*plain, *(replace(m, name=weighted_name(m)) if m.name in taken else m for m in weighted)]
    return tuple(replace(m, name=name) for m, name in zip(every, numbered([m.name for m in every]), strict=True))


def weighted_name(measure: Measure) -> str:
    """weighted_accuracy, or age_weighted_accuracy where there are several outputs."""
    prefix = f"{measure.output}_" if measure.name.startswith(f"{measure.output}_") else ""
    return f"{prefix}weighted_{measure.name.removeprefix(prefix)}"


def term_of(name: str, loss: LossSpec, weights: Mapping[str, Any], graph: Graph, own: Names) -> Term:
    """The loss of one output."""
    usual = AUXILIARY if name in graph.training_only else 1.0
    return Term(name, loss, weight_of(weights, name, usual), None if name in own.listed else graph.lasting[0])


def weight_of(weights: Mapping[str, Any], name: str, usual: float) -> float:
    """The factor of an output's loss, the usual one where none is given."""
    return real("compile", "loss_weights", weights[name]) if name in weights else usual


def numbered(labels: Sequence[str]) -> list[str]:
    """The labels, a repeated one with a number, as Keras writes them."""
    found: list[str] = []
    for label in labels:
        again = sum(1 for earlier in labels[: len(found)] if earlier == label)
        found.append(f"{label}_{again}" if again else label)
    return found


def metrics_by_output(argument: str, metrics: Any, names: Names, losses: Mapping[str, LossSpec]) -> dict[str, Any]:
    """Metrics of each output with a loss: for one output a list of them, for several a list of lists or a mapping."""
    if metrics is None or (isinstance(metrics, (str, list, tuple, Mapping)) and not metrics):
        return {}
    if not isinstance(metrics, (list, tuple, Mapping)):
        return dict.fromkeys(losses, metrics)
    if len(names.listed) == 1 and not isinstance(metrics, Mapping):
        return dict.fromkeys(losses, metrics)
    found = by_output(argument, metrics, names)
    for name, wanted in found.items():
        if wanted and name not in losses:
            remedy = f"Give output '{name}' a loss too."
            raise ArgumentError(describe("compile", argument, "for outputs that have a loss", repr(name), remedy))
    return {name: wanted for name, wanted in found.items() if wanted}


def metric_of(argument: str, metric: Any, loss: LossSpec, units: int | None) -> tuple[MetricSpec, str]:
    """A metric and the name it is reported under.

    'accuracy' is Keras's: of yes or no for one unit, else of the largest output; for several yes-or-no units write
    'binary_accuracy'. Of logits, which the loss tells of, 0 is the border between no and yes.
    """
    metric = getattr(metric, "metric_spec", metric)
    if isinstance(metric, MetricSpec):
        refuse_values(argument, metric)
        return metric, metric.name
    if hasattr(metric, "counted"):  # one of the user's own, which counts itself
        return metric, str(metric.name)
    if inspect.isfunction(metric) or inspect.ismethod(metric):
        from pellucid.engines.counting import FunctionMetric

        return FunctionMetric(metric), metric.__name__  # type: ignore[return-value]
    if not isinstance(metric, str):
        remedy = f"Pass {metric.__name__}()." if isinstance(metric, type) else ""
        raise ArgumentError(describe("compile", argument, "words or metrics", shown(repr(metric)), remedy))
    if metric.lower() in ACCURACY and units != 1:
        return (SparseCategoricalAccuracy() if loss.labels == "index" else CategoricalAccuracy()), metric.lower()
    if metric.lower() in LOSSES.words and metric.lower() not in METRICS.words:
        from pellucid.spec.counted_metrics import MeanOfLoss

        return MeanOfLoss(LOSSES.named(metric), name=metric.lower()), metric.lower()
    spec = BinaryAccuracy() if metric.lower() in ACCURACY else METRICS.named(metric)
    refuse_values(argument, spec)
    if isinstance(spec, BinaryAccuracy) and getattr(loss, "from_logits", False):
        spec = replace(spec, threshold=0.0)
    return spec, metric.lower()


def refuse_values(argument: str, metric: MetricSpec) -> None:
    """Raise ArgumentError for a metric that has no use for targets."""
    if metric.of_values:
        got, remedy = type(metric).__name__, "Pass a function of y_true and y_pred; its mean is reported."
        raise ArgumentError(describe("compile", argument, "metrics of targets and outputs", got, remedy))


def warn_of_two_activations(graph: Graph, objective: Objective) -> None:
    """Warn of a loss that takes an output for logits where the network ends in softmax or sigmoid."""
    for term in objective.terms:
        if not getattr(term.loss, "from_logits", False):
            continue
        for ending in ("Softmax", "Sigmoid"):
            if plan(graph).source_of(term.output, ending) is not None:
                warnings.warn(
                    f"compile: {type(term.loss).__name__}(from_logits=True) takes output '{term.output}' for logits, "
                    f"but it ends with {ending.lower()}. Leave out that activation, or from_logits.",
                    stacklevel=2,
                )
