"""Losses, metrics and penalties of a batch: as sums, and as the one number whose gradient is taken.

A term is sum(coefficient * loss) / count, as in the reference engine; a sample with coefficient 0 (a missing label)
adds nothing, whatever its target holds. Penalty: l1 sum |w| + l2 sum w^2 on weights that are trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from pellucid.engines.counting import is_counted
from pellucid.engines.protocol import Array, Batch, Objective, Sums, Term
from pellucid.engines.pytorch.arithmetic import OWN_LOSSES
from pellucid.engines.pytorch.composed import composed
from pellucid.engines.pytorch.losses import LOSSES
from pellucid.engines.pytorch.metrics import METRICS
from pellucid.engines.pytorch.transfer import WIDTHS, array_of, tensor_of
from pellucid.engines.targets import (
    Mix,
    check_target,
    coefficients,
    counted_sums,
    missing,
    mix_of,
    prediction_of,
    spread,
    target_of,
    weights_counted,
)
from pellucid.errors import ArgumentError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan, plan
from pellucid.graph.traced import TracedLoss, composed_graph
from pellucid.spec.composed_losses import ComposedLoss
from pellucid.spec.counted_metrics import MeanOfLoss
from pellucid.spec.losses import LossSpec

Values = Mapping[int, Tensor]


@dataclass
class Total:
    """What a batch comes to: each term's and metric's (sum, count), with the sums still on the device."""

    terms: tuple[Term, ...]
    parts: dict[str, tuple[Tensor, float]]
    samples: int
    penalty: Tensor | None

    def loss(self, whole: Sums) -> Tensor:
        """The number to be made small: every sum divided by its count in `whole`, the sums over all processes.

        A process adds its part of the penalty, by the samples it has.
        """
        own = [(term, self.parts[f"loss:{term.name}"][0], whole[f"loss:{term.name}"][1]) for term in self.terms]
        found = [value * (term.weight / count if count else 0.0) for term, value, count in own]
        if self.penalty is not None:
            found.append(self.penalty * (self.samples / max(whole["penalty"][1], 1.0)))
        return reduce(torch.add, found) if found else torch.zeros(())

    def sums(self) -> Sums:
        """The parts as plain numbers, one transfer for all."""
        values, counts = self.in_one()
        return {name: (value, count) for value, (name, count) in zip(values.tolist(), counts.items(), strict=True)}

    def in_one(self) -> tuple[Tensor, dict[str, float]]:
        """All sums as one tensor, and their counts; the penalty weighs as much as the mean of the losses."""
        penalty = {} if self.penalty is None else {"penalty": (self.penalty * self.samples, float(self.samples))}
        parts = self.parts | penalty
        values = [value.detach().double() for value, _ in parts.values()]
        return torch.stack(values) if values else torch.zeros(0), {name: count for name, (_, count) in parts.items()}


def total_of(objective: Objective, graph: Graph, values: Values, weights: Mapping[str, Tensor], batch: Batch) -> Total:
    """Every term and metric of a batch, and the penalty on the weights."""
    todo = plan(graph)
    parts = measured(objective, todo, values, batch)
    for term in objective.terms:
        parts[f"loss:{term.name}"] = term_of(term, todo, values, batch)
    samples = len(values[next(iter(todo.outputs.values()))])
    return Total(objective.terms, parts, samples, penalty_of(graph, weights))


def term_of(term: Term, todo: Plan, values: Values, batch: Batch) -> tuple[Tensor, float]:
    """(sum, count) of a loss."""
    number, from_logits = prediction_of(term, todo)
    prediction = wide(values[number])
    if term.columns is not None:
        prediction = prediction[..., slice(*term.columns)]
    given = batch.targets.get(term.target)  # a tensor has been checked already
    if isinstance(given, Tensor) and term.columns is not None:
        given = given[..., slice(*term.columns)]
    host = given if isinstance(given, Tensor) else target_of(term, tuple(prediction.shape), batch)
    if isinstance(term.loss, ComposedLoss | TracedLoss):
        return composed_term(term, prediction, host, batch)
    sizes = tuple(prediction.shape[:-1])
    coefficient, count = coefficients(term.counted, batch, sizes, WIDTHS[prediction.dtype])
    target = tensor_of(host, prediction.dtype, prediction.device)
    if term.loss.labels != "index":
        target = target.to(prediction.dtype)
    if term.scales is not None:
        scales = torch.tensor(term.scales, dtype=prediction.dtype, device=prediction.device)
        prediction, target = prediction / scales, target / scales
    arithmetic, mix = loss_named(term.loss), mix_of(batch)

    def loss_of(target: Tensor) -> Tensor:
        own = arithmetic(term.loss, prediction, target, from_logits)
        return own if mix is None else with_partners(own, mix, arithmetic(
            term.loss, prediction, target[torch.from_numpy(mix.partner).to(target.device)], from_logits
        ))  # fmt: skip

    if coefficient is None:
        return loss_of(target).sum(), count
    factor = tensor_of(coefficient, prediction.dtype, prediction.device)
    absent = factor == 0
    target = target.masked_fill(absent if target.ndim == factor.ndim else absent[..., None], 0)
    losses = loss_of(target)
    return (losses * factor).masked_fill(absent, 0).sum(), count


def with_partners(own: Tensor, mix: Mix, others: Tensor) -> Tensor:
    """The losses of mixed samples: share times that of their own target, and the rest that of their partner's."""
    share = tensor_of(spread(mix.share, tuple(own.shape)), own.dtype, own.device)
    return share * own + (1 - share) * others


def composed_term(term: Term, prediction: Tensor, host: Array, batch: Batch) -> tuple[Tensor, float]:
    """(sum, count) of a loss that is a graph of operations; what has no label enters it as 0."""
    target = tensor_of(host, prediction.dtype, prediction.device)
    graph = composed_graph(term.loss, tuple(target.shape[1:]), tuple(prediction.shape[1:]))
    prediction, target = (with_labels(term, batch, side) for side in (prediction, target))
    losses = composed(graph, prediction, target)
    mix = mix_of(batch)
    if mix is not None:
        partner = torch.from_numpy(mix.partner).to(prediction.device)
        losses = with_partners(losses, mix, composed(graph, prediction, target[partner]))
    coefficient, count = coefficients(term.counted, batch, tuple(losses.shape), WIDTHS[prediction.dtype])
    if coefficient is None:
        return losses.sum(), count
    factor = tensor_of(coefficient, prediction.dtype, prediction.device)
    return (losses * factor).masked_fill(factor == 0, 0).sum(), count


def with_labels(term: Term, batch: Batch, side: Tensor) -> Tensor:
    """Targets or outputs, 0 where there is no label."""
    gone = missing(term.counted, batch, tuple(side.shape))
    return side if gone is None else side.masked_fill(torch.from_numpy(gone).to(side.device), 0)


def losses_of(loss: LossSpec, output: str, prediction: Tensor, target: Tensor) -> Tensor:
    """The values of a loss that is only watched."""
    host = check_target(loss, output, tuple(prediction.shape), array_of(target))
    given = tensor_of(host, prediction.dtype, prediction.device)
    if isinstance(loss, ComposedLoss | TracedLoss):
        return composed(composed_graph(loss, tuple(given.shape[1:]), tuple(prediction.shape[1:])), prediction, given)
    given = given if loss.labels == "index" else given.to(prediction.dtype)
    return loss_named(loss)(loss, prediction, given, bool(getattr(loss, "from_logits", False)))


def loss_named(loss: LossSpec) -> Callable[..., Tensor]:
    """The arithmetic of a loss; raises ArgumentError when there is none."""
    found = LOSSES.get(type(loss)) or OWN_LOSSES.get(type(loss))
    if found is None:
        remedy = "Pass pytorch=... to pellucid.register_loss, or take engine='reference'."
        raise ArgumentError(f"the PyTorch engine has no arithmetic for {type(loss).__name__}. {remedy}")
    return found


def wide(value: Tensor) -> Tensor:
    """A prediction in float32 at least."""
    return value.float() if value.dtype == torch.bfloat16 else value


def measured(objective: Objective, todo: Plan, values: Values, batch: Batch) -> dict[str, tuple[Tensor, float]]:
    """The metrics of a batch."""
    parts: dict[str, tuple[Tensor, float]] = {}
    for measure in objective.measures:
        prediction = wide(values[todo.outputs[measure.output]]).detach()
        if is_counted(measure.metric):
            given = batch.targets[measure.output]
            host = array_of(given) if isinstance(given, Tensor) else given
            for name, (number, n) in counted_sums(measure, host, array_of(prediction), batch).items():
                parts[name] = prediction.new_tensor(number, dtype=torch.float64), n
            continue
        target = tensor_of(batch.targets[measure.output], prediction.dtype, prediction.device)
        if target.ndim == prediction.ndim and target.shape[-1] == 1 and prediction.shape[-1] > 1:
            target = target[..., 0]
        elif target.ndim == prediction.ndim - 1 and prediction.shape[-1] == 1:
            target = target[..., None]
        if isinstance(measure.metric, MeanOfLoss):
            scores = losses_of(measure.metric.loss, measure.output, prediction, target)
        else:
            scores = METRICS[type(measure.metric)](measure.metric, prediction, target)
        counted = weights_counted(measure, batch, tuple(scores.shape))
        if counted is None:
            parts[f"metric:{measure.name}"] = scores.sum(dtype=torch.float64), float(scores.numel())
        else:
            counts = torch.from_numpy(counted.copy()).to(scores.device)
            total = (scores * counts).masked_fill(counts == 0, 0).sum(dtype=torch.float64)
            parts[f"metric:{measure.name}"] = total, float(counted.sum())
    return parts


def penalty_of(graph: Graph, weights: Mapping[str, Tensor]) -> Tensor | None:
    """The penalty of all trained weights; None when no weight has one."""
    found = None
    for key, weight in graph.weights.items():
        if weight.regularizer is None or not weight.trainable:
            continue
        w, penalty = wide(weights[key]), weight.regularizer
        own = penalty.l1 * w.abs().sum() + penalty.l2 * (w * w).sum()
        found = own if found is None else found + own
    return found
