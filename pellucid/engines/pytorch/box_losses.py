"""Losses at the places of a map; autograd gives the derivative. Formulas are those of the reference engine."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.spec.box_losses import BinaryFocalCrossentropy, EdgeIoU, HeatmapFocalCrossentropy

EPSILON, TINY, LONGEST, NEAREST = 1e-7, 1e-30, 20.0, 1 / 16


def binary_focal(spec: BinaryFocalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Cross-entropy of yes-or-no values that counts what is known well for little."""
    t = target * (1 - spec.label_smoothing) + spec.label_smoothing / 2 if spec.label_smoothing else target
    if from_logits:
        p, log_p, log_rest = prediction.sigmoid(), F.logsigmoid(prediction), F.logsigmoid(-prediction)
    else:
        p = prediction.clamp(EPSILON, 1 - EPSILON)
        log_p, log_rest = p.log(), torch.log1p(-p)
    wrong = t + p - 2 * t * p
    losses = wrong.clamp_min(TINY) ** spec.gamma * -(t * log_p + (1 - t) * log_rest)
    if spec.apply_class_balancing:
        losses = losses * (spec.alpha * t + (1 - spec.alpha) * (1 - t))
    return losses.mean(dim=-1)


def heatmap_focal(spec: HeatmapFocalCrossentropy, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """Focal loss on a map that is 1 at centres and falls off around them."""
    p, log_p, log_rest = prediction.sigmoid(), F.logsigmoid(prediction), F.logsigmoid(-prediction)
    yes = (target == 1).to(p.dtype)
    there = (1 - p) ** spec.alpha * log_p
    absent = (1 - target) ** spec.beta * p**spec.alpha * log_rest
    return -(yes * there + (1 - yes) * absent).mean(dim=-1)


def edge_iou(spec: EdgeIoU, prediction: Tensor, target: Tensor, from_logits: bool) -> Tensor:
    """One less the overlap of two boxes around a place."""
    d = prediction.clamp(-LONGEST, LONGEST).exp()
    near, far = torch.minimum(d, target), torch.maximum(d, target)
    overlap = (near[..., 0] + near[..., 2]) * (near[..., 1] + near[..., 3])
    own = (d[..., 0] + d[..., 2]) * (d[..., 1] + d[..., 3])
    union = own + (target[..., 0] + target[..., 2]) * (target[..., 1] + target[..., 3]) - overlap
    losses = 1 - overlap / union
    if spec.generalized:
        losses = losses + 1 - union / ((far[..., 0] + far[..., 2]) * (far[..., 1] + far[..., 3]))
    if spec.logarithms:
        wanted = target.clamp_min(NEAREST).log()
        losses = losses + spec.logarithms * F.smooth_l1_loss(prediction, wanted, reduction="none").mean(dim=-1)
    return losses
