"""Losses: one number a sample (the mean over inner axes); autograd gives the derivative.

Axes      N samples (further axes but the last count as samples), K classes or values
Formulas  those of the reference engine: from logits by log-softmax; probabilities made to sum to one and cut to
          [1e-7, 1 - 1e-7] as in Keras, without a gradient where they were cut
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.box_losses import binary_focal, edge_iou, heatmap_focal
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


def cut(p: Tensor) -> Tensor:
    """Probabilities away from 0 and 1."""
    return p.clamp(EPSILON, 1 - EPSILON)


def log_probabilities(prediction: Tensor, from_logits: bool) -> Tensor:
    """log p (N,K)."""
    if from_logits:
        return F.log_softmax(prediction, dim=-1)
    return cut(prediction / prediction.sum(dim=-1, keepdim=True)).log()


def smooth(target: Tensor, share: float, classes: int) -> Tensor:
    """Targets moved by `share` towards the even distribution."""
    return target * (1 - share) + share / classes if share else target


def sparse_crossentropy(
    spec: SparseCategoricalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool
) -> Tensor:
    """Cross-entropy against class numbers (N,)."""
    if spec.label_smoothing:
        wanted = CategoricalCrossentropy(label_smoothing=spec.label_smoothing)
        return crossentropy(wanted, prediction, one_hot(target, prediction), from_logits)
    log_p = log_probabilities(prediction, from_logits).reshape(-1, prediction.shape[-1])
    return F.nll_loss(log_p, target.reshape(-1), reduction="none").reshape(target.shape)


def crossentropy(spec: CategoricalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Cross-entropy against probabilities (N,K)."""
    t = smooth(target, spec.label_smoothing, target.shape[-1])
    return -(t * log_probabilities(prediction, from_logits)).sum(dim=-1)


def focal(spec: CategoricalFocalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Cross-entropy that counts what is known well for little."""
    t = smooth(target, spec.label_smoothing, target.shape[-1])
    if from_logits:
        p = torch.softmax(prediction, dim=-1)
        p = p + (cut(p) - p).detach()  # cut, but with its gradient
    else:
        p = cut(prediction / prediction.sum(dim=-1, keepdim=True))
    return (-spec.alpha * t * (1 - p) ** spec.gamma * p.log()).sum(dim=-1)


def sparse_focal(
    spec: SparseCategoricalFocalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool
) -> Tensor:
    """The same against class numbers (N,)."""
    wanted = CategoricalFocalCrossentropy(spec.alpha, spec.gamma)
    return focal(wanted, prediction, one_hot(target, prediction), from_logits)


def one_hot(target: Tensor, prediction: Tensor) -> Tensor:
    """Class numbers (N,) as rows (N,K) of the prediction's kind."""
    return F.one_hot(target, prediction.shape[-1]).to(prediction.dtype)


def binary_crossentropy(spec: BinaryCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Cross-entropy of yes-or-no values."""
    t = smooth(target, spec.label_smoothing, 2)
    if from_logits:
        return F.binary_cross_entropy_with_logits(prediction, t, reduction="none").mean(dim=-1)
    p = cut(prediction)
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean(dim=-1)


def squared(spec: MeanSquaredError, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Mean squared error."""
    return ((prediction - target) ** 2).mean(dim=-1)


def absolute(spec: MeanAbsoluteError, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Mean absolute error; slope 0 at no error."""
    return (prediction - target).abs().mean(dim=-1)


def huber(spec: Huber, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Squared near zero, absolute beyond delta."""
    return F.huber_loss(prediction, target, reduction="none", delta=spec.delta).mean(dim=-1)


LOSSES: dict[type[LossSpec], Callable[[Any, Tensor, Tensor, bool], Tensor]] = {
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
