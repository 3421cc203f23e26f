"""Constraints: what a weight is brought back to."""

from pellucid.eager.constraints import (
    Constraint,
    deserialize,
    get,
    max_norm,
    min_max_norm,
    non_neg,
    serialize,
    unit_norm,
    weight_clip,
)
from pellucid.spec.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm, WeightClip

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "WeightClip",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
    "weight_clip",
]
