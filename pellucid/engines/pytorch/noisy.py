"""Noise of training: y = a x + b; x itself outside training. What is drawn is in `engines/noising.py`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, fx

from pellucid.engines.noising import factors
from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.engines.pytorch.assembly import PLAIN, Place
from pellucid.spec import noise
from pellucid.spec.colors import RandomErasing
from pellucid.spec.noise import Noise

KINDS: tuple[type[Noise | RandomErasing], ...] = (
    noise.GaussianNoise, noise.GaussianDropout, noise.AlphaDropout, noise.SpatialDropout1D, noise.SpatialDropout2D,
    noise.SpatialDropout3D, RandomErasing,
)  # fmt: skip


def noised(spec: Noise | RandomErasing, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """a x + b."""
    (x,) = inputs
    if not context.training:
        return x
    drawn = factors(spec, tuple(x.shape), context.key, context.label)
    a, b = (torch.from_numpy(value).to(x.device, x.dtype) for value in drawn)
    return a * x + b


def unchanged(spec: Noise | RandomErasing, place: Place, inputs: list[fx.Node]) -> fx.Node:
    """In a plain module the input: what only training changes is left out."""
    return inputs[0]


for kind in KINDS:
    register(kind, noised)
PLAIN |= dict.fromkeys(KINDS, unchanged)
