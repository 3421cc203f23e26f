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
        y = F.batch_norm(entered, *statistics, gamma, beta, training=False, eps=spec.epsilon)
    else:
        refuse_one_value(context.label, x.numel() // channels)
        y, mean, inverse = torch.native_batch_norm(entered, gamma, beta, None, None, True, 0.0, spec.epsilon)
        with torch.no_grad():
            now = {"moving_mean": mean, "moving_variance": (inverse**-2 - spec.epsilon).clamp_(min=0)}
            for name, value in now.items():
                context.state[name] = weights[name] * spec.momentum + value * (1 - spec.momentum)
    return as_nhwc(y) if x.ndim == 4 else y.reshape(x.shape)


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
    kept = uniform(context.key, x, torch.float32) >= spec.rate
    return x * (kept.to(x.dtype) * (1 / (1 - spec.rate)))


register(BatchNormalization, batch_norm)
register(LocalResponseNormalization, local_response)
register(Dropout, dropout)
