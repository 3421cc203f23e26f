"""Constraints: what a weight is brought back to after each step; on numbers, each is a function of the weight.

Source: Keras 3, `keras/src/constraints/constraints.py`; Srivastava et al. 2014 for the largest norm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.eager.calculating import hold
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.ops import elementwise as e
from pellucid.graph.ops import reducing as r

EPSILON = 1e-7


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


def lengths(w: Any, axis: Any) -> Any:
    """The length of the vectors along `axis`."""
    return e.sqrt(r.sum(e.square(w), axis, keepdims=True))


class MaxNorm(Constraint):
    """Vectors along `axis` are `max_value` long at most."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        """The weight, brought back."""
        w = hold(w)
        norms = lengths(w, self.axis)
        return w * (e.clip(norms, 0, self.max_value) / (EPSILON + norms)).astype(w.dtype)


class NonNeg(Constraint):
    """No number is below 0."""

    def __call__(self, w: Any) -> Any:
        """The weight, brought back."""
        return e.maximum(hold(w), 0)


class UnitNorm(Constraint):
    """Vectors along `axis` are 1 long."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The weight, brought back."""
        w = hold(w)
        return (w / (EPSILON + lengths(w, self.axis))).astype(w.dtype)


class MinMaxNorm(Constraint):
    """Vectors along `axis` are from `min_value` to `max_value` long, or go there at `rate`."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        """The weight, brought back."""
        w = hold(w)
        norms = lengths(w, self.axis)
        wanted = self.rate * e.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return (w * (wanted / (EPSILON + norms))).astype(w.dtype)


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
KNOWN: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm, "MinMaxNorm": MinMaxNorm, "max_norm": MaxNorm,
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
