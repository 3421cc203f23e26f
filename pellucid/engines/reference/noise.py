"""Noise of training: y = a x + b, dx = a dy; x itself outside training. What is drawn is in `engines/noising.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.noising import factors
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec import noise
from pellucid.spec.colors import RandomErasing
from pellucid.spec.noise import Noise

KINDS: tuple[type[Noise | RandomErasing], ...] = (
    noise.GaussianNoise, noise.GaussianDropout, noise.AlphaDropout, noise.SpatialDropout1D, noise.SpatialDropout2D,
    noise.SpatialDropout3D, RandomErasing,
)  # fmt: skip


def forward(
    spec: Noise | RandomErasing, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return y and a."""
    (x,) = inputs
    if not context.training:
        return x, None
    a, b = (value.astype(x.dtype) for value in factors(spec, x.shape, context.key, context.label))
    return a * x + b, a


def backward(
    spec: Noise | RandomErasing, dy: np.ndarray, a: np.ndarray | None, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """dx = a dy."""
    return [dy if a is None else dy * a], {}


for kind in KINDS:
    register(kind, forward, backward, keeps_output=True)
