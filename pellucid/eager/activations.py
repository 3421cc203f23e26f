"""Activations by name, for numbers and tensors; `get` finds them by word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pellucid.eager  # noqa: F401  (calculates where values are numbers)
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.operators import node, operation, value
from pellucid.graph.ops import elementwise as e
from pellucid.graph.ops import moving, reducing
from pellucid.spec.activations import ReLU


def linear(x: Any) -> Any:
    """x itself."""
    return x


@operation
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above the threshold, negative_slope (x - threshold) below, never above max_value."""
    return node(ReLU(max_value, negative_slope, threshold), value(x))


@operation
def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the distribution function of the unit normal, or its approximation by tanh."""
    return value(e.gelu(x, approximate))


@operation
def glu(x: Any, axis: int = -1) -> Any:
    """The first half of `axis` times the sigmoid of the second."""
    one, two = moving.split(x, 2, axis)
    return value(e.multiply(one, e.sigmoid(two)))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, else default_value."""
    return e.threshold(x, threshold, default_value)


exponential = e.exp
softmax, log_softmax = reducing.softmax, reducing.log_softmax
NAMES: dict[str, Callable[..., Any]] = {
    "linear": linear, "relu": relu, "gelu": gelu, "glu": glu, "exponential": exponential, "softmax": softmax,
    "log_softmax": log_softmax, "threshold": threshold,
    **{word: getattr(e, word) for word in (
        "celu", "elu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
        "log_sigmoid", "mish", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign",
        "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink",
    )},
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The function that a word or a function stands for; None is linear."""
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str) and identifier.lower() in NAMES:
        return NAMES[identifier.lower()]
    wanted = f"one of {', '.join(NAMES)}"
    raise ArgumentError(describe("activations.get", "identifier", wanted, shown(repr(identifier))))


def serialize(activation: Any) -> str:
    """An activation as its word."""
    return str(getattr(activation, "__name__", activation))


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that `serialize` wrote."""
    if custom_objects and config in custom_objects:
        return custom_objects[config]
    return get(config.get("config", {}) if isinstance(config, Mapping) else config)
