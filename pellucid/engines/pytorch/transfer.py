"""Between NumPy and torch: copies, so that neither side writes into the other's memory unasked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

WIDTHS: dict[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def tensor_of(value: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A tensor on the device, floats as `dtype`; any NumPy array fits: reversed, read-only, of another byte order."""
    if isinstance(value, Tensor):
        return value
    array = np.asarray(value, order="C")
    wanted = WIDTHS[dtype] if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
    copy = torch.tensor(array.astype(wanted, copy=False))
    return copy.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else copy


def laid_out(weight: Tensor) -> Tensor:
    """A weight in the memory order that torch's kernels read and give gradients in; its axes stay as they are.

    (D,F) lies as (F,D), (U,V,C,F) as (F,U,V,C): the channels-last form of torch's (F,C,U,V).
    """
    return weight.movedim(-1, 0).contiguous().movedim(0, -1) if weight.ndim in (2, 4) else weight


def in_memory_order(weights: Sequence[Tensor]) -> list[Tensor]:
    """Views of weights that are laid out, or of arrays beside them, with the axes as they lie: contiguous."""
    return [x.t() if x.ndim == 2 else x.movedim(-1, 0) if x.ndim == 4 else x for x in weights]


def like(weights: Sequence[Tensor], values: Sequence[Tensor]) -> list[Tensor]:
    """The values in the dtype and memory order of the weights: those that differ are copied."""
    found = list(values)
    for place, (weight, value) in enumerate(zip(weights, values, strict=True)):
        if value.dtype != weight.dtype or value.stride() != weight.stride():
            found[place] = torch.empty_like(weight).copy_(value)
    return found


def array_of(value: Any) -> np.ndarray:
    """A C-contiguous array; bfloat16, which NumPy lacks, as float32."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value, order="C")
