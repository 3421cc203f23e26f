"""Losses: one number a sample (the mean over inner axes), and its derivative by the prediction.

Axes      N samples (further axes but the last count as samples), K classes or values
From logits z: with s = z - max z,  log p = s - log sum e^s, so nothing overflows and no logarithm of zero is taken;
               probabilities are cut to [1e-7, 1 - 1e-7] as in Keras
cross-entropy  -sum_k t_k log p_k          d/dz = p sum t - t           d/dp = -t / p (p made to sum to one first);
               smoothed by s: t becomes (1-s) t + s/K, of class numbers too
focal          -a sum_k t_k (1-p_k)^g log p_k
binary         mean_k of -t log p - (1-t) log(1-p)      d/dz = (p - t) / K
squared        mean_k (y-t)^2    absolute  mean_k |y-t|    Huber  e^2/2 within delta, delta (|e| - delta/2) beyond
Source    Goodfellow, Bengio & Courville 2016, section 6.2.2; Lin et al. 2017 for focal; Huber 1964.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engines.reference.activations import sigmoid
from pellucid.engines.reference.box_losses import binary_focal, edge_iou, heatmap_focal
from pellucid.spec.box_losses import BinaryFocalCrossentropy, EdgeIoU, HeatmapFocalCrossentropy
from pellucid.spec.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    Huber,
    LossSpec,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
    SparseCategoricalFocalCrossentropy,
)

EPSILON = 1e-7
Pair = tuple[np.ndarray, np.ndarray]  # losses (N,), derivative by the prediction (N,K)


def log_softmax(z: np.ndarray) -> np.ndarray:
    """log p of logits, shifted by the largest."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def normalized(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that sum to one, cut away from 0 and 1, and the sums they had."""
    total = p.sum(axis=-1, keepdims=True)
    return np.clip(p / total, EPSILON, 1 - EPSILON), total


def through_sum(p: np.ndarray, total: np.ndarray, prediction: np.ndarray, dp: np.ndarray) -> np.ndarray:
    """The derivative by unnormalised probabilities, from that by normalised ones; none where they were cut."""
    share = prediction / total
    inside = np.where(share == p, dp, 0)
    return (inside - (inside * share).sum(axis=-1, keepdims=True)) / total


def sparse_crossentropy(
    spec: SparseCategoricalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Cross-entropy against class numbers (N,)."""
    if spec.label_smoothing:
        wanted = CategoricalCrossentropy(label_smoothing=spec.label_smoothing)
        return crossentropy(wanted, prediction, one_hot(target, prediction), from_logits)
    right = target[..., None]  # (N,1): which entry of each row counts
    if from_logits:
        log_p = log_softmax(prediction)
        losses = -np.take_along_axis(log_p, right, axis=-1)[..., 0]
        slope = np.exp(log_p, out=log_p)
        np.put_along_axis(slope, right, np.take_along_axis(slope, right, axis=-1) - 1, axis=-1)
        return losses, slope
    p, total = normalized(prediction)
    p_right = np.take_along_axis(p, right, axis=-1)
    dp = np.zeros_like(p)
    np.put_along_axis(dp, right, -1 / p_right, axis=-1)
    return -np.log(p_right[..., 0]), through_sum(p, total, prediction, dp)


def crossentropy(
    spec: CategoricalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Cross-entropy against probabilities (N,K)."""
    t = smooth(target, spec.label_smoothing, target.shape[-1])
    if from_logits:
        log_p = log_softmax(prediction)
        return -(t * log_p).sum(axis=-1), np.exp(log_p) * t.sum(axis=-1, keepdims=True) - t
    p, total = normalized(prediction)
    return -(t * np.log(p)).sum(axis=-1), through_sum(p, total, prediction, -t / p)


def focal(
    spec: CategoricalFocalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Cross-entropy that counts what is known well for little."""
    t = smooth(target, spec.label_smoothing, target.shape[-1])
    if from_logits:
        p, total = np.clip(np.exp(log_softmax(prediction)), EPSILON, 1 - EPSILON), None
    else:
        p, total = normalized(prediction)
    rest = 1 - p
    losses = -spec.alpha * t * rest**spec.gamma * np.log(p)
    dp = spec.alpha * t * (spec.gamma * rest ** (spec.gamma - 1) * np.log(p) - rest**spec.gamma / p)
    if total is None:
        slope = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
    else:
        slope = through_sum(p, total, prediction, dp)
    return losses.sum(axis=-1), slope


def sparse_focal(
    spec: SparseCategoricalFocalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """The same against class numbers (N,)."""
    wanted = CategoricalFocalCrossentropy(spec.alpha, spec.gamma)
    return focal(wanted, prediction, one_hot(target, prediction), from_logits)


def one_hot(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Class numbers (N,) as rows (N,K) of the prediction's kind."""
    rows: np.ndarray = np.eye(prediction.shape[-1], dtype=prediction.dtype)[target]
    return rows


def binary_crossentropy(
    spec: BinaryCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Cross-entropy of yes-or-no values."""
    k = prediction.shape[-1]
    t = smooth(target, spec.label_smoothing, 2)
    if from_logits:
        losses = np.maximum(prediction, 0) - prediction * t + np.log1p(np.exp(-np.abs(prediction)))
        return losses.mean(axis=-1), (sigmoid(prediction) - t) / k
    p = np.clip(prediction, EPSILON, 1 - EPSILON)
    losses = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    slope = np.where(p == prediction, (p - t) / (p * (1 - p)), 0)
    return losses.mean(axis=-1), slope / k


def smooth(target: np.ndarray, share: float, classes: int) -> np.ndarray:
    """Targets moved by `share` towards the even distribution."""
    return target * (1 - share) + share / classes if share else target


def squared(spec: MeanSquaredError, prediction: np.ndarray, target: np.ndarray, from_logits: bool) -> Pair:
    """Mean squared error."""
    error = prediction - target
    return (error * error).mean(axis=-1), error * (2 / error.shape[-1])


def absolute(spec: MeanAbsoluteError, prediction: np.ndarray, target: np.ndarray, from_logits: bool) -> Pair:
    """Mean absolute error; slope 0 at no error."""
    error = prediction - target
    return np.abs(error).mean(axis=-1), np.sign(error) / error.shape[-1]


def huber(spec: Huber, prediction: np.ndarray, target: np.ndarray, from_logits: bool) -> Pair:
    """Squared near zero, absolute beyond delta."""
    error = prediction - target
    size = np.abs(error)
    losses = np.where(size <= spec.delta, error * error / 2, spec.delta * (size - spec.delta / 2))
    return losses.mean(axis=-1), np.clip(error, -spec.delta, spec.delta) / error.shape[-1]


LOSSES: dict[type[LossSpec], Callable[[Any, np.ndarray, np.ndarray, bool], Pair]] = {
    SparseCategoricalCrossentropy: sparse_crossentropy,
    CategoricalCrossentropy: crossentropy,
    CategoricalFocalCrossentropy: focal,
    SparseCategoricalFocalCrossentropy: sparse_focal,
    BinaryCrossentropy: binary_crossentropy,
    MeanSquaredError: squared,
    MeanAbsoluteError: absolute,
    Huber: huber,
    BinaryFocalCrossentropy: binary_focal,
    HeatmapFocalCrossentropy: heatmap_focal,
    EdgeIoU: edge_iou,
}
