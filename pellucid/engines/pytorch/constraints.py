"""Constraints, in place: w *= wanted length / (length + 1e-7), as `reference/constraints.py` says."""

from __future__ import annotations

import torch
from torch import Tensor

from pellucid.spec.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm, WeightClip

EPSILON = 1e-7


@torch.no_grad()
def constrain(constraint: Constraint, w: Tensor) -> None:
    """Bring a weight back."""
    if isinstance(constraint, NonNeg):
        w.clamp_(min=0)
        return
    if isinstance(constraint, WeightClip):
        if constraint.zero_mean:
            w.sub_(w.mean(-2, keepdim=True))
        w.clamp_(-constraint.clip_value, constraint.clip_value)
        return
    assert isinstance(constraint, (MaxNorm, UnitNorm, MinMaxNorm))
    lengths = w.square().sum(constraint.axis, keepdim=True).sqrt()
    wanted = torch.ones_like(lengths)
    if isinstance(constraint, MaxNorm):
        wanted = lengths.clamp(max=constraint.max_value)
    elif isinstance(constraint, MinMaxNorm):
        inside = lengths.clamp(constraint.min_value, constraint.max_value)
        wanted = constraint.rate * inside + (1 - constraint.rate) * lengths
    w.mul_(wanted / (EPSILON + lengths))
