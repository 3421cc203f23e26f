"""Dropout: in training each entry is zero with probability `rate`; the rest is divided by 1 - rate.

Forward   y = x mask, mask = (u >= rate) / (1 - rate), u uniform on [0, 1) from the step's key
Backward  dx = dy mask
noise_shape: u has size 1 along axes whose entries share their fate
Source    Srivastava et al. 2014, in the inverted form, which leaves prediction untouched.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.errors import ArgumentError
from pellucid.spec.normalization import Dropout


def forward(
    spec: Dropout, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return y and the mask; x itself outside training."""
    (x,) = inputs
    if not context.training or spec.rate == 0:
        return x, None
    if context.key is None:
        raise ArgumentError(f"{context.label}: training with dropout needs a key; pass key=Key.of(seed).")
    key = context.key if spec.seed is None else context.key.fold(spec.seed)
    kept = key.generator().random(x[spec.shared].shape, np.float32) >= spec.rate
    mask = kept * x.dtype.type(1 / (1 - spec.rate))
    return x * mask, mask


def backward(
    spec: Dropout, dy: np.ndarray, mask: np.ndarray | None, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """dx = dy mask."""
    return [dy if mask is None else np.multiply(dy, mask, out=dy)], {}


register(Dropout, forward, backward, keeps_output=True)
