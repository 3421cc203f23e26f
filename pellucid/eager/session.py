"""What Keras programs ask of `backend` and `config`: kinds of numbers, order of axes, a session to be cleared."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.operators import value
from pellucid.graph.ops.moving import reshape

EPSILON = 1e-7


def clear_session(free_memory: bool = True) -> None:
    """Nothing is kept between models, so there is nothing to clear."""


def epsilon() -> float:
    """What keeps divisions and logarithms off 0."""
    return EPSILON


def floatx() -> str:
    """The kind of numbers that models calculate with, unless compile says otherwise."""
    return "float32"


def set_floatx(value: str) -> None:
    """Taken where it changes nothing; compile(precision=...) chooses."""
    if value != "float32":
        remedy = "Pass compile precision='float64' or 'bfloat16'."
        raise ArgumentError(describe("set_floatx", "value", "'float32'", shown(repr(value)), remedy))


def image_data_format() -> str:
    """Where the channels are."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Taken where it changes nothing: channels come last everywhere."""
    if data_format != "channels_last":
        remedy = "Transpose the data: x.transpose(0, 2, 3, 1)."
        raise ArgumentError(describe("set_image_data_format", "data_format", "'channels_last'",
                                     shown(repr(data_format)), remedy))  # fmt: skip


def backend() -> str:
    """Who calculates."""
    return "pellucid"


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of a tensor or of numbers; None for the samples."""
    return tuple(x.shape) if isinstance(x, Tensor) else tuple(value(x).shape)


def flatten(x: Any) -> Any:
    """All numbers in one row."""
    return reshape(x, (-1,))


def get_value(x: Any) -> Any:
    """The numbers of a variable, or what is a number already."""
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: Any) -> None:
    """Assign numbers to a variable."""
    if not hasattr(x, "assign"):
        remedy = "Write model.optimizer.learning_rate = 0.001."
        raise ArgumentError(describe("set_value", "x", "a variable", type(x).__name__, remedy))
    x.assign(value)
