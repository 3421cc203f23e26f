"""Batch normalisation and local response normalisation.

Axes      M all axes but the last, C channels
Batch norm, training   mean[c], variance[c] = those of x[:,c] (variance / M);  xhat = (x - mean) / sqrt(variance + e)
                       y = gamma xhat + beta;  moving = momentum * moving + (1 - momentum) * (mean or variance)
           afterwards  mean and variance are the moving ones
           backward    dgamma[c] = sum_m dy xhat;  dbeta[c] = sum_m dy
                       dx = gamma / sqrt(variance + e) * (dy - dbeta / M - xhat dgamma / M)    (training)
                       dx = gamma / sqrt(variance + e) * dy                                    (afterwards)
           x is walked in parts that stay in the cache, mean and scale applied while they are there
Source     Ioffe & Szegedy 2015, algorithm 1 and section 3 (the derivatives, simplified).
Local response   s[c] = k + alpha sum_{c' near c} x[c']^2;  y = x s^-beta
           backward    dx[c] = dy[c] s[c]^-beta - 2 alpha beta x[c] sum_{c' near c} dy[c'] x[c'] s[c']^(-beta-1)
Source     Krizhevsky et al. 2012, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.engines.entering import refuse_one_value
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.rows import parts, repeat, sum_rows
from pellucid.spec.normalization import BatchNormalization, LocalResponseNormalization


@dataclass(frozen=True)
class Saved:
    """What batch norm's backward reads again: x, mean and 1 / sqrt(variance + e), and whether the batch set them."""

    x: np.ndarray
    mean: np.ndarray
    inverse: np.ndarray
    from_batch: bool


def forward(
    spec: BatchNormalization, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Saved]:
    """Return y, shaped like x; leave new moving statistics in context.state."""
    (x,) = inputs
    from_batch = context.training and not context.frozen
    if from_batch:
        mean, variance = statistics(x, context.label)
        for name, now in (("moving_mean", mean), ("moving_variance", variance)):
            context.state[name] = spec.momentum * weights[name] + (1 - spec.momentum) * now
    else:
        mean, variance = weights["moving_mean"], weights["moving_variance"]
    inverse = 1 / np.sqrt(variance + spec.epsilon)
    scale = inverse * weights["gamma"] if spec.scale else inverse
    y = np.empty(x.shape, x.dtype)
    middle, factor = repeat(mean, x), repeat(scale, x)
    shift = repeat(weights["beta"], x) if spec.center else None
    for source, result in zip(parts(x), parts(y), strict=True):
        np.subtract(source, middle, out=result)
        result *= factor
        if shift is not None:
            result += shift
    return y, Saved(x, mean, inverse, from_batch)


def statistics(x: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and (biased) variance of each channel; raises ShapeError when there is but one value."""
    m = x.size // x.shape[-1]
    refuse_one_value(where, m)
    mean = sum_rows(x) / m
    squares, middle = np.zeros_like(mean), repeat(mean, x)
    for part in parts(x):
        centred = part - middle
        centred *= centred
        squares += sum_rows(centred.reshape(-1, len(mean)))
    return mean, squares / m


def backward(
    spec: BatchNormalization, dy: np.ndarray, saved: Saved, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of gamma and beta."""
    x, m = saved.x, dy.size // dy.shape[-1]
    dy = np.ascontiguousarray(dy)  # so that its parts are views to write into
    dbeta = sum_rows(dy)
    dgamma, middle = np.zeros_like(dbeta), repeat(saved.mean, x)
    for source, up in zip(parts(x), parts(dy), strict=True):
        xhat_dy = source - middle
        xhat_dy *= up
        dgamma += sum_rows(xhat_dy.reshape(-1, len(dbeta)))
    dgamma *= saved.inverse
    gradients = {"gamma": dgamma} if context.trains and spec.scale else {}
    if context.trains and spec.center:
        gradients["beta"] = dbeta
    if not context.wanted[0]:
        return [None], gradients
    factor = repeat(saved.inverse * weights["gamma"] if spec.scale else saved.inverse, x)
    along, level = repeat(saved.inverse * dgamma / m, x), repeat(dbeta / m, x)
    for source, up in zip(parts(x), parts(dy), strict=True):
        if saved.from_batch:
            pull = source - middle
            pull *= along
            pull += level
            up -= pull
        up *= factor
    return [dy], gradients


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
