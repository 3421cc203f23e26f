"""Losses at the places of a map, and their derivatives by the prediction.

Axes      N places, K classes or 4 edges (left, up, right, down)
focal     q^g b,  q = t + p - 2tp,  b = -t log p - (1-t) log(1-p):   d/dz = g q^(g-1) (1-2t) p (1-p) b + q^g (p-t)
heatmap   t=1: -(1-p)^a log p        d/dz = (1-p)^a (a p log p - (1-p))
          else -(1-t)^b p^a log(1-p)      = (1-t)^b p^a (p - a (1-p) log(1-p))
edges     d = e^z, I overlap, U union, C hull:  1 - I/U + (C-U)/C;  dL = -(dI U - I dU) / U^2 - (dU C - U dC) / C^2
logs      of distances: e = z - log max(t, NEAREST), e^2 / 2 for |e| < 1, else |e| - 1/2;  d/dz = e cut to -1..1
Source    Lin et al. 2017; Zhou et al. 2019; Rezatofighi et al. 2019.
"""

from __future__ import annotations

import numpy as np

from pellucid.engines.reference.activations import sigmoid
from pellucid.spec.box_losses import BinaryFocalCrossentropy, EdgeIoU, HeatmapFocalCrossentropy

EPSILON, TINY = 1e-7, 1e-30
LONGEST = 20.0  # logarithm of a distance, beyond which it is not followed
NEAREST = 1 / 16  # distance of an edge, below which its logarithm is not asked for
Pair = tuple[np.ndarray, np.ndarray]  # losses (N,), derivative by the prediction (N,K)


def logs(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log p and log(1 - p) of logits."""
    rest = np.log1p(np.exp(-np.abs(z)))
    return np.minimum(z, 0) - rest, -np.maximum(z, 0) - rest


def binary_focal(
    spec: BinaryFocalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Cross-entropy of yes-or-no values that counts what is known well for little."""
    k, g = prediction.shape[-1], spec.gamma
    t = target * (1 - spec.label_smoothing) + spec.label_smoothing / 2 if spec.label_smoothing else target
    if from_logits:
        p, inside = sigmoid(prediction), np.ones((), bool)
        log_p, log_rest = logs(prediction)
    else:
        p = np.clip(prediction, EPSILON, 1 - EPSILON)
        inside, log_p, log_rest = p == prediction, np.log(p), np.log1p(-p)
    entropy, wrong = -(t * log_p + (1 - t) * log_rest), t + p - 2 * t * p
    factor = wrong**g
    steep = g * np.maximum(wrong, TINY) ** (g - 1) * (1 - 2 * t) * entropy  # of the factor, by p
    weight = spec.alpha * t + (1 - spec.alpha) * (1 - t) if spec.apply_class_balancing else 1.0
    losses = weight * factor * entropy
    if from_logits:
        slope = steep * p * (1 - p) + factor * (p - t)
    else:
        slope = steep + factor * (p - t) / (p * (1 - p))
    return losses.mean(axis=-1), np.where(inside, weight * slope, 0) / k


def heatmap_focal(
    spec: HeatmapFocalCrossentropy, prediction: np.ndarray, target: np.ndarray, from_logits: bool
) -> Pair:
    """Focal loss on a map that is 1 at centres and falls off around them."""
    a, k = spec.alpha, prediction.shape[-1]
    p, (log_p, log_rest) = sigmoid(prediction), logs(prediction)
    yes, near = target == 1, (1 - target) ** spec.beta
    rest = 1 - p
    losses = np.where(yes, -(rest**a) * log_p, -near * p**a * log_rest)
    slope = np.where(yes, rest**a * (a * p * log_p - rest), near * p**a * (p - a * rest * log_rest))
    return losses.mean(axis=-1), slope / k


def edge_iou(spec: EdgeIoU, prediction: np.ndarray, target: np.ndarray, from_logits: bool) -> Pair:
    """One less the overlap of two boxes around a place."""
    d, t = np.exp(np.clip(prediction, -LONGEST, LONGEST)), target
    near, far = np.minimum(d, t), np.maximum(d, t)
    iw, ih = near[..., 0] + near[..., 2], near[..., 1] + near[..., 3]
    cw, ch = far[..., 0] + far[..., 2], far[..., 1] + far[..., 3]
    w, h = d[..., 0] + d[..., 2], d[..., 1] + d[..., 3]
    overlap, hull = iw * ih, cw * ch
    union = w * h + (t[..., 0] + t[..., 2]) * (t[..., 1] + t[..., 3]) - overlap
    d_overlap = (d < t) * np.stack([ih, iw, ih, iw], -1)
    d_union = np.stack([h, w, h, w], -1) - d_overlap
    i, u = overlap[..., None], union[..., None]
    losses, slope = 1 - overlap / union, -(d_overlap * u - i * d_union) / u**2
    if spec.generalized:
        c, d_hull = hull[..., None], (d > t) * np.stack([ch, cw, ch, cw], -1)
        losses = losses + 1 - union / hull
        slope = slope - (d_union * c - u * d_hull) / c**2
    slope = slope * np.where(np.abs(prediction) < LONGEST, d, 0)
    if spec.logarithms:
        error = prediction - np.log(np.maximum(t, NEAREST))
        short = np.clip(error, -1, 1)
        losses = losses + spec.logarithms * (short * (error - short / 2)).mean(axis=-1)
        slope = slope + spec.logarithms * short / error.shape[-1]
    return losses, slope
