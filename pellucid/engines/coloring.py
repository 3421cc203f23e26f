"""What layers that change colours draw, for both engines, on the CPU.

Hue         h of a pixel (r, g, b) in sixths of a circle: (g - b)/c, 2 + (b - r)/c or 4 + (r - g)/c, by the largest
Back        channel i is v - c t(h + START[i]), t(k) = min(k, 4 - k) within 0 and 1, k modulo 6
Source      Smith 1978, "Color gamut transform pairs"; Keras 3, RandomHue, RandomSaturation and RandomErasing
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engines.picturing import between, within
from pellucid.errors import ArgumentError
from pellucid.spec.colors import Colored, RandomErasing, RandomHue, RandomSaturation
from pellucid.spec.images import ends_of

Array = np.ndarray[Any, np.dtype[Any]]
START = np.array([5.0, 3.0, 1.0])
TINY = 1e-7  # Keras's epsilon


def turned_and_scaled(spec: Colored, u: Array) -> tuple[Array, Array | None]:
    """By how many sixths of a circle each sample's hue moves, (N,), and the factor of its saturation or None."""
    if isinstance(spec, RandomHue):
        return np.where(u[:, 1] > 0.5, -3.0, 3.0) * between(u[:, 0], spec.factor, 0.0), None
    assert isinstance(spec, RandomSaturation)
    share = between(u[:, 0], spec.factor, 0.0)
    return np.zeros(len(u)), share / (1 - share + TINY)


def has_colors(spec: Colored, channels: int, label: str) -> bool:
    """Whether pixels have any; raises ArgumentError for channels that are neither grey nor red, green, blue."""
    if channels not in (1, 3):
        raise ArgumentError(f"{label}: input must be of 1 or 3 channels, but it is {channels}.")
    return channels == 3


def erased(spec: RandomErasing, shape: tuple[int, ...], draw: np.random.Generator, label: str) -> tuple[Array, Array]:
    """(1 outside the rectangles and 0 inside (N,H,W,1), what is added instead)."""
    n, height, width, _ = shape
    u = draw.random((n, spec.draws))
    hit = u[:, 5] < between(u[:, 4], spec.factor, 0.0)
    least, most = ends_of(spec.scale, 0.0)
    inside = np.broadcast_to(hit[:, None, None], (n, height, width))
    for axis, size in enumerate((height, width)):
        long = np.sqrt(least + u[:, axis] * (most - least)) * size
        first = u[:, 2 + axis] * (size - long)
        inside = inside & np.expand_dims(within(first, long, size), 2 - axis)
    return ~inside[..., None] * 1.0, inside[..., None] * filling(spec, shape, draw, label)


def filling(spec: RandomErasing, shape: tuple[int, ...], draw: np.random.Generator, label: str) -> Array:
    """What a rectangle is filled with, for every pixel or one for all."""
    low, high = spec.value_range
    if spec.fill_value is None:
        return np.clip(draw.standard_normal(shape) * high, low, high)
    value = np.array(spec.fill_value)
    if value.size not in (1, shape[3]):
        raise ArgumentError(f"{label}: fill_value must be one number, or {shape[3]}, but it is {spec.fill_value}.")
    return np.clip(value, low, high)
