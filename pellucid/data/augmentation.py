"""Augmentation: a training picture a little changed each epoch; what is drawn depends on (key, epoch, sample id) alone.

Shapes   images (B, H, W, C) of any dtype -> the same shape and dtype, pixels outside filled from the nearest edge
Formula  y[p] = x[c + A (p - c) + t]: A mirrors, turns, shears, zooms and crops about the centre c, t shifts; bilinear,
         or exact when only mirrors and whole-pixel shifts are asked for
Source   sources.md section 3 (shift, rotate, mirror, crop, zoom, shear); nearest fill as Keras's ImageDataGenerator
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.keys import Key

LIMITS = {"shift": (0, 1 << 20), "rotate": (0, 180), "zoom": (0, 0.9), "shear": (0, 60), "crop": (0, 0.9)}
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

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            whole = name == "shift" and not isinstance(value, int)
            if whole or not low <= value <= high:
                kind = "a whole number of pixels from 0" if name == "shift" else f"a number from {low} to {high}"
                raise ArgumentError(describe("augmentation", name, kind, repr(value)))

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
            return _resample(images, *self._transforms(drawn, images.shape[1:3]))
        return self._rearrange(images, drawn)

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


def _drawn(key: Key, epoch: int, ids: Array) -> Array:
    """The numbers (B, DRAWS) of these samples."""
    return np.array([_block(key, epoch, int(i) // BLOCK)[int(i) % BLOCK] for i in ids]).reshape(-1, DRAWS)


@lru_cache(maxsize=2048)
def _block(key: Key, epoch: int, block: int) -> Array:
    """The numbers (BLOCK, DRAWS) of BLOCK neighbouring samples: one generator for each sample would cost 40 us."""
    return key.fold("augment", epoch, block).generator().random((BLOCK, DRAWS), dtype=np.float32)


def _resample(images: Array, matrix: Array, shift: Array) -> Array:
    """images (B, H, W, C) read at c + matrix (p - c) + shift, bilinear between the four pixels around."""
    count, height, width, channels = images.shape
    size = np.array([height, width])
    centre = (size - 1) / 2.0
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1).reshape(-1, 2) - centre
    places = grid @ matrix.transpose(0, 2, 1) + (centre + shift)[:, np.newaxis]                   # (B, H*W, 2)
    places = np.clip(places, 0, size - 1).reshape(-1, 2)                                          # (B*H*W, 2)
    low = np.minimum(places.astype(np.int64), np.maximum(size - 2, 0))
    part = (places - low).astype(np.float32)
    down, across = part[:, :1], part[:, 1:]
    first = np.repeat(np.arange(count) * (height * width), height * width) + low @ np.array([width, 1])
    below, right = width * (height > 1), int(width > 1)
    pixels = images.reshape(-1, channels)
    top = pixels.take(first, 0) * (1 - across) + pixels.take(first + right, 0) * across
    bottom = pixels.take(first + below, 0) * (1 - across) + pixels.take(first + below + right, 0) * across
    mixed = top * (1 - down) + bottom * down
    result: Array = np.rint(mixed) if images.dtype.kind in "iu" else mixed
    return result.astype(images.dtype).reshape(images.shape)


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
