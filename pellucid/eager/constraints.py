"""Constraints: what a weight is brought back to after each step; on numbers, each is a function of the weight.

Source: Keras 3, `keras/src/constraints/constraints.py`; Srivastava et al. 2014 for the largest norm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.engines.reference.constraints import constrain
from pellucid.errors import ArgumentError, describe, shown
from pellucid.spec import constraints
from pellucid.spec.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm, WeightClip


class Constraint:
    """What a weight must be: write __call__(self, w), which gives the weight that comes nearest."""

    def __call__(self, w: Any) -> Any:
        """The weight, brought back."""
        raise ArgumentError(f"{type(self).__name__}: write __call__(self, w) in your class.")

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The constraint that `get_config` told of."""
        return cls(**config)


def constrained(spec: constraints.Constraint, w: Any) -> Any:
    """The weight, brought back."""
    found = np.array(hold(w))
    constrain(spec, found)
    return found


max_norm, non_neg, unit_norm, min_max_norm, weight_clip = MaxNorm, NonNeg, UnitNorm, MinMaxNorm, WeightClip
KNOWN: dict[str, Any] = {
    "MaxNorm": MaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm, "MinMaxNorm": MinMaxNorm,
    "WeightClip": WeightClip, "weight_clip": WeightClip, "max_norm": MaxNorm,
    "non_neg": NonNeg, "unit_norm": UnitNorm, "min_max_norm": MinMaxNorm,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The constraint that a word, a configuration or a constraint stands for; None stays None."""
    if isinstance(identifier, str) and identifier in KNOWN:
        return KNOWN[identifier]()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if identifier is None or (callable(identifier) and not isinstance(identifier, str)):
        return identifier
    wanted = f"one of {', '.join(KNOWN)}"
    raise ArgumentError(describe("constraints.get", "identifier", wanted, shown(repr(identifier))))


def serialize(constraint: Constraint) -> dict[str, Any]:
    """A constraint as JSON-ready data, in Keras's form."""
    return {"class_name": type(constraint).__name__, "config": constraint.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return get(config)
    own: dict[str, Any] = {**KNOWN, **(custom_objects or {})}
    name = config.get("class_name", config.get("type"))
    if name not in own:
        raise ArgumentError(describe("constraints.deserialize", "class_name", f"one of {', '.join(own)}", str(name)))
    return own[name](**config.get("config", {}))


constraints.ON_NUMBERS.append(constrained)
