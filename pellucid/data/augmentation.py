"""Augmentation: a training picture a little changed each epoch; what is drawn depends on (key, epoch, sample id) alone.

Shapes   images (B, H, W, C) of any dtype -> the same shape and dtype, pixels outside filled from the nearest edge
Formula  y[p] = x[c + A (p - c) + t]: A mirrors, turns, shears, zooms and crops about the centre c, t shifts; bilinear,
         or exact when only mirrors and whole-pixel shifts are asked for; then what `appearance.LOOKS` lists, in its
         order, on numbers in 0..1, cut to it and brought back to the dtype
Annotations  move with mirrors, turns, shears, zooms, crops and shifts; a look leaves them, and elastic and perspective
         cannot go with them; two pictures are mixed by `mixing`, their targets with them,
         and four by `mosaic`, their boxes with them
Source   sources.md section 3 (shift, rotate, mirror, crop, zoom, shear); nearest fill as Keras's ImageDataGenerator
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.data.appearance import LOOKS, read_at
from pellucid.data.images import Array
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.keys import Key

LIMITS = {"shift": (0, 1 << 20), "rotate": (0, 180), "zoom": (0, 0.9), "shear": (0, 60), "crop": (0, 0.9),
          **{name: (0, look.largest) for name, look in LOOKS.items()}, "mixup": (0, 10), "cutmix": (0, 10),
          "mosaic": (0, 1)}  # fmt: skip
BLOCK = 1024             # samples whose numbers are drawn together
DRAWS = 10               # uniform numbers drawn for each sample, used or not, so that options do not shift one another


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be changed; 0 and False leave it alone. Apply to training batches only."""

    flip: bool = False              # mirror left and right, half of the time
    flip_vertical: bool = False     # mirror top and bottom, half of the time
    shift: int = 0                  # up to so many whole pixels, down or up, right or left
    rotate: float = 0.0             # up to so many degrees, either way
    zoom: float = 0.0               # scale between 1 - zoom and 1 + zoom
    shear: float = 0.0              # up to so many degrees, along the rows
    crop: float = 0.0               # a window of at least 1 - crop of each side, anywhere, stretched to full size
    perspective: float = 0.0        # each corner inwards by up to that share of the sides
    elastic: float = 0.0            # pixels read up to so many pixels away, along a smooth field
    brightness: float = 0.0         # times 1 - x to 1 + x
    contrast: float = 0.0           # differences from the mean grey times 1 - x to 1 + x
    saturation: float = 0.0         # differences from the pixel's grey times 1 - x to 1 + x
    hue: float = 0.0                # colours turned by up to that share of a circle, either way
    grey: float = 0.0               # how often all colour is taken away
    pca: float = 0.0                # normal steps along the principal directions of the picture's channels
    blur: float = 0.0               # a Gaussian of up to so many pixels
    sharpen: float = 0.0            # up to so many times the difference from a blur of one pixel is added
    noise: float = 0.0              # normal noise of a deviation up to that share of the range
    jpeg: float = 0.0               # JPEG of a quality from 100 down to 100 - x
    erase: float = 0.0              # how often a rectangle is covered
    mixup: float = 0.0              # two pictures and their targets in one, shares of Beta(x, x)
    cutmix: float = 0.0             # a rectangle of another picture, targets by area, shares of Beta(x, x)
    mosaic: float = 0.0             # how often four pictures are one, with the boxes of all

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            whole = name == "shift" and not isinstance(value, int)
            if whole or not low <= value <= high:
                kind = "a whole number of pixels from 0" if name == "shift" else f"a number from {low:g} to {high:g}"
                raise ArgumentError(describe("augmentation", name, kind, repr(value)))
        if self.mixup and self.cutmix:
            raise ArgumentError("augmentation: mixup and cutmix both mix two pictures into one. Leave one out.")

    @classmethod
    def parse(cls, text: str) -> Augmentation:
        """`flip,shift=2,rotate=10`. Raises ArgumentError that lists the words there are."""
        settings: dict[str, Any] = {}
        for word in text.replace(" ", "").split(","):
            name, _, value = word.partition("=")
            _known(name)
            if name in settings:
                raise ArgumentError(f"augmentation: '{name}' is given twice in '{text}'. Give it once.")
            settings[name] = _parsed(name, value)
        return cls(**settings)

    def to_config(self) -> dict[str, Any]:
        """All settings, as JSON."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Augmentation:
        """The augmentation `to_config` described. Raises ArgumentError for an unknown setting."""
        for name in config:
            _known(name)
        return cls(**config)

    def apply(self, images: Array, *, key: Key, epoch: int, ids: Array) -> Array:
        """Changed copies of images (B, H, W, C), whose global sample numbers are ids (B,)."""
        if images.ndim != 4 or len(ids) != len(images):
            raise ShapeError(describe("augmentation", "images", f"(B={len(ids)}, H, W, C)", f"of shape {images.shape}"))
        side = min(images.shape[1:3])
        if self.shift >= side:
            raise ArgumentError(describe("augmentation", "shift", f"less than the {side} pixels of a side", self.shift))
        drawn = _drawn(key, epoch, ids)
        if any((self.rotate, self.zoom, self.shear, self.crop)):
            images = _resample(images, *self._transforms(drawn, images.shape[1:3]))
        elif self.flip or self.flip_vertical or self.shift or not self.looks:
            images = self._rearrange(images, drawn)
        return self._looked(images, key, epoch, ids) if self.looks else images

    @property
    def looks(self) -> list[str]:
        """What is changed of how a picture looks, in the order of the table."""
        return [name for name in LOOKS if getattr(self, name)]

    @property
    def unfollowed(self) -> list[str]:
        """What no box or point could follow."""
        mixing = [name for name in ("mixup", "cutmix") if getattr(self, name)]
        return [name for name in self.looks if not LOOKS[name].follows] + mixing

    def _looked(self, images: Array, key: Key, epoch: int, ids: Array) -> Array:
        """The pictures after the looks asked for, each sample's numbers drawn from a key of the look's own."""
        whole = images.dtype.kind in "iu"
        high = float(np.iinfo(images.dtype).max) if whole else 1.0
        x = images.astype(np.float32) / np.float32(high)
        keys = [key.fold("look", epoch, int(i)) for i in ids]
        for name in self.looks:
            look = LOOKS[name]
            drawn = _drawn(key, epoch, ids, name, look.draws) if look.draws else np.empty((len(ids), 0))
            x = look.apply(x, drawn, float(getattr(self, name)), keys)
            x = np.clip(x, 0, 1, dtype=np.float32) if whole else np.asarray(x, np.float32)
        return np.rint(x * np.float32(high)).astype(images.dtype) if whole else x.astype(images.dtype)

    def affines(self, size: tuple[int, int], *, key: Key, epoch: int, ids: Array) -> Array:
        """Where `apply` takes a point (x, y) of a picture of `size` (height, width): affines (B, 2, 3).

        Pixel i covers [i, i + 1), in both.
        """
        drawn = _drawn(key, epoch, ids)
        if any((self.rotate, self.zoom, self.shear, self.crop)):
            read, shift = self._transforms(drawn, size)
        else:
            signs = np.stack(self._mirrors(drawn), -1)
            read, shift = signs[:, :, np.newaxis] * np.eye(2), signs * self._shifts(drawn)
        back = np.linalg.inv(read)                                                  # of p_in = c + read (p - c) + shift
        centre = np.array(size) / 2.0
        offset = centre - np.einsum("bij,bj->bi", back, centre + shift)
        return np.concatenate([back, offset[:, :, np.newaxis]], 2)[:, ::-1][:, :, [1, 0, 2]]  # (row, column) -> (x, y)

    def mirrored(self, *, key: Key, epoch: int, ids: Array) -> Array:
        """Which of the samples `apply` mirrors left and right (B,)."""
        found: Array = self._mirrors(_drawn(key, epoch, ids))[1] < 0
        return found

    def _mirrors(self, drawn: Array) -> tuple[Array, Array]:
        """-1 or 1 for rows and for columns, (B,) each."""
        return (np.where(self.flip_vertical & (drawn[:, 1] < 0.5), -1, 1),
                np.where(self.flip & (drawn[:, 0] < 0.5), -1, 1))

    def _shifts(self, drawn: Array) -> Array:
        """Whole pixels (B, 2), each from -shift to shift alike often."""
        shifts: Array = np.floor(drawn[:, 2:4] * (2 * self.shift + 1)).astype(np.int64) - self.shift
        return shifts

    def _rearrange(self, images: Array, drawn: Array) -> Array:
        """Mirror and shift by whole pixels: every pixel is a copy of one."""
        index = []
        for axis, mirror in enumerate(self._mirrors(drawn)):
            size = images.shape[1 + axis]
            places = np.arange(size)[np.newaxis] + self._shifts(drawn)[:, axis, np.newaxis]       # (B, size)
            places = np.clip(places, 0, size - 1)
            index.append(np.where(mirror[:, np.newaxis] < 0, size - 1 - places, places))
        rows, columns = index
        sample = np.arange(len(images))[:, np.newaxis, np.newaxis]
        moved: Array = images[sample, rows[:, :, np.newaxis], columns[:, np.newaxis]]
        return moved

    def _transforms(self, drawn: Array, size: tuple[int, ...]) -> tuple[Array, Array]:
        """A (B, 2, 2) and t (B, 2), in (row, column) pixels."""
        between = 2.0 * drawn[:, 4:7] - 1.0                                                       # -1..1
        angle, slant = np.radians(self.rotate * between[:, 0]), np.radians(self.shear * between[:, 1])
        turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], -1).reshape(-1, 2, 2)
        shear = np.broadcast_to(np.eye(2), turn.shape).copy()
        shear[:, 1, 0] = np.tan(slant)                                                  # columns move with rows
        side = 1.0 - self.crop * drawn[:, 7, np.newaxis]                                # (B, 1) of the side kept
        scale = np.stack(self._mirrors(drawn), -1) * side / (1.0 + self.zoom * between[:, 2, np.newaxis])
        place = drawn[:, 8:10]                                                          # where the window lies
        shift = self._shifts(drawn) + (2.0 * place - 1.0) * (1.0 - side) / 2.0 * np.array(size)
        return turn @ shear * scale[:, np.newaxis], shift


def _drawn(key: Key, epoch: int, ids: Array, stream: str = "augment", draws: int = DRAWS) -> Array:
    """The numbers (B, draws) of these samples."""
    found = [_block(key, epoch, int(i) // BLOCK, stream, draws)[int(i) % BLOCK] for i in ids]
    return np.array(found).reshape(-1, draws)


@lru_cache(maxsize=2048)
def _block(key: Key, epoch: int, block: int, stream: str, draws: int) -> Array:
    """The numbers (BLOCK, draws) of BLOCK neighbouring samples: one generator for each sample would cost 40 us."""
    return key.fold(stream, epoch, block).generator().random((BLOCK, draws), dtype=np.float32)


def _resample(images: Array, matrix: Array, shift: Array) -> Array:
    """images (B, H, W, C) read at c + matrix (p - c) + shift, bilinear between the four pixels around."""
    height, width = images.shape[1:3]
    centre = (np.array([height, width]) - 1) / 2.0
    down, right = np.arange(height)[:, np.newaxis] - centre[0], np.arange(width) - centre[1]
    places = np.empty((2, len(images), height, width))  # by hand: a product of matrices so narrow takes longer
    for axis, into in enumerate(places):
        of_rows, of_columns = (matrix[:, axis, other, np.newaxis, np.newaxis] for other in (0, 1))
        np.add(of_rows * down, of_columns * right + (centre + shift)[:, axis, np.newaxis, np.newaxis], out=into)
    mixed = read_at(images, places.reshape(2, len(images), -1).transpose(1, 2, 0))               # (B, H*W, 2)
    result: Array = np.rint(mixed) if images.dtype.kind in "iu" else mixed
    return result.astype(images.dtype)


def _known(name: str) -> None:
    names = [field.name for field in fields(Augmentation)]
    if name not in names:
        raise ArgumentError(f"augmentation: there is no '{name}'. The words are: {', '.join(names)}, "
                            "as in flip,shift=2,rotate=10.")


def _parsed(name: str, value: str) -> bool | int | float:
    if name.startswith("flip"):
        if value:
            raise ArgumentError(f"augmentation: '{name}' takes no value, but '{name}={value}' was given. Write {name}.")
        return True
    try:
        return int(value) if name == "shift" else float(value)
    except ValueError:
        raise ArgumentError(f"augmentation: '{name}' needs a number, but '{name}={value}' was given. "
                            f"Write, for example, {name}={'2' if name == 'shift' else '0.1'}.") from None
