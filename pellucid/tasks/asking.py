"""Pictures of any sizes as a network takes them, and what it gives for them: for answers that have places in pictures.

Shapes  pictures (H,W,C) or paths -> outputs (B, ...) and the B sizes (height, width) that the pictures had
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.fitting import fit_pixels
from pellucid.data.options import options_of_record
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_sized
from pellucid.errors import ShapeError, describe
from pellucid.model import Model

AT_ONCE = 32


def asked(where: str, model: Model, images: Any, size: tuple[int, int], fit: str,
          ) -> Iterator[tuple[np.ndarray, list[tuple[int, int]]]]:  # fmt: skip
    """Of some pictures after the other the outputs and the sizes; `where` is what a message begins with.

    Raises ShapeError for what is no picture, FileError for a file that cannot be read.
    """
    listed = [images] if isinstance(images, (str, os.PathLike)) else list(images)
    read = [picture_of(where, image, model, size, fit) for image in listed]
    for start in range(0, len(read), AT_ONCE):
        some = read[start : start + AT_ONCE]
        x = np.stack([pixels for pixels, _ in some])
        outputs = model.predict((model.preprocessing or assumed_pipeline(x.dtype)).apply(x))
        yield np.asarray(outputs), [size for _, size in some]


def picture_of(where: str, image: Any, model: Model, size: tuple[int, int], fit: str,
               ) -> tuple[np.ndarray, tuple[int, int]]:  # fmt: skip
    """A picture as the network takes it, and the (height, width) that it had."""
    if isinstance(image, (str, os.PathLike)):
        return read_sized(Path(image), **options_of_record(model.input_record or {}))
    pixels = np.asarray(image)
    channels = int((model.input_record or {}).get("channels", 3))
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] != channels or not pixels.size:
        raise ShapeError(describe(where, "images", f"pictures (H, W, {channels})", f"of shape {np.shape(image)}"))
    shape: Sequence[int] = pixels.shape
    return fit_pixels(pixels, size, fit), (int(shape[0]), int(shape[1]))
