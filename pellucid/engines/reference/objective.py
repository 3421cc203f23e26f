"""Losses, metrics and penalties of a batch as sums, and where the gradient starts.

A term is sum(coefficient * loss) / count: coefficients are sample weights (count stays N) or masks (count is the
labelled number). Softmax or sigmoid followed by its own cross-entropy starts from the logits before it.
Penalty   l1 sum |w| + l2 sum w^2, gradient l1 sign(w) + 2 l2 w, on weights that are trained.
"""

from __future__ import annotations

import numpy as np

from pellucid.engines.protocol import Batch, Objective, Sums, Term
from pellucid.engines.reference.losses import LOSSES
from pellucid.engines.reference.metrics import METRICS
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Plan
from pellucid.spec.losses import LossSpec

Values = dict[int, np.ndarray]


def prediction_of(term: Term, todo: Plan, values: Values) -> tuple[int, bool]:
    """Which value a loss reads, and whether it holds logits."""
    if getattr(term.loss, "from_logits", False):
        return todo.outputs[term.output], True
    before = todo.source_of(term.output, term.loss.fuses) if term.loss.fuses else None
    return (todo.outputs[term.output], False) if before is None else (before, True)


def check_target(loss: LossSpec, output: str, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The target in the form the loss reads; raises ShapeError or ArgumentError that says what to pass."""
    where = f"output '{output}'"
    if loss.labels == "index":
        if target.ndim == prediction.ndim and target.shape[-1] == 1:
            target = target[..., 0]
        if target.shape != prediction.shape[:-1]:
            remedy = "One-hot targets go with loss='categorical_crossentropy'."
            wanted = f"class numbers of shape {prediction.shape[:-1]}"
            raise ShapeError(describe(where, "targets", wanted, f"of shape {target.shape}", remedy))
        refuse_no_class_numbers(where, target)
        classes = prediction.shape[-1]
        if target.size and (target.min() < 0 or target.max() >= classes):
            wrong = target.max() if target.max() >= classes else target.min()
            remedy = f"Widen the last layer to {int(target.max()) + 1} units." if wrong >= classes else ""
            raise ArgumentError(describe(where, "labels", f"from 0 to {classes - 1}", f"{wrong}", remedy))
        return target.astype(np.int64, copy=False)
    if target.dtype.kind not in "fiub":
        remedy = "Number the classes, or pass pellucid.to_categorical(numbers)."
        raise ArgumentError(describe(where, "targets", "numbers", f"of type {target.dtype}", remedy))
    if target.ndim == prediction.ndim - 1 and prediction.shape[-1] == 1:
        target = target[..., None]
    if target.shape != prediction.shape:
        remedy = "Class numbers go with loss='sparse_categorical_crossentropy'." if loss.fuses == "Softmax" else ""
        raise ShapeError(describe(where, "targets", f"of shape {prediction.shape}", str(target.shape), remedy))
    return target.astype(prediction.dtype, copy=False)


def refuse_no_class_numbers(where: str, target: np.ndarray) -> None:
    """Raise ArgumentError unless all entries are whole numbers."""
    if target.dtype.kind not in "fiub":
        remedy = "Number the classes: numpy.unique(labels, return_inverse=True)[1]."
        raise ArgumentError(describe(where, "labels", "class numbers", f"of type {target.dtype}", remedy))
    if target.dtype.kind == "f" and not np.array_equal(target, np.floor(target)):
        wrong = target[target != np.floor(target)].flat[0]
        remedy = "A missing label is a mask; for values use a loss such as 'mse'."
        raise ArgumentError(describe(where, "labels", "whole class numbers", f"{wrong:g}", remedy))


def coefficients(output: str, batch: Batch, losses: np.ndarray) -> tuple[np.ndarray | None, float]:
    """What each sample's loss is multiplied with (None for one), and what the sum is divided by."""
    weights, masks = batch.weights.get(output), batch.masks.get(output)
    for name, given in (("sample weights", weights), ("masks", masks)):
        if given is not None and np.shape(given) != (len(losses),):
            got = f"of shape {np.shape(given)}"
            remedy = "Pass one number a sample."
            raise ShapeError(describe(f"output '{output}'", name, f"of shape ({len(losses)},)", got, remedy))
    inner = losses.size / max(len(losses), 1)
    if weights is None and masks is None:
        return None, float(losses.size)
    coefficient = np.ones(len(losses), losses.dtype) if weights is None else np.asarray(weights, losses.dtype)
    count = float(losses.size)
    if masks is not None:
        present = np.asarray(masks, bool)
        coefficient = np.where(present, coefficient, 0)
        count = float(present.sum()) * inner
    return coefficient.reshape((-1,) + (1,) * (losses.ndim - 1)), count


def term_of(
    term: Term, todo: Plan, values: Values, batch: Batch
) -> tuple[tuple[float, float], int, np.ndarray]:
    """(sum, count) of a loss, which value it read, and its unscaled derivative with coefficients."""
    number, from_logits = prediction_of(term, todo, values)
    prediction = values[number]
    if term.output not in batch.targets:
        remedy = "Name the targets after the outputs."
        got = f"only for {sorted(batch.targets)}"
        raise ArgumentError(describe("model", "targets", f"given for '{term.output}'", got, remedy))
    target = check_target(term.loss, term.output, prediction, np.asarray(batch.targets[term.output]))
    losses, slope = LOSSES[type(term.loss)](term.loss, prediction, target, from_logits)
    coefficient, count = coefficients(term.output, batch, losses)
    if coefficient is not None:
        losses = np.where(coefficient == 0, 0, losses * coefficient)
        slope = np.where(coefficient[..., None] == 0, 0, slope * coefficient[..., None])
    return (float(losses.sum(dtype=np.float64)), count), number, slope


def cotangents_of(objective: Objective, todo: Plan, values: Values, batch: Batch) -> tuple[Sums, Values]:
    """The sums of a batch, and the gradient by each value that a loss read."""
    sums = measured(objective, todo, values, batch)
    seeds: Values = {}
    for term in objective.terms:
        sums[f"loss:{term.output}"], number, slope = term_of(term, todo, values, batch)
        count = sums[f"loss:{term.output}"][1]
        seed = (slope * (term.weight / count if count else 0.0)).astype(values[number].dtype, copy=False)
        seeds[number] = seeds[number] + seed if number in seeds else seed
    return sums, seeds


def sums_of(objective: Objective, todo: Plan, values: Values, batch: Batch) -> Sums:
    """The sums of a batch."""
    sums = measured(objective, todo, values, batch)
    for term in objective.terms:
        sums[f"loss:{term.output}"], _, _ = term_of(term, todo, values, batch)
    return sums


def measured(objective: Objective, todo: Plan, values: Values, batch: Batch) -> Sums:
    """The metrics of a batch."""
    sums: Sums = {}
    for measure in objective.measures:
        prediction = values[todo.outputs[measure.output]]
        target = np.asarray(batch.targets[measure.output])
        if target.ndim == prediction.ndim and target.shape[-1] == 1 and prediction.shape[-1] > 1:
            target = target[..., 0]
        elif target.ndim == prediction.ndim - 1 and prediction.shape[-1] == 1:
            target = target[..., None]
        scores = METRICS[type(measure.metric)](measure.metric, prediction, target)
        mask = batch.masks.get(measure.output)
        if mask is not None:
            scores = scores[np.asarray(mask, bool)]
        sums[f"metric:{measure.name}"] = (float(scores.sum(dtype=np.float64)), float(scores.size))
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
