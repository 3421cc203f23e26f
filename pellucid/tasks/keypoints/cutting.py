"""Objects cut out of pictures by their boxes, as those that the model learnt from were.

Shapes  pictures (H,W,C) or paths, boxes (N,4) x0 y0 x1 y1 in their pixels -> windows (h,w,C), their corners (left, top)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.fitting import cut_window
from pellucid.data.options import margin_of, options_of_record
from pellucid.data.points.cropping import refuse_away, windows_of
from pellucid.data.single import read_image
from pellucid.errors import ArgumentError, describe
from pellucid.model import Model


def cut_out(model: Model, images: Any, boxes: Any, size: tuple[int, int],
            ) -> tuple[list[np.ndarray], list[tuple[int, int]]]:  # fmt: skip
    """What the boxes show, a box a picture, for an input of size (height, width); and the corner of each.

    Raises ArgumentError for boxes that are none, or a model that learnt from whole pictures, DataError for a box
    outside its picture.
    """
    record = model.input_record or {}
    margin = margin_of(str(record.get("crop", "none")))
    if margin is None:
        raise ArgumentError(describe("keypoints", "boxes", "left out: the model learnt from whole pictures", "given"))
    listed: Sequence[Any] = [images] if isinstance(images, (str, Path)) else list(images)
    corners = np.asarray(boxes, np.float64)
    if corners.shape != (len(listed), 4) or not (corners[:, 2:] > corners[:, :2]).all():
        wanted = f"{len(listed)} rows x0, y0, x1, y1 in pixels, one a picture, x1 above x0 and y1 above y0"
        raise ArgumentError(describe("keypoints", "boxes", wanted, f"of shape {corners.shape}"))
    words = options_of_record(record) | {"resize": None}
    words.pop("crop", None)
    found, places = [], []
    for number, (image, box) in enumerate(zip(listed, corners, strict=True)):
        pixels = read_image(image, **words) if isinstance(image, (str, Path)) else np.asarray(image)
        pixels = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
        high = (int(pixels.shape[0]), int(pixels.shape[1]))
        refuse_away(f"picture {number}", box, high)
        window = windows_of(box[np.newaxis], np.array([high]), margin, size)[0]
        found.append(cut_window(pixels, window))
        places.append(window[:2])
    return found, places
