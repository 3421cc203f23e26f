"""The formulas of losses that are made of operations; on tensors each is a part of a graph, on numbers it calculates.

t target, y prediction; logarithms are kept off 0 by 1e-7, as in Keras.
Source: Keras 3, `keras/src/losses/losses.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.graph.operators import value
from pellucid.graph.ops import elementwise as e
from pellucid.graph.ops import reducing as r
from pellucid.graph.ops.choosing import one_hot, where
from pellucid.spec import composed_losses as specs
from pellucid.spec import losses
from pellucid.spec.losses import LossSpec

EPSILON = 1e-7
Formula = Callable[[Any, Any, Any], Any]


def percentage(spec: Any, t: Any, y: Any) -> Any:
    """100 |t - y| / max(|t|, 1e-7)."""
    off = e.absolute(e.divide(e.subtract(t, y), e.maximum(e.absolute(t), EPSILON)))
    return e.multiply(r.mean(off, -1), 100.0)


def squared_logarithms(spec: Any, t: Any, y: Any) -> Any:
    """(log(1 + y) - log(1 + t))^2."""
    one, two = (e.log(e.add(e.maximum(side, EPSILON), 1.0)) for side in (y, t))
    return r.mean(e.square(e.subtract(one, two)), -1)


def cosine(spec: specs.CosineSimilarity, t: Any, y: Any) -> Any:
    """-(t . y) of both made one long."""
    product = e.multiply(r.normalize(t, spec.axis), r.normalize(y, spec.axis))
    return e.negative(r.sum(product, spec.axis))


def log_cosh(spec: Any, t: Any, y: Any) -> Any:
    """x + softplus(-2 x) - log 2 of x = y - t."""
    x = e.subtract(y, t)
    return r.mean(e.subtract(e.add(x, e.softplus(e.multiply(x, -2.0))), 0.6931471805599453), -1)


def of_signs(t: Any) -> Any:
    """Targets of 0 and 1 as -1 and 1, others as they are."""
    plain = r.all(e.logical_or(e.equal(t, 0.0), e.equal(t, 1.0)))
    return where(plain, e.subtract(e.multiply(t, 2.0), 1.0), t)


def hinge(spec: Any, t: Any, y: Any) -> Any:
    """max(1 - t y, 0)."""
    return r.mean(e.maximum(e.subtract(1.0, e.multiply(of_signs(t), y)), 0.0), -1)


def squared_hinge(spec: Any, t: Any, y: Any) -> Any:
    """max(1 - t y, 0)^2."""
    return r.mean(e.square(e.maximum(e.subtract(1.0, e.multiply(of_signs(t), y)), 0.0)), -1)


def categorical_hinge(spec: Any, t: Any, y: Any) -> Any:
    """max(neg - pos + 1, 0)."""
    right = r.sum(e.multiply(t, y), -1)
    wrong = r.max(e.multiply(e.subtract(1.0, t), y), -1)
    return e.maximum(e.add(e.subtract(wrong, right), 1.0), 0.0)


def divergence(spec: Any, t: Any, y: Any) -> Any:
    """sum t log(t / y)."""
    t, y = (e.clip(side, EPSILON, 1.0) for side in (t, y))
    return r.sum(e.multiply(t, e.log(e.divide(t, y))), -1)


def poisson(spec: Any, t: Any, y: Any) -> Any:
    """y - t log y."""
    return r.mean(e.subtract(y, e.multiply(t, e.log(e.add(y, EPSILON)))), -1)


def dice(spec: specs.Dice, t: Any, y: Any) -> Any:
    """1 - 2 sum t y / (sum t + sum y + 1e-7)."""
    both = e.multiply(r.sum(e.multiply(t, y), spec.axis), 2.0)
    each = e.add(e.add(r.sum(t, spec.axis), r.sum(y, spec.axis)), EPSILON)
    return e.subtract(1.0, e.divide(both, each))


def tversky(spec: specs.Tversky, t: Any, y: Any) -> Any:
    """1 - both / (both + alpha missed + beta added + 1e-7)."""
    both = r.sum(e.multiply(t, y), spec.axis)
    missed = r.sum(e.multiply(e.subtract(1.0, y), t), spec.axis)
    added = r.sum(e.multiply(y, e.subtract(1.0, t)), spec.axis)
    weighed = e.add(e.multiply(missed, spec.alpha), e.multiply(added, spec.beta))
    return e.subtract(1.0, e.divide(both, e.add(e.add(both, weighed), EPSILON)))


def generalized(spec: specs.CategoricalGeneralizedCrossEntropy, t: Any, y: Any) -> Any:
    """(1 - p[label]^q) / q."""
    p = r.sum(e.multiply(y, one_hot(t, value(y).shape[-1])), -1)
    return e.divide(e.subtract(1.0, e.power(p, spec.q)), spec.q)


def squares(spec: Any, t: Any, y: Any) -> Any:
    """(t - y)^2."""
    return r.mean(e.square(e.subtract(t, y)), -1)


def distances(spec: Any, t: Any, y: Any) -> Any:
    """|t - y|."""
    return r.mean(e.absolute(e.subtract(t, y)), -1)


def huber(spec: losses.Huber, t: Any, y: Any) -> Any:
    """d^2 / 2 within delta, delta |d| - delta^2 / 2 outside."""
    off = e.absolute(e.subtract(t, y))
    outside = e.subtract(e.multiply(off, spec.delta), 0.5 * spec.delta**2)
    return r.mean(where(e.less_equal(off, spec.delta), e.multiply(e.square(off), 0.5), outside), -1)


def yes_or_no(spec: losses.BinaryCrossentropy, t: Any, y: Any) -> Any:
    """-t log p - (1 - t) log(1 - p)."""
    t = e.add(e.multiply(t, 1 - spec.label_smoothing), 0.5 * spec.label_smoothing)
    if spec.from_logits:
        return r.mean(e.subtract(e.softplus(y), e.multiply(t, y)), spec.axis)
    p = e.clip(y, EPSILON, 1 - EPSILON)
    no = e.multiply(e.subtract(1.0, t), e.log(e.subtract(1.0, p)))
    return r.mean(e.negative(e.add(e.multiply(t, e.log(p)), no)), spec.axis)


def of_classes(spec: losses.CategoricalCrossentropy, t: Any, y: Any) -> Any:
    """-sum t log p."""
    classes = value(y).shape[spec.axis]
    t = e.add(e.multiply(t, 1 - spec.label_smoothing), spec.label_smoothing / classes)
    if spec.from_logits:
        return e.negative(r.sum(e.multiply(t, r.log_softmax(y, spec.axis)), spec.axis))
    p = e.clip(e.divide(y, r.sum(y, spec.axis, keepdims=True)), EPSILON, 1 - EPSILON)
    return e.negative(r.sum(e.multiply(t, e.log(p)), spec.axis))


def of_numbers(spec: losses.SparseCategoricalCrossentropy, t: Any, y: Any) -> Any:
    """-log p[label]."""
    plain = losses.CategoricalCrossentropy(spec.from_logits, label_smoothing=spec.label_smoothing)
    return of_classes(plain, one_hot(t, value(y).shape[-1]), y)


ON_TENSORS: dict[type[LossSpec], Formula] = {  # of those that the engines have arithmetic for
    losses.MeanSquaredError: squares,
    losses.MeanAbsoluteError: distances,
    losses.Huber: huber,
    losses.BinaryCrossentropy: yes_or_no,
    losses.CategoricalCrossentropy: of_classes,
    losses.SparseCategoricalCrossentropy: of_numbers,
}

FORMULAS: dict[type[LossSpec], Formula] = {
    specs.MeanAbsolutePercentageError: percentage,
    specs.MeanSquaredLogarithmicError: squared_logarithms,
    specs.CosineSimilarity: cosine,
    specs.LogCosh: log_cosh,
    specs.Hinge: hinge,
    specs.SquaredHinge: squared_hinge,
    specs.CategoricalHinge: categorical_hinge,
    specs.KLDivergence: divergence,
    specs.Poisson: poisson,
    specs.Dice: dice,
    specs.Tversky: tversky,
    specs.CategoricalGeneralizedCrossEntropy: generalized,
}

