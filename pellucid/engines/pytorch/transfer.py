"""Between NumPy and torch: copies, so that neither side writes into the other's memory unasked."""

from __future__ import annotations

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
    return torch.tensor(array.astype(wanted, copy=False), device=device)


def array_of(value: Any) -> np.ndarray:
    """A C-contiguous array; bfloat16, which NumPy lacks, as float32."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value, order="C")
