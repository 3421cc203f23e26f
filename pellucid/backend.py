"""Keras's page of the same name, for older programs: the functions of pellucid.ops, and what holds for all models."""

from typing import Any

from pellucid import ops
from pellucid.eager.session import (
    backend,
    clear_session,
    epsilon,
    flatten,
    floatx,
    get_value,
    image_data_format,
    int_shape,
    set_floatx,
    set_image_data_format,
    set_value,
)

__all__ = [
    "backend", "clear_session", "epsilon", "flatten", "floatx", "get_value", "image_data_format", "int_shape",
    "set_floatx", "set_image_data_format", "set_value",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The operation of that name: K.mean, K.square, K.clip."""
    return getattr(ops, {"pow": "power", "dot": "matmul", "l2_normalize": "normalize"}.get(name, name))
