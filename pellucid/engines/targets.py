"""What a loss compares: which value of a network it reads, and the target in the form it wants."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from pellucid.engines.protocol import Batch, Measure, Term
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.plan import Plan
from pellucid.spec.losses import LossSpec


def target_of(term: Term, shape: tuple[int, ...], batch: Batch) -> np.ndarray:
    """The target of a term as `check_target` returns it; raises ArgumentError when the batch has none."""
    if term.target not in batch.targets:
        remedy = "Name the targets after the outputs."
        got = f"only for {sorted(batch.targets)}"
        raise ArgumentError(describe("model", "targets", f"given for '{term.target}'", got, remedy))
    target = np.asarray(batch.targets[term.target])
    if term.columns is not None:
        target = target[..., slice(*term.columns)]
    return check_target(term.loss, term.output, shape, target)


class Mix(Protocol):
    """Which sample of the batch each one (B,) was mixed with, and its own share."""

    @property
    def partner(self) -> np.ndarray: ...
    @property
    def share(self) -> np.ndarray: ...


def mix_of(batch: Batch) -> Mix | None:
    """How the batch was mixed; None where it was not, or its kind of batch knows of no mixing."""
    return getattr(batch, "mix", None)


def prediction_of(term: Term, todo: Plan) -> tuple[int, bool]:
    """Which value a loss reads, and whether it holds logits."""
    if getattr(term.loss, "from_logits", False):
        return todo.outputs[term.output], True
    before = todo.source_of(term.output, term.loss.fuses) if term.loss.fuses else None
    return (todo.outputs[term.output], False) if before is None else (before, True)


def check_target(loss: LossSpec, output: str, shape: tuple[int, ...], target: np.ndarray) -> np.ndarray:
    """The target in the form the loss reads beside a prediction of `shape`; raises ShapeError or ArgumentError."""
    where = f"output '{output}'"
    if loss.labels == "index":
        if target.ndim == len(shape) and target.shape[-1] == 1:
            target = target[..., 0]
        if target.shape != shape[:-1]:
            remedy = "One-hot targets go with loss='categorical_crossentropy'."
            wanted = f"class numbers of shape {shape[:-1]}"
            raise ShapeError(describe(where, "targets", wanted, f"of shape {target.shape}", remedy))
        refuse_no_class_numbers(where, target)
        classes = shape[-1]
        if target.size and (target.min() < 0 or target.max() >= classes):
            wrong = target.max() if target.max() >= classes else target.min()
            remedy = f"Widen the last layer to {int(target.max()) + 1} units." if wrong >= classes else ""
            raise ArgumentError(describe(where, "labels", f"from 0 to {classes - 1}", f"{wrong}", remedy))
        return target.astype(np.int64, copy=False)
    if target.dtype.kind not in "fiub":
        remedy = "Number the classes, or pass pellucid.to_categorical(numbers)."
        raise ArgumentError(describe(where, "targets", "numbers", f"of type {target.dtype}", remedy))
    if loss.labels == "any":  # a loss of the user's own says what it takes
        return target
    if target.ndim == len(shape) - 1 and shape[-1] == 1:
        target = target[..., None]
    if target.shape != shape:
        remedy = "Class numbers go with loss='sparse_categorical_crossentropy'." if loss.fuses == "Softmax" else ""
        raise ShapeError(describe(where, "targets", f"of shape {shape}", str(target.shape), remedy))
    return target


def refuse_no_class_numbers(where: str, target: np.ndarray) -> None:
    """Raise ArgumentError unless all entries are whole numbers."""
    if target.dtype.kind not in "fiub":
        remedy = "Number the classes: numpy.unique(labels, return_inverse=True)[1]."
        raise ArgumentError(describe(where, "labels", "class numbers", f"of type {target.dtype}", remedy))
    if target.dtype.kind == "f" and not np.array_equal(target, np.floor(target)):
        wrong = target[target != np.floor(target)].flat[0]
        remedy = "A missing label is a mask; for values use a loss such as 'mse'."
        raise ArgumentError(describe(where, "labels", "whole class numbers", f"{wrong:g}", remedy))


def coefficients(
    output: str, batch: Batch, shape: tuple[int, ...], dtype: np.dtype
) -> tuple[np.ndarray | None, float]:
    """What losses of `shape` are multiplied with (None for one), and what their sum is divided by.

    Weights and masks have any number of the target's leading axes: one entry a sample, a row of it, or a place.
    """
    weights, masks = batch.weights.get(output), batch.masks.get(output)
    for name, given in (("sample weights", weights), ("masks", masks)):
        refuse_other_axes(output, name, given, shape)
    size = float(math.prod(shape))
    if weights is None and masks is None:
        return None, size
    coefficient = np.ones((), dtype) if weights is None else spread(np.asarray(weights, dtype), shape)
    if masks is None:
        return coefficient, size
    present = np.asarray(masks, bool)
    inner = math.prod(shape[present.ndim :])
    return np.where(spread(present, shape), coefficient, np.zeros((), dtype)), float(present.sum()) * inner


def refuse_other_axes(output: str, name: str, given: Any, shape: tuple[int, ...]) -> None:
    """Raise ShapeError for weights or masks whose axes are not the target's first ones."""
    if given is not None and (not np.ndim(given) or np.shape(given) != shape[: np.ndim(given)]):
        wanted = " or ".join(str(shape[: axis + 1]) for axis in range(len(shape)))
        remedy = "Pass one number a sample." if len(shape) == 1 else "Pass one number a sample or a place."
        raise ShapeError(describe(f"output '{output}'", name, f"of shape {wanted}", f"of shape {np.shape(given)}",
                                  remedy))  # fmt: skip


def spread(given: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Leading axes with as many axes of one behind them as losses of `shape` have more."""
    return given.reshape(given.shape + (1,) * (len(shape) - given.ndim))


def weights_counted(measure: Measure, batch: Batch, shape: tuple[int, ...]) -> np.ndarray | None:
    """How much each score of a metric counts, float64 of `shape`: samples without a label nothing; None for all one."""
    mask = batch.masks.get(measure.output)
    weights = batch.weights.get(measure.output) if measure.weighted else None
    if mask is None and weights is None:
        return None
    for name, given in (("sample weights", weights), ("masks", mask)):
        refuse_other_axes(measure.output, name, given, shape)
    counted = np.ones(()) if weights is None else spread(np.asarray(weights, np.float64), shape)
    if mask is not None:
        counted = np.where(spread(np.asarray(mask, bool), shape), counted, 0.0)
    return np.broadcast_to(counted, shape)


def missing(output: str, batch: Batch, shape: tuple[int, ...]) -> np.ndarray | None:
    """Where targets or outputs of `shape` have no label, for broadcasting; None when all have one.

    A loss that is made of operations may compare places with one another, so what is missing must not enter it.
    """
    given = batch.masks.get(output)
    if given is None:
        return None
    refuse_other_axes(output, "masks", given, shape)
    return spread(~np.asarray(given, bool), shape)


def counted_sums(measure: Measure, target: Any, prediction: np.ndarray, batch: Batch) -> dict[str, tuple[float, float]]:
    """What a batch adds to a metric that counts, as sums by name; samples without a label count nothing."""
    from pellucid.engines.counting import count, flat  # a model is made without what metrics count

    target = np.asarray(target)
    weights = weights_counted(measure, batch, target.shape[:1])
    counts = count(measure.metric, target, prediction, weights)
    return {f"metric:{measure.name}:{key}": (number, 1.0) for key, number in flat(counts).items()}
