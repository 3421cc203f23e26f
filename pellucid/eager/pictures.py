"""Keras's page `preprocessing.image`: pictures to arrays and back, and one of any size made one of a wanted size."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pellucid.data.keras_arrays import array_to_img, img_to_array, load_img, refuse_first, save_img
from pellucid.eager.calling import on_numbers
from pellucid.eager.image_generator import ImageDataGenerator
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.layer import Layer
from pellucid.spec.images import Resizing

__all__ = ["ImageDataGenerator", "array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]


def smart_resize(
    x: Any, size: tuple[int, int], interpolation: str = "bilinear", data_format: str | None = "channels_last",
    backend_module: Any = None,
) -> np.ndarray:  # fmt: skip
    """The largest middle part of pictures (H, W, C) or (N, H, W, C) with the proportion of `size`, resized to it.

    Numbers stay in the range they are in; raises ShapeError for another rank, ArgumentError for another argument.
    """
    refuse_first("smart_resize", data_format)
    pictures = np.asarray(x)
    if pictures.ndim not in (3, 4):
        raise ShapeError(describe("smart_resize", "x", "(H, W, C) or (N, H, W, C)", f"of shape {pictures.shape}"))
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise ArgumentError(describe("smart_resize", "size", "two integers, rows and columns", repr(size)))
    resizing = Layer.of(Resizing(size[0], size[1], interpolation, crop_to_aspect_ratio=True))
    return np.asarray(on_numbers(resizing, pictures))


# a page in a page, for `from pellucid.preprocessing.image import load_img`
sys.modules.setdefault("pellucid.preprocessing.image", sys.modules[__name__])
