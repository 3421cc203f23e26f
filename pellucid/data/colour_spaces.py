"""Kinds of colour made of red, green and blue, and back.

Shapes   (..., 3) -> (..., 3), dtype kept: whole numbers stand for shares of their largest value, floats are from 0 to 1
Formulas V = max, L = (max + min) / 2, S of HSV (max - min) / max, S of HSL (max - min) / (1 - |2 L - 1|), hue a share
         of a turn (Smith 1978; the largest whole number is the whole turn, as in Pillow)
         Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); Cb, Cr = 0.564 (B - Y), 0.713 (R - Y), each + 1/2 (JFIF 1.02);
         U, V = 0.492 (B - Y), 0.877 (R - Y), each + 1/2 (BT.470): whole numbers are cut at their ends, where V of a
         strong red lies beyond, as in OpenCV
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.data.images import Array

LUMA = np.array([0.299, 0.587, 0.114])
CB_CR = (0.5 / (1 - LUMA[2]), 0.5 / (1 - LUMA[0]))   # of B - Y and R - Y
U_V = (0.492, 0.877)
Change = Callable[[Array], Array]


def _kept(change: Change) -> Change:
    """The change of shares from 0 to 1, of pixels of any dtype."""
    def of_pixels(pixels: Array) -> Array:
        if pixels.dtype.kind == "f":
            return change(pixels.astype(np.float64)).astype(pixels.dtype)
        most = np.iinfo(pixels.dtype).max
        return np.rint(np.clip(change(pixels / most), 0, 1) * most).astype(pixels.dtype)

    return of_pixels


def _hue(rgb: Array, high: Array, spread: Array) -> Array:
    """Shares of a turn, 0 for grey."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    safe = np.where(spread > 0, spread, 1)
    sixths = np.select([high == red, high == green], [(green - blue) / safe, 2 + (blue - red) / safe],
                       4 + (red - green) / safe)
    return np.where(spread > 0, sixths / 6 % 1.0, 0.0)


def _to_hsv(rgb: Array) -> Array:
    high, low = rgb.max(-1), rgb.min(-1)
    saturation = (high - low) / np.where(high > 0, high, 1)
    return np.stack([_hue(rgb, high, high - low), saturation, high], -1)


def _to_hsl(rgb: Array) -> Array:
    high, low = rgb.max(-1), rgb.min(-1)
    room = 1 - np.abs(high + low - 1)
    saturation = (high - low) / np.where(room > 0, room, 1)
    return np.stack([_hue(rgb, high, high - low), saturation, (high + low) / 2], -1)


def _turned(hue: Array, low: Array, spread: Array) -> Array:
    """Colours of a hue, from their least channel on."""
    sixths = (hue[..., np.newaxis] * 6 + np.array([0, 4, 2])) % 6
    return low[..., np.newaxis] + spread[..., np.newaxis] * np.clip(np.abs(sixths - 3) - 1, 0, 1)


def _from_hsv(hsv: Array) -> Array:
    hue, saturation, high = np.moveaxis(hsv, -1, 0)
    return _turned(hue, high * (1 - saturation), high * saturation)


def _from_hsl(hsl: Array) -> Array:
    hue, saturation, middle = np.moveaxis(hsl, -1, 0)
    spread = saturation * (1 - np.abs(2 * middle - 1))
    return _turned(hue, middle - spread / 2, spread)


def _to_differences(rgb: Array, weights: tuple[float, float]) -> Array:
    luma = rgb @ LUMA
    return np.stack([luma, weights[0] * (rgb[..., 2] - luma) + 0.5, weights[1] * (rgb[..., 0] - luma) + 0.5], -1)


def _from_differences(shares: Array, weights: tuple[float, float]) -> Array:
    luma = shares[..., 0]
    blue, red = luma + (shares[..., 1] - 0.5) / weights[0], luma + (shares[..., 2] - 0.5) / weights[1]
    return np.stack([red, (luma - LUMA[0] * red - LUMA[2] * blue) / LUMA[1], blue], -1)


FROM_RGB: dict[str, Change] = {
    "hsv": _kept(_to_hsv), "hsl": _kept(_to_hsl), "yuv": _kept(lambda rgb: _to_differences(rgb, U_V)),
    "ycbcr": _kept(lambda rgb: _to_differences(rgb, CB_CR)),
}  # fmt: skip
TO_RGB: dict[str, Change] = {
    "hsv": _kept(_from_hsv), "hsl": _kept(_from_hsl), "yuv": _kept(lambda shares: _from_differences(shares, U_V)),
    "ycbcr": _kept(lambda shares: _from_differences(shares, CB_CR)),
}  # fmt: skip
