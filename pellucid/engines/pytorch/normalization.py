"""Batch normalisation, local response normalisation, dropout.

Batch norm   normalises by mean and (biased) variance of the batch; moving = momentum moving + (1 - momentum) batch,
             with the biased variance too (torch's own moving variance is unbiased, so it is not used)
Local        y[c] = x[c] / (k + alpha sum_{c' near c} x[c']^2)^beta
Dropout      y = x mask / (1 - rate), mask = (u >= rate), u uniform on [0, 1) from the step's key
Sources      as in the reference engine.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.entering import refuse_one_value
from pellucid.engines.pytorch.arithmetic import Context, Weights, as_nchw, as_nhwc, register
from pellucid.engines.pytorch.noise import uniform
from pellucid.engines.pytorch.whole_batch import whole_batch_norm
from pellucid.errors import ArgumentError
from pellucid.spec.normalization import BatchNormalization, Dropout, LocalResponseNormalization


def batch_norm(spec: BatchNormalization, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = gamma (x - mean) / sqrt(variance + e) + beta; new moving statistics go to context.state."""
    (x,) = inputs
    channels = x.shape[-1]
    entered = as_nchw(x) if x.ndim == 4 else x.reshape(-1, channels)
    gamma, beta = weights.get("gamma"), weights.get("beta")
    if not context.training or context.frozen:
        statistics = weights["moving_mean"], weights["moving_variance"]
        y = torch.batch_norm(entered, gamma, beta, *statistics, False, 0.0, spec.epsilon, False)  # takes no samples too
    elif context.company is not None:
        y, mean, variance = whole_batch_norm(context, x, gamma, beta, spec.epsilon)
        remember(spec, weights, context, mean, variance)
        return y
    elif not len(x):  # the share of a process that has none of a last batch
        return x
    else:
        refuse_one_value(context.label, x.numel() // channels)
        y, mean, inverse = torch.native_batch_norm(entered, gamma, beta, None, None, True, 0.0, spec.epsilon)
        remember(spec, weights, context, mean, (inverse.detach() ** -2 - spec.epsilon).clamp_(min=0))
    return as_nhwc(y) if x.ndim == 4 else y.reshape(x.shape)


def remember(spec: BatchNormalization, weights: Weights, context: Context, mean: Tensor, variance: Tensor) -> None:
    """Let the moving statistics follow those of a batch."""
    with torch.no_grad():
        for name, now in (("moving_mean", mean), ("moving_variance", variance)):
            context.state[name] = weights[name] * spec.momentum + now * (1 - spec.momentum)


def local_response(
    spec: LocalResponseNormalization, inputs: Sequence[Tensor], weights: Weights, context: Context
) -> Tensor:
    """y = x s^-beta."""
    (x,) = inputs
    before = spec.size // 2
    squares = F.pad(x * x, (before, spec.size - 1 - before))
    s = spec.k + spec.alpha * squares.unfold(-1, spec.size, 1).sum(dim=-1)
    return x * s**-spec.beta


def dropout(spec: Dropout, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x mask in training, x afterwards."""
    (x,) = inputs
    if not context.training or spec.rate == 0:
        return x
    if context.key is None:
        raise ArgumentError(f"{context.label}: training with dropout needs a key; pass key=Key.of(seed).")
    key = context.key if spec.seed is None else context.key.fold(spec.seed)
    kept = uniform(key, x[spec.shared], torch.float32) >= spec.rate
    return x * (kept.to(x.dtype) * (1 / (1 - spec.rate)))


register(BatchNormalization, batch_norm)
register(LocalResponseNormalization, local_response)
register(Dropout, dropout)
