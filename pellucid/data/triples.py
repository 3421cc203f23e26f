"""x, y and sample_weight of a step as one value, and apart again, by Keras's names."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, describe


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of what a step is handed, None for what is not there; raises ArgumentError for more."""
    if isinstance(data, list):
        data = tuple(data)
    parts = data if isinstance(data, tuple) else (data,)
    if not 1 <= len(parts) <= 3:
        wanted = "x, (x,), (x, y) or (x, y, sample_weight)"
        raise ArgumentError(describe("unpack_x_y_sample_weight", "data", wanted, f"{len(parts)} entries"))
    return (*parts, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The other way round: what is not None, in a tuple; x alone where it is no tuple or list."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
