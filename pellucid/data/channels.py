"""Kinds of channels a picture may be read in, and bringing pixels from one to the other.

Shapes  (..., C) -> (..., C'), C = 1 (gray) or 3 (rgb)
"""

from __future__ import annotations

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError

CHANNELS = {"gray": ("gray",), "rgb": ("red", "green", "blue")}


def convert_channels(pixels: Array, channels: str) -> Array:
    """(..., C) pixels to gray (ITU-R 601 weights, as Pillow) or rgb (gray three times); dtype kept."""
    count = pixels.shape[-1]
    if count == len(CHANNELS[channels]):
        return pixels
    if channels == "rgb" and count == 1:
        return np.repeat(pixels, 3, axis=-1)
    if channels == "gray" and count == 3:
        gray: Array = pixels @ np.array([0.299, 0.587, 0.114])
        gray = np.rint(gray) if pixels.dtype.kind in "iu" else gray
        return gray.astype(pixels.dtype)[..., np.newaxis]
    raise DataError(f"images of {count} channels cannot be made {channels}. Leave --channels out.")
