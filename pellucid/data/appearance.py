"""Changes of how a picture looks, pixel by pixel or around each: what stands beside it stays where it is.

Shapes   images (B, H, W, C) float32 in 0..1, drawn (B, K) uniform numbers -> images of that shape
Sizes    `most` is the word's number; every sample draws its own share of it, to either side unless said
Grey     the weights 0.299, 0.587, 0.114 of three channels (ITU-R BT.601), of other numbers of them the mean
Source   Howard 2013 (colour), Krizhevsky et al. 2012 (PCA), Zhong et al. 2020 (erasing), Simard et al. 2003 (elastic)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import ShapeError, describe
from pellucid.keys import Key

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]], np.float32)
FROM_YIQ = np.linalg.inv(TO_YIQ).astype(np.float32)
ERASED = (0.02, 0.33)    # least and largest share of a picture that is erased
READ_AT_ONCE = 16_384      # places whose numbers stay in the cache
SMOOTH = 0.1             # an elastic field is smooth over this share of the shorter side


def _grey(x: Array) -> Array:
    """(B, H, W, 1)."""
    weights = LUMA if x.shape[-1] == 3 else np.full(x.shape[-1], 1 / x.shape[-1], np.float32)
    grey: Array = (x @ weights)[..., np.newaxis]
    return grey


def _around(drawn: Array, most: float) -> Array:
    """Factors (B, 1, 1, 1) from 1 - most to 1 + most."""
    return _wide(1 + most * (2 * drawn[:, 0] - 1))


def _wide(values: Array) -> Array:
    return np.asarray(values, np.float32)[:, np.newaxis, np.newaxis, np.newaxis]


def brightness(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """f x."""
    return x * _around(drawn, most)


def contrast(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """m + f (x - m), m the picture's mean grey."""
    middle = _grey(x).mean(axis=(1, 2, 3), keepdims=True)
    return middle + _around(drawn, most) * (x - middle)


def saturation(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """g + f (x - g), g the pixel's grey."""
    grey = np.repeat(_grey(x), x.shape[-1], axis=-1)  # as wide as x: numbers side by side are faster than one for three
    y = x - grey
    y *= _around(drawn, most)
    y += grey
    return y


def hue(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Colours turned about the grey axis, in YIQ, by up to `most` of a full turn; raises ShapeError without three."""
    if x.shape[-1] != 3:
        raise ShapeError(describe("augmentation", "hue", "used on pictures of 3 channels", f"{x.shape[-1]} channels"))
    angle = 2 * np.pi * most * (2 * drawn[:, 0] - 1)
    turn = np.tile(np.eye(3, dtype=np.float32), (len(x), 1, 1))
    turn[:, 1, 1] = turn[:, 2, 2] = np.cos(angle)
    turn[:, 1, 2], turn[:, 2, 1] = -np.sin(angle), np.sin(angle)
    matrix = FROM_YIQ @ turn @ TO_YIQ                                                  # (B, 3, 3)
    return np.einsum("bij,bhwj->bhwi", matrix, x)


def grey(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Without colour, with probability `most`."""
    return np.where(_wide(drawn[:, 0]) < most, _grey(x), x)


def blur(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """A Gaussian of up to `most` pixels, rows and columns one after the other."""
    return np.stack([_blurred(one, float(most * share)) for one, share in zip(x, drawn[:, 0], strict=True)])


def sharpen(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """x + f (x - blurred x), f up to `most`."""
    soft = np.stack([_blurred(one, 1.0) for one in x])
    return x + _wide(most * drawn[:, 0]) * (x - soft)


def noise(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Normal noise of a deviation up to `most` on every number."""
    own = np.stack([key.fold("noise").generator().standard_normal(x.shape[1:], np.float32) for key in keys])
    return x + _wide(most * drawn[:, 0]) * own


def erase(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """A rectangle of the picture's mean, with probability `most`: 2 to 33 % of its area, sides 1 to 3 at the most."""
    y, (height, width) = x.copy(), x.shape[1:3]
    for one, (chance, size, shape, down, right) in zip(y, drawn, strict=True):
        if chance < most:
            area = height * width * (ERASED[0] + size * (ERASED[1] - ERASED[0]))
            ratio = 3.0 ** (2 * shape - 1)
            rows, columns = min(height, round((area * ratio) ** 0.5)), min(width, round((area / ratio) ** 0.5))
            top, left = int(down * (height - rows + 1)), int(right * (width - columns + 1))
            one[top : top + rows, left : left + columns] = one.mean(axis=(0, 1))
    return y


def pca(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """x + E (a l): eigenvectors E and roots l of the picture's own covariance of channels, a normal of width `most`."""
    y = x.copy()
    if x.shape[1:3] == (1, 1):
        return y  # one pixel does not vary
    for one, key in zip(y, keys, strict=True):
        pixels = one.reshape(-1, one.shape[-1])
        if not np.isfinite(pixels).all():
            continue  # whoever learns from it says so
        values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False).reshape(2 * (one.shape[-1],)))
        step = key.fold("pca").generator().standard_normal(len(values)) * most
        one += (vectors @ (step * np.sqrt(np.maximum(values, 0)))).astype(np.float32)
    return y


def jpeg(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Written and read as JPEG of a quality from 100 down to 100 - most, every channel alone unless there are three."""
    from PIL import Image
    from PIL.JpegImagePlugin import JpegImageFile

    y = np.empty_like(x)
    for one, into, share in zip(x, y, drawn[:, 0], strict=True):
        quality = max(1, round(100 - most * share))
        bytes_ = np.rint(np.nan_to_num(one).clip(0, 1) * 255).astype(np.uint8)
        for part in (slice(0, 3),) if one.shape[-1] == 3 else [slice(c, c + 1) for c in range(one.shape[-1])]:
            file = io.BytesIO()
            Image.fromarray(bytes_[..., part].squeeze(-1) if part.stop - part.start == 1 else bytes_).save(
                file, "JPEG", quality=quality
            )
            file.seek(0)
            read = np.asarray(JpegImageFile(file), np.float32) / 255
            into[..., part] = read.reshape(into[..., part].shape)
    return np.where(np.isnan(x), x, y)  # a JPEG has no word for it


def elastic(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Every pixel read up to about `most` pixels away, along a smooth random field."""
    count, height, width, _ = x.shape
    sigma = SMOOTH * min(height, width)
    places = np.empty((count, height * width, 2))
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1).astype(np.float32)
    for into, key, share in zip(places, keys, drawn[:, 0], strict=True):
        field = _blurred(key.fold("elastic").generator().uniform(-1, 1, (height, width, 2)).astype(np.float32), sigma)
        field *= most * share / max(float(np.abs(field).max()), 1e-6)
        into[:] = (grid + field).reshape(-1, 2)
    return read_at(x, places)


def perspective(x: Array, drawn: Array, most: float, keys: list[Key]) -> Array:
    """Seen from aside: each corner moves inwards by up to `most` of the sides."""
    count, height, width, _ = x.shape
    places = np.empty((count, height * width, 2))
    rows, columns = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    ones = np.stack([rows.ravel(), columns.ravel(), np.ones(height * width)])
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    for into, own in zip(places, drawn, strict=True):
        moved = corners + most * (1 - 2 * corners) * own.reshape(4, 2)
        top = _homography(corners, moved) @ ones
        into[:] = (top[:2] / top[2]).T * (height, width) - 0.5
    return read_at(x, places)


def _homography(source: Array, target: Array) -> Array:
    """The (3, 3) that takes four points to four points."""
    rows = [row for (a, b), (u, v) in zip(source, target, strict=True)
            for row in ([a, b, 1, 0, 0, 0, -u * a, -u * b], [0, 0, 0, a, b, 1, -v * a, -v * b])]  # fmt: skip
    solved = np.linalg.solve(np.array(rows), target.ravel())
    return np.append(solved, 1.0).reshape(3, 3)


def _blurred(x: Array, sigma: float) -> Array:
    """(H, W, C) under a Gaussian, the border going on as it ends."""
    if sigma < 0.05:
        return x
    reach = max(1, int(np.ceil(3 * sigma)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        wide = np.pad(x, [(reach, reach) if axis == a else (0, 0) for a in range(3)], mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(wide, len(weights), axis=axis)
        x = windows @ weights
    return x


def read_at(images: Array, places: Array) -> Array:
    """images (B, H, W, C) read at places (B, H*W, 2) of (row, column), bilinear; beyond an edge, what stands at it."""
    count, height, width, _ = images.shape
    mixed = np.empty(images.shape, np.result_type(images.dtype, np.float32))
    step = max(1, READ_AT_ONCE // (height * width))
    for first in range(0, count, step):
        few = slice(first, first + step)
        read_few(images[few], places[few], mixed[few].reshape(-1, images.shape[3]))
    return mixed


def read_few(images: Array, places: Array, into: Array) -> None:
    """The same of a few images, into (b*H*W, C): a channel at a time, for NumPy is quick along a long axis alone."""
    count, height, width, channels = images.shape
    rows, down = between(places[..., 0], height)
    columns, across = between(places[..., 1], width)
    first = rows * width + columns + np.repeat(np.arange(count) * (height * width), height * width)
    below, right = width * (height > 1), int(width > 1)
    corners = [first, first + right, first + below, first + below + right]
    up, left = 1 - down, 1 - across
    for channel in range(channels):
        plane = images[..., channel].ravel().astype(into.dtype)
        top, top_right, bottom, bottom_right = (plane.take(corner, mode="clip") for corner in corners)  # all are inside
        top *= left
        top_right *= across
        top += top_right
        bottom *= left
        bottom_right *= across
        bottom += bottom_right
        top *= up
        bottom *= down
        np.add(top, bottom, out=into[:, channel])


def between(places: Array, size: int) -> tuple[Array, Array]:
    """The last whole place before each of these (b, H*W) on an axis of `size` pixels, and the share beyond (b*H*W,)."""
    places = np.clip(places.ravel(), 0, size - 1)
    low = np.minimum(places.astype(np.int64), max(size - 2, 0))
    return low, (places - low).astype(np.float32)


@dataclass(frozen=True)
class Look:
    """One row of the table: its arithmetic, how many numbers a sample draws, the largest number after its word.

    `follows`: what stands beside a picture (boxes, points) still lies right afterwards, where it was.
    """

    apply: Callable[[Array, Array, float, list[Key]], Array]
    draws: int
    largest: float
    follows: bool = True


LOOKS: Mapping[str, Look] = {  # in the order in which they are applied
    "perspective": Look(perspective, 8, 0.4, follows=False),
    "elastic": Look(elastic, 1, 64.0, follows=False),
    "brightness": Look(brightness, 1, 1.0),
    "contrast": Look(contrast, 1, 1.0),
    "saturation": Look(saturation, 1, 1.0),
    "hue": Look(hue, 1, 0.5),
    "grey": Look(grey, 1, 1.0),
    "pca": Look(pca, 0, 2.0),
    "blur": Look(blur, 1, 16.0),
    "sharpen": Look(sharpen, 1, 8.0),
    "noise": Look(noise, 1, 1.0),
    "jpeg": Look(jpeg, 1, 99.0),
    "erase": Look(erase, 5, 1.0),
}
