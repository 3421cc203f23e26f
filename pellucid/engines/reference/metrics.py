"""Metrics: one number a sample, whose mean is reported.

Axes      prediction (N,K), target (N,) class numbers or (N,K) values
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.spec.losses import (
    AbsoluteError,
    BinaryAccuracy,
    CategoricalAccuracy,
    MetricSpec,
    SparseCategoricalAccuracy,
    SquaredError,
    TopKCategoricalAccuracy,
)


def class_of(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Class numbers (N,) of targets in either form."""
    return target.argmax(axis=-1) if target.ndim == prediction.ndim else target


def accuracy(spec: MetricSpec, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """1 where the largest output is the right class."""
    return prediction.argmax(axis=-1) == class_of(target, prediction)


def binary_accuracy(spec: BinaryAccuracy, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The share of values on the right side of the threshold."""
    return ((prediction > spec.threshold) == (target > 0.5)).mean(axis=-1)


def top_k(spec: TopKCategoricalAccuracy, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """1 where fewer than k outputs are larger than the right class's."""
    right = np.take_along_axis(prediction, class_of(target, prediction)[..., None], axis=-1)
    return (prediction > right).sum(axis=-1) < spec.k


def squared(spec: SquaredError, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean squared error."""
    return ((prediction - target) ** 2).mean(axis=-1)


def absolute(spec: AbsoluteError, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean absolute error."""
    return np.abs(prediction - target).mean(axis=-1)


METRICS: dict[type[MetricSpec], Callable[[Any, np.ndarray, np.ndarray], np.ndarray]] = {
    SparseCategoricalAccuracy: accuracy,
    CategoricalAccuracy: accuracy,
    BinaryAccuracy: binary_accuracy,
    TopKCategoricalAccuracy: top_k,
    SquaredError: squared,
    AbsoluteError: absolute,
}
