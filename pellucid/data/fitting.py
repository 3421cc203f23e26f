"""From a picture of any size to the one size a network takes: stretched, letterboxed or cropped.

Shapes  (H, W, C) -> (h, w, C); an affine is (2, 3) and takes (x, y, 1) in the picture to (x', y') in the result
Axes    pixel i covers [i, i + 1), x to the right, y down
Fits    stretch    sx = w / W, sy = h / H; the whole picture, its proportions changed
        letterbox  s = min(w / W, h / H); the whole picture, centred, at whole pixels; the rest is grey 0.5
        crop       s = max(w / W, h / H); the middle of the picture fills the result, the rest is cut off
Window  left, top, right, bottom in whole pixels: the part of a picture that is fitted, grey 0.5 where it reaches beyond
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.images import Array

if TYPE_CHECKING:
    from PIL.Image import Image

FITS = ("stretch", "letterbox", "crop")


def affine_of(source: tuple[int, int], size: tuple[int, int], fit: str) -> Array:
    """The (2, 3) affine from a picture of `source` (height, width) to the result of `size` (height, width)."""
    (rows, columns), (height, width) = source, size
    across, down = width / columns, height / rows
    left = top = 0.0
    if fit == "letterbox":
        scale = min(across, down)
        inner_width, inner_height = (max(1, round(scale * length)) for length in (columns, rows))
        across, down = inner_width / columns, inner_height / rows
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
    elif fit == "crop":
        across = down = max(across, down)
        left, top = (width - across * columns) / 2, (height - down * rows) / 2
    return np.array([[across, 0.0, left], [0.0, down, top]])


def affine_of_window(window: tuple[int, int, int, int], size: tuple[int, int], fit: str) -> Array:
    """The same from the whole picture to the result, of which a window alone is seen."""
    left, top, right, bottom = window
    affine = affine_of((bottom - top, right - left), size, fit)
    affine[:, 2] -= affine[:, :2] @ (left, top)
    return affine


def cut_window(pixels: Array, window: tuple[int, int, int, int]) -> Array:
    """The part of (H, W, C) that a window shows."""
    left, top, right, bottom = window
    cut = np.full((bottom - top, right - left, pixels.shape[2]), middle_grey(pixels.dtype), pixels.dtype)
    seen = pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    down, across = max(-top, 0), max(-left, 0)
    cut[down : down + seen.shape[0], across : across + seen.shape[1]] = seen
    return cut


def fit_pixels(pixels: Array, size: tuple[int, int], fit: str = "stretch") -> Array:
    """(H, W, C) to size (height, width): bilinear, averaging over what shrinks; dtype kept."""
    from PIL import Image

    if pixels.shape[:2] == tuple(size):
        return pixels
    planes = []
    for plane in np.moveaxis(pixels, -1, 0):
        exact = plane if plane.dtype == np.uint8 else plane.astype(np.float32)      # Pillow resizes uint8 and float32
        fitted = fit_image(Image.fromarray(np.ascontiguousarray(exact)), size, fit, grey=middle_grey(pixels.dtype))
        planes.append(np.asarray(fitted))
    result = np.stack(planes, axis=-1)
    if pixels.dtype.kind in "iu" and result.dtype != pixels.dtype:
        limits = np.iinfo(pixels.dtype)
        result = np.clip(np.rint(result), limits.min, limits.max)
    return result.astype(pixels.dtype, copy=False)


def fit_image(image: Image, size: tuple[int, int], fit: str, *, grey: float) -> Image:
    """A Pillow image of mode L, RGB or F brought to size (height, width) in pixels."""
    from PIL import Image
    from PIL.Image import Resampling

    height, width = size
    (across, _, left), (_, down, top) = affine_of((image.height, image.width), size, fit).tolist()
    if fit != "letterbox":                                       # the part of the picture that fills the result
        box = (max(0.0, -left / across), max(0.0, -top / down),
               min(image.width, (width - left) / across), min(image.height, (height - top) / down))
        return image.resize((width, height), Resampling.BILINEAR, box=box)
    inner = image.resize((round(across * image.width), round(down * image.height)), Resampling.BILINEAR)
    background = grey if image.mode == "F" else int(grey)
    framed = Image.new(image.mode, (width, height), background if len(image.getbands()) == 1 else (background,) * 3)
    framed.paste(inner, (int(left), int(top)))
    return framed


def middle_grey(dtype: np.dtype[Any]) -> float:
    """The value halfway between black and white: 128, 32768 or 0.5."""
    return 0.5 if dtype.kind == "f" else float(np.iinfo(dtype).max // 2 + 1)
