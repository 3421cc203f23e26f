"""Constraints, in place: w *= wanted length / (length + 1e-7), the length of the vectors along `axis`.

MaxNorm     wanted = min(length, max_value)
UnitNorm    wanted = 1
MinMaxNorm  wanted = rate cut(length, min_value, max_value) + (1 - rate) length
NonNeg      w = max(w, 0)
WeightClip  w = cut(w, -clip_value, clip_value), with `zero_mean` after w -= mean of w along axis -2
"""

from __future__ import annotations

import numpy as np

from pellucid.spec.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm, WeightClip

EPSILON = 1e-7


def constrain(constraint: Constraint, w: np.ndarray) -> None:
    """Bring a weight back."""
    if isinstance(constraint, NonNeg):
        np.maximum(w, 0, out=w)
        return
    if isinstance(constraint, WeightClip):
        if constraint.zero_mean:
            w -= w.mean(-2, keepdims=True)
        np.clip(w, -constraint.clip_value, constraint.clip_value, out=w)
        return
    assert isinstance(constraint, (MaxNorm, UnitNorm, MinMaxNorm))
    lengths = np.sqrt(np.square(w).sum(constraint.axis, keepdims=True))
    wanted: np.ndarray | float = 1.0
    if isinstance(constraint, MaxNorm):
        wanted = np.minimum(lengths, constraint.max_value)
    elif isinstance(constraint, MinMaxNorm):
        inside = np.clip(lengths, constraint.min_value, constraint.max_value)
        wanted = constraint.rate * inside + (1 - constraint.rate) * lengths
    w *= np.asarray(wanted / (EPSILON + lengths), w.dtype)
