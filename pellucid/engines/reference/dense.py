"""Dense: each output is a weighted sum of all inputs.

Axes      N samples, D features, F units; further axes between N and D are taken as more samples
Shapes    x (N,D)   kernel (D,F)   bias (F,)   y (N,F)
Forward   y[n,f] = bias[f] + sum_d x[n,d] * kernel[d,f]
Backward  dkernel[d,f] = sum_n x[n,d] * dy[n,f];  dbias[f] = sum_n dy[n,f];  dx[n,d] = sum_f dy[n,f] * kernel[d,f]
Source    Goodfellow, Bengio & Courville 2016, section 6.5.6, algorithm 6.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.rows import sum_rows
from pellucid.spec.dense import Dense


def forward(
    spec: Dense, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y (N,F) and x, which backward reads again."""
    (x,) = inputs
    y = x @ weights["kernel"]
    if spec.use_bias:
        y += weights["bias"]
    return y, x


def backward(
    spec: Dense, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    gradients: Weights = {}
    rows, units = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    if context.trains:
        gradients["kernel"] = rows.T @ units  # (D,F)
        if spec.use_bias:
            gradients["bias"] = sum_rows(units)  # (F,)
    if not context.wanted[0]:
        return [None], gradients
    dx = (weights["kernel"] @ units.T).T  # (N,D); BLAS is quicker this way round when N is small
    return [np.ascontiguousarray(dx).reshape(x.shape)], gradients


register(Dense, forward, backward)
