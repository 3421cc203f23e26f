"""Keras's helpers for pictures and arrays: pictures to arrays and back, sequences of one length, rows of length 1.

Axes: pictures (H, W, C), channels last; pixels from 0 to 255.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.single import read_image
from pellucid.errors import ArgumentError, ShapeError, describe

if TYPE_CHECKING:
    from PIL.Image import Image

SIDES = ("pre", "post")
COLOR_MODES = {"rgb": "rgb", "grayscale": "gray"}
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}  # Pillow's numbers


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow picture, or an array, as (H, W, C) numbers of `dtype` (float32); raises ShapeError for other shapes."""
    refuse_first("img_to_array", data_format)
    x = np.asarray(img, dtype or "float32")
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ShapeError(describe("img_to_array", "img", "a picture (H, W) or (H, W, C)", f"of shape {x.shape}"))
    return x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image:
    """(H, W, C) numbers, C 1, 3 or 4, as a Pillow picture; with `scale` from the least to the largest, as 0 to 255."""
    from PIL import Image

    refuse_first("array_to_img", data_format)
    x = np.asarray(x, dtype or "float32")
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ShapeError(describe("array_to_img", "x", "(H, W, C) with C 1, 3 or 4", f"of shape {x.shape}"))
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] == 1 and x.max(initial=0) > 255:
        return Image.fromarray(x[:, :, 0].astype("int32"), "I")
    pixels = x.astype("uint8")
    return Image.fromarray(pixels[:, :, 0] if x.shape[2] == 1 else pixels)


def load_img(
    path: str | Path, color_mode: str = "rgb", target_size: Any = None,
    interpolation: str = "nearest", keep_aspect_ratio: bool = False,
) -> Image:  # fmt: skip
    """The picture of a file as a Pillow picture, upright, of `target_size` (height, width) in pixels.

    With keep_aspect_ratio it is the largest middle part of the wanted proportion. Raises ArgumentError for an argument
    that is not taken, FileError or DataError for a file that is no picture.
    """
    if color_mode not in COLOR_MODES:
        wanted = f"one of {', '.join(COLOR_MODES)}"
        raise ArgumentError(describe("load_img", "color_mode", wanted, repr(color_mode)))
    if interpolation not in FILTERS:
        wanted = f"one of {', '.join(FILTERS)}"
        raise ArgumentError(describe("load_img", "interpolation", wanted, repr(interpolation)))
    picture = array_to_img(read_image(path, channels=COLOR_MODES[color_mode]), scale=False)
    if target_size is None:
        return picture
    if not isinstance(target_size, (tuple, list)) or len(target_size) != 2:
        wanted = "two integers, height and width"
        raise ArgumentError(describe("load_img", "target_size", wanted, repr(target_size)))
    height, width = map(int, target_size)
    if keep_aspect_ratio:
        rows = min(picture.height, picture.width * height // width)
        columns = min(picture.width, picture.height * width // height)
        top, left = (picture.height - rows) // 2, (picture.width - columns) // 2
        picture = picture.crop((left, top, left + columns, top + rows))
    return picture.resize((width, height), FILTERS[interpolation])


def save_img(path: str | Path, x: Any, data_format: str | None = None, file_format: str | None = None,
             scale: bool = True, **options: Any) -> None:  # fmt: skip
    """Write (H, W, C) numbers as a picture; `options` are Pillow's."""
    picture = array_to_img(x, data_format, scale)
    kind = (file_format or Path(path).suffix.lstrip(".")).lower()
    if picture.mode == "RGBA" and kind in ("jpg", "jpeg"):
        picture = picture.convert("RGB")
    picture.save(path, format=None if file_format is None else "jpeg" if kind == "jpg" else file_format, **options)


def refuse_first(where: str, data_format: str | None) -> None:
    """Raise ArgumentError for channels that come first."""
    if data_format not in (None, "channels_last"):
        remedy = "Pass x.transpose(1, 2, 0)."
        raise ArgumentError(describe(where, "data_format", "None or 'channels_last'", repr(data_format), remedy))


def pad_sequences(
    sequences: Sequence[Sequence[Any]], maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre",
    truncating: str = "pre", value: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Sequences of any lengths as one array (N, maxlen, ...): cut, or filled with `value`, at the front or the back."""
    for word, side in (("padding", padding), ("truncating", truncating)):
        if side not in SIDES:
            raise ArgumentError(describe("pad_sequences", word, "'pre' or 'post'", repr(side)))
    if not all(hasattr(sequence, "__len__") for sequence in sequences):
        raise ArgumentError(describe("pad_sequences", "sequences", "a list of sequences", "one with a single entry"))
    rows = [np.asarray(sequence) for sequence in sequences]
    shape = next((row.shape[1:] for row in rows if len(row)), ())
    longest = max(map(len, rows), default=0) if maxlen is None else maxlen
    found = np.full((len(rows), longest, *shape), value, dtype)
    for place, row in zip(found, rows, strict=True):
        kept = row[max(len(row) - longest, 0) :] if truncating == "pre" else row[:longest]
        if len(kept):
            if kept.shape[1:] != shape:
                raise ShapeError(describe("pad_sequences", "sequences", f"of entries {shape}", str(kept.shape[1:])))
            place[longest - len(kept) if padding == "pre" else 0 :][: len(kept)] = kept
    return found


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """Numbers over their norm of this order along `axis`; zeros stay."""
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    found: np.ndarray = x / np.where(norm == 0, 1, norm)
    return found


class PyDataset:
    """The base of a user's own batches: __len__ and __getitem__(index) -> (x, y); workers are taken, not used."""

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def on_epoch_end(self) -> None:
        """What is done after an epoch."""


# a page in a page, for `from pellucid.preprocessing.sequence import pad_sequences`
sys.modules.setdefault("pellucid.preprocessing.sequence", sys.modules[__name__])
