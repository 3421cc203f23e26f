"""Metrics: one number a sample, whose mean is reported.

Axes      prediction (N,K), target (N,) class numbers or (N,K) values
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from pellucid.spec.losses import (
    AbsoluteError,
    BinaryAccuracy,
    CategoricalAccuracy,
    MetricSpec,
    SparseCategoricalAccuracy,
    SquaredError,
    TopKCategoricalAccuracy,
)


def class_of(target: Tensor, prediction: Tensor) -> Tensor:
    """Class numbers (N,) of targets in either form."""
    return target.argmax(dim=-1) if target.ndim == prediction.ndim else target.long()


def accuracy(spec: MetricSpec, prediction: Tensor, target: Tensor) -> Tensor:
    """1 where the largest output is the right class."""
    return prediction.argmax(dim=-1) == class_of(target, prediction)


def binary_accuracy(spec: BinaryAccuracy, prediction: Tensor, target: Tensor) -> Tensor:
    """The share of values on the right side of the threshold."""
    return ((prediction > spec.threshold) == (target > 0.5)).double().mean(dim=-1)


def top_k(spec: TopKCategoricalAccuracy, prediction: Tensor, target: Tensor) -> Tensor:
    """1 where fewer than k outputs are larger than the right class's."""
    right = prediction.gather(-1, class_of(target, prediction)[..., None])
    return (prediction > right).sum(dim=-1) < spec.k


def squared(spec: SquaredError, prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error."""
    return ((prediction - target) ** 2).mean(dim=-1)


def absolute(spec: AbsoluteError, prediction: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error."""
    return (prediction - target).abs().mean(dim=-1)


METRICS: dict[type[MetricSpec], Callable[[Any, Tensor, Tensor], Tensor]] = {
    SparseCategoricalAccuracy: accuracy,
    CategoricalAccuracy: accuracy,
    BinaryAccuracy: binary_accuracy,
    TopKCategoricalAccuracy: top_k,
    SquaredError: squared,
    AbsoluteError: absolute,
}
