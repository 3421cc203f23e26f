"""Losses, metrics and penalties of a batch as sums, and where the gradient starts.

A term is sum(coefficient * loss) / count: coefficients are sample weights (count stays N) or masks (count is the
labelled number). Softmax or sigmoid followed by its own cross-entropy starts from the logits before it.
Of a mixed batch a sample's loss is share times that of its own target, and the rest that of its partner's.
Penalty   l1 sum |w| + l2 sum w^2, gradient l1 sign(w) + 2 l2 w, on weights that are trained.
"""

from __future__ import annotations

import numpy as np

from pellucid.engines.counting import is_counted
from pellucid.engines.protocol import Batch, Objective, Sums, Term
from pellucid.engines.reference.composed import composed
from pellucid.engines.reference.losses import LOSSES
from pellucid.engines.reference.metrics import METRICS
from pellucid.engines.targets import (
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
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan
from pellucid.graph.traced import composed_graph
from pellucid.spec.counted_metrics import MeanOfLoss
from pellucid.spec.losses import LossSpec

Values = dict[int, np.ndarray]


def term_of(
    term: Term, todo: Plan, values: Values, batch: Batch
) -> tuple[tuple[float, float], int, np.ndarray]:
    """(sum, count) of a loss, which value it read, and its unscaled derivative with coefficients."""
    number, from_logits = prediction_of(term, todo)
    prediction = read = values[number]
    if term.columns is not None:
        prediction = read[..., slice(*term.columns)]
    target = target_of(term, prediction.shape, batch)
    if term.loss.labels != "index":
        target = target.astype(prediction.dtype, copy=False)
    if term.scales is not None:
        scales = np.array(term.scales, prediction.dtype)
        prediction, target = prediction / scales, target / scales
    if type(term.loss) not in LOSSES:
        sums, slope = composed_term(term, prediction, target, batch)
        return sums, number, widened(term, read, slope)
    losses, slope = LOSSES[type(term.loss)](term.loss, prediction, target, from_logits)
    mix = mix_of(batch)
    if mix is not None:
        share = mix.share.astype(losses.dtype)
        others = LOSSES[type(term.loss)](term.loss, prediction, target[mix.partner], from_logits)
        own, by = spread(share, losses.shape), spread(share, slope.shape)
        losses, slope = own * losses + (1 - own) * others[0], by * slope + (1 - by) * others[1]
    if term.scales is not None:
        slope = slope / scales
    coefficient, count = coefficients(term.counted, batch, losses.shape, losses.dtype)
    if coefficient is not None:
        losses = np.where(coefficient == 0, 0, losses * coefficient)
        factor = coefficient.reshape(coefficient.shape + (1,) * (slope.ndim - coefficient.ndim))
        slope = np.where(factor == 0, 0, slope * factor)
    return (float(losses.sum(dtype=np.float64)), count), number, widened(term, read, slope)


def widened(term: Term, read: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The derivative by all columns of what was read."""
    if term.columns is None:
        return slope
    whole = np.zeros_like(read)
    whole[..., slice(*term.columns)] = slope
    return whole


def composed_term(
    term: Term, prediction: np.ndarray, target: np.ndarray, batch: Batch
) -> tuple[tuple[float, float], np.ndarray]:
    """(sum, count) and derivative of a loss that is a graph of operations; what has no label enters it as 0."""
    graph = composed_graph(term.loss, target.shape[1:], prediction.shape[1:])
    gone, unknown = (missing(term.counted, batch, side.shape) for side in (prediction, target))
    if gone is not None and unknown is not None:
        prediction, target = np.where(gone, 0, prediction), np.where(unknown, 0, target)
    losses, back = composed(graph, prediction, target)
    coefficient, count = coefficients(term.counted, batch, losses.shape, losses.dtype)
    factor = np.ones_like(losses) if coefficient is None else np.broadcast_to(coefficient, losses.shape)
    mix = mix_of(batch)
    if mix is None:
        slope = back(factor)
    else:
        others, back_others = composed(graph, prediction, target[mix.partner])
        own = spread(mix.share.astype(losses.dtype), losses.shape)
        losses, slope = own * losses + (1 - own) * others, back(own * factor) + back_others((1 - own) * factor)
    if term.scales is not None:
        slope = slope / np.array(term.scales, prediction.dtype)
    if gone is not None:
        slope = np.where(gone, 0, slope)
    return (float(np.where(factor == 0, 0, losses * factor).sum(dtype=np.float64)), count), slope


def losses_of(loss: LossSpec, prediction: np.ndarray, target: np.ndarray, from_logits: bool) -> np.ndarray:
    """One number a place."""
    own = LOSSES.get(type(loss))
    if own is not None:
        return own(loss, prediction, target, from_logits)[0]
    return composed(composed_graph(loss, target.shape[1:], prediction.shape[1:]), prediction, target)[0]


def cotangents_of(objective: Objective, todo: Plan, values: Values, batch: Batch) -> tuple[Sums, Values]:
    """The sums of a batch, and the gradient by each value that a loss read."""
    sums = measured(objective, todo, values, batch)
    seeds: Values = {}
    for term in objective.terms:
        sums[f"loss:{term.name}"], number, slope = term_of(term, todo, values, batch)
        count = sums[f"loss:{term.name}"][1]
        seed = (slope * (term.weight / count if count else 0.0)).astype(values[number].dtype, copy=False)
        seeds[number] = seeds[number] + seed if number in seeds else seed
    return sums, seeds


def sums_of(objective: Objective, todo: Plan, values: Values, batch: Batch) -> Sums:
    """The sums of a batch."""
    sums = measured(objective, todo, values, batch)
    for term in objective.terms:
        sums[f"loss:{term.name}"], _, _ = term_of(term, todo, values, batch)
    return sums


def measured(objective: Objective, todo: Plan, values: Values, batch: Batch) -> Sums:
    """The metrics of a batch."""
    sums: Sums = {}
    for measure in objective.measures:
        prediction = values[todo.outputs[measure.output]]
        target = np.asarray(batch.targets[measure.output])
        if is_counted(measure.metric):
            sums |= counted_sums(measure, target, prediction, batch)
            continue
        if target.ndim == prediction.ndim and target.shape[-1] == 1 and prediction.shape[-1] > 1:
            target = target[..., 0]
        elif target.ndim == prediction.ndim - 1 and prediction.shape[-1] == 1:
            target = target[..., None]
        if isinstance(measure.metric, MeanOfLoss):
            loss = measure.metric.loss
            given = check_target(loss, measure.output, prediction.shape, target)
            scores = losses_of(loss, prediction, given, bool(getattr(loss, "from_logits", False)))
        else:
            scores = METRICS[type(measure.metric)](measure.metric, prediction, target)
        counted = weights_counted(measure, batch, scores.shape)
        if counted is None:
            sums[f"metric:{measure.name}"] = (float(scores.sum(dtype=np.float64)), float(scores.size))
        else:
            total = np.where(counted == 0, 0, scores * counted).sum()
            sums[f"metric:{measure.name}"] = (float(total), float(counted.sum()))
    return sums


def penalties(
    graph: Graph, weights: list[dict[str, np.ndarray]], todo: Plan, gradients: dict[str, np.ndarray] | None
) -> float | None:
    """The penalty of all trained weights, its gradient added to `gradients`; None when no weight has one."""
    penalized = {k: w.regularizer for k, w in graph.weights.items() if w.regularizer is not None and w.trainable}
    if not penalized:
        return None
    total, seen = 0.0, set()
    for step, own in zip(todo.steps, weights, strict=True):
        for name, key in step.weights:
            if key not in penalized or key in seen:
                continue
            seen.add(key)
            penalty, w = penalized[key], own[name]
            if penalty.l1:
                total += penalty.l1 * float(np.abs(w).sum(dtype=np.float64))
            if penalty.l2:
                total += penalty.l2 * float(np.vdot(w, w))
            if gradients is not None and key in gradients:
                gradients[key] += penalty.l1 * np.sign(w) + 2 * penalty.l2 * w if penalty.l1 else 2 * penalty.l2 * w
    return total
