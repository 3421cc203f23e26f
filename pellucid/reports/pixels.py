"""Raw pixels of any type and number of channels as a person can look at them.

Shapes    pixels (n,H,W,C): C=1 is grey, C=3 colour, any other number is shown as the mean of its channels
Pixels    uint8 as they are; float within 0..1 as it is; everything else is stretched to its own darkest and brightest
          percent, picture by picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.errors import ShapeError, describe

Images = Callable[[np.ndarray], np.ndarray]  # indices (n,) -> raw pixels (n,H,W,C)


def pixels_of(where: str, images: Images, indices: np.ndarray) -> np.ndarray:
    """The raw pixels (n,H,W,C) of these indices. Raises ShapeError when `images` gives something else."""
    pixels = np.asarray(images(indices))
    if pixels.ndim != 4 or len(pixels) != len(indices):
        wanted = f"(n, H, W, C) with n = {len(indices)}"
        raise ShapeError(describe(where, "images", wanted, f"of shape {pixels.shape}"))
    return pixels


def displayable(pixels: np.ndarray) -> tuple[np.ndarray, str]:
    """Pixels (n,H,W,C) as RGB (n,H,W,3) in 0..1, and a remark that says what was done to them."""
    channels = pixels.shape[3]
    values = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    remarks = []
    if channels not in (1, 3):
        values = values.mean(axis=3, keepdims=True)
        remarks.append(f"Grey is the mean of {channels} channels.")
    if pixels.dtype == np.uint8:
        values = values / 255
    elif pixels.dtype.kind != "f" or values.min() < 0 or values.max() > 1:
        low, high = np.quantile(values, (0.01, 0.99), axis=(1, 2, 3), keepdims=True)
        values = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)
        remarks.append("Brightness is stretched in each picture.")
    return np.broadcast_to(values, (*values.shape[:3], 3)), " ".join(remarks)
