"""Batch normalisation and local response normalisation.

Axes      M all axes but the last, C channels
Batch norm, training   mean[c], variance[c] = those of x[:,c] (variance / M);  xhat = (x - mean) / sqrt(variance + e)
                       y = gamma xhat + beta;  moving = momentum * moving + (1 - momentum) * (mean or variance)
           afterwards  mean and variance are the moving ones
           backward    dgamma[c] = sum_m dy xhat;  dbeta[c] = sum_m dy
                       dx = gamma / sqrt(variance + e) * (dy - dbeta / M - xhat dgamma / M)    (training)
                       dx = gamma / sqrt(variance + e) * dy                                    (afterwards)
Source     Ioffe & Szegedy 2015, algorithm 1 and section 3 (the derivatives, simplified).
Local response   s[c] = k + alpha sum_{c' near c} x[c']^2;  y = x s^-beta
           backward    dx[c] = dy[c] s[c]^-beta - 2 alpha beta x[c] sum_{c' near c} dy[c'] x[c'] s[c']^(-beta-1)
Source     Krizhevsky et al. 2012, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.errors import ShapeError
from pellucid.spec.normalization import BatchNormalization, LocalResponseNormalization


@dataclass(frozen=True)
class Saved:
    """What batch norm's backward reads again: xhat (M,C), 1 / sqrt(variance + e), and whether the batch set them."""

    xhat: np.ndarray
    inverse: np.ndarray
    from_batch: bool


def forward(
    spec: BatchNormalization, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Saved]:
    """Return y, shaped like x; leave new moving statistics in context.state."""
    (x,) = inputs
    rows = x.reshape(-1, x.shape[-1])  # (M,C)
    from_batch = context.training and not context.frozen
    if from_batch:
        if rows.shape[0] < 2:
            remedy = "Use a batch size that leaves no batch of one sample, or call with training=False."
            raise ShapeError(f"{context.label}: batch norm needs at least 2 values a channel, but got 1. {remedy}")
        mean = rows.mean(axis=0)
        xhat = rows - mean
        variance = np.einsum("mc,mc->c", xhat, xhat) / rows.shape[0]
        for name, now in (("moving_mean", mean), ("moving_variance", variance)):
            context.state[name] = spec.momentum * weights[name] + (1 - spec.momentum) * now
    else:
        variance = weights["moving_variance"]
        xhat = rows - weights["moving_mean"]
    inverse = 1 / np.sqrt(variance + spec.epsilon)
    xhat *= inverse
    y = xhat * weights["gamma"] if spec.scale else xhat.copy()
    if spec.center:
        y += weights["beta"]
    return y.reshape(x.shape), Saved(xhat, inverse, from_batch)


def backward(
    spec: BatchNormalization, dy: np.ndarray, saved: Saved, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of gamma and beta."""
    rows = dy.reshape(saved.xhat.shape)
    dbeta = rows.sum(axis=0)
    dgamma = np.einsum("mc,mc->c", rows, saved.xhat)
    gradients: Weights = {}
    if context.trains and spec.scale:
        gradients["gamma"] = dgamma
    if context.trains and spec.center:
        gradients["beta"] = dbeta
    if not context.wanted[0]:
        return [None], gradients
    scale = saved.inverse * weights["gamma"] if spec.scale else saved.inverse
    if saved.from_batch:
        m = rows.shape[0]
        dx = saved.xhat * (dgamma * (-1 / m))
        dx += rows
        dx -= dbeta * (1 / m)
        dx *= scale
    else:
        dx = rows * scale
    return [dx.reshape(dy.shape)], gradients


def neighbours(values: np.ndarray, size: int) -> np.ndarray:
    """Sum over `size` neighbouring channels, fewer at the ends."""
    before = size // 2
    sums = np.zeros_like(values)
    channels = values.shape[-1]
    for shift in range(-before, size - before):
        low, high = max(0, -shift), min(channels, channels - shift)
        sums[..., low:high] += values[..., low + shift : high + shift]
    return sums


def response_forward(
    spec: LocalResponseNormalization, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return y, and x with s."""
    (x,) = inputs
    s = spec.k + spec.alpha * neighbours(x * x, spec.size)
    return x * s**-spec.beta, (x, s)


def response_backward(
    spec: LocalResponseNormalization,
    dy: np.ndarray,
    saved: tuple[np.ndarray, np.ndarray],
    weights: Weights,
    context: Context,
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx."""
    x, s = saved
    inner = dy * x * s ** (-spec.beta - 1)
    # c' lies near c one way round only when size is even, so the sum runs over the mirrored neighbourhood
    mirrored = neighbours(inner[..., ::-1], spec.size)[..., ::-1]
    return [dy * s**-spec.beta - 2 * spec.alpha * spec.beta * x * mirrored], {}


register(BatchNormalization, forward, backward)
register(LocalResponseNormalization, response_forward, response_backward)
