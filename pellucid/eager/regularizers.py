"""Penalties on numbers, and by word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.errors import ArgumentError, ShapeError, describe, shown
from pellucid.graph.ops import elementwise, reducing
from pellucid.graph.ops.moving import transpose
from pellucid.graph.ops.products import matmul
from pellucid.spec import regularizers
from pellucid.spec.regularizers import L1L2, REGULARIZERS


def penalty(spec: L1L2, x: Any) -> Any:
    """l1 sum |x| + l2 sum x^2."""
    x = hold(x)
    return np.float32(spec.l1 * reducing.sum(elementwise.absolute(x)) + spec.l2 * reducing.sum(elementwise.square(x)))


class Regularizer:
    """A penalty of one's own on numbers: write __call__(self, x). In a network use L1, L2 or L1L2."""

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        raise ArgumentError(f"{type(self).__name__}: write __call__(self, x) in your class.")

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The penalty that `get_config` told of."""
        return cls(**config)


class OrthogonalRegularizer(Regularizer):
    """factor times the mean |cosine| between the rows (or columns) of a matrix; on numbers."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ArgumentError(describe("OrthogonalRegularizer", "mode", "'rows' or 'columns'", shown(repr(mode))))
        self.factor, self.mode = factor, mode

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        x = hold(x)
        if x.ndim != 2:
            raise ShapeError(describe("OrthogonalRegularizer", "x", "of two axes", f"of shape {x.shape}"))
        rows = reducing.normalize(x if self.mode == "rows" else transpose(x), axis=1)
        size = len(rows)
        products = elementwise.absolute(matmul(rows, transpose(rows)) * (1 - np.eye(size, dtype=x.dtype)))
        return np.float32(self.factor * 0.5 * reducing.sum(products) / max(size * (size - 1) / 2, 1))

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"factor": self.factor, "mode": self.mode}


def get(identifier: Any) -> Any:
    """The penalty that a word, a configuration or a penalty stands for; None stays None."""
    if identifier is None or (callable(identifier) and not isinstance(identifier, type)):
        return identifier
    if isinstance(identifier, str):
        return OrthogonalRegularizer() if "orthogonal" in identifier else REGULARIZERS.named(identifier)
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    wanted = "a word, a configuration or a penalty"
    raise ArgumentError(describe("regularizers.get", "identifier", wanted, shown(repr(identifier))))


def serialize(regularizer: Any) -> dict[str, Any]:
    """A penalty as JSON-ready data, in Keras's form."""
    return {"class_name": type(regularizer).__name__, "config": regularizer.get_config()}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The penalty that `serialize` wrote, or its word."""
    if isinstance(config, str):
        return get(config)
    own: dict[str, Any] = {"L1L2": L1L2, "L1": regularizers.L1, "L2": regularizers.L2,
                           "OrthogonalRegularizer": OrthogonalRegularizer, **(custom_objects or {})}  # fmt: skip
    name = config.get("class_name", config.get("type"))
    if name not in own:
        raise ArgumentError(describe("regularizers.deserialize", "class_name", f"one of {', '.join(own)}", str(name)))
    return own[name](**config.get("config", {}))


regularizers.ON_NUMBERS.append(penalty)
