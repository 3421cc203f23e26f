"""read_image: one picture file as an array, as a data set would give it (for `predict` and `explain`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pellucid.data.images import Array
from pellucid.data.options import Options
from pellucid.data.planes import decoded_sized
from pellucid.storage.reading import read_bytes
from pellucid.words import user_path


def read_image(path: str | Path, *, resize: tuple[int, int] | None = None, channels: str | None = None,
               fit: str = "stretch", alpha: str = "white", max_pixels: int | None = None) -> Array:
    """The picture as (H, W, C), uint8, uint16 or float32; the keywords mean what they mean to `open_dataset`.

    Raises FileError for a file that is missing, truncated or no picture, and DataError for a kind that is not read.
    """
    return read_sized(path, resize=resize, channels=channels, fit=fit, alpha=alpha, max_pixels=max_pixels)[0]


def read_sized(path: str | Path, **words: Any) -> tuple[Array, tuple[int, int]]:
    """The same, and the (height, width) that the picture has by itself, upright."""
    options = Options(**words)
    return decoded_sized(read_bytes(user_path(path)), str(path), options)
