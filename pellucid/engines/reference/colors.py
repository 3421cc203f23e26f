"""Colours changed in training: hue and saturation; what is drawn, and the names, are in `engines/coloring.py`.

Axes      N images, H W pixels, 3 channels; v, c, h (N,H,W), t (N,H,W,3)
Forward   y = v - k t(h + d + START), k = c, or min(f c, v - low) where the saturation is changed
Backward  dv = sum dy, dk = -sum t dy, dh = -k sum t'(.) dy; h = p / c + whole: dp = dh / c, dc -= p dh / c^2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.engines.coloring import START, has_colors, turned_and_scaled
from pellucid.engines.picturing import drawn
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.colors import Colored, RandomHue, RandomSaturation


@dataclass(frozen=True)
class Kept:
    """What backward reads again: the largest and least channel, p, c, the kept or widened k, t and its slope."""

    largest: np.ndarray
    least: np.ndarray
    p: np.ndarray
    c: np.ndarray
    k: np.ndarray
    factor: np.ndarray | None  # of k = factor c; zero where k = v - low
    t: np.ndarray
    slope: np.ndarray
    inside: np.ndarray | None


def channel(x: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(N,H,W): one channel of each pixel."""
    return np.take_along_axis(x, place[..., None], -1)[..., 0]


def recolor(
    spec: Colored, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Kept | None]:
    """Return y and what backward needs; x itself outside training, and where it has no colours."""
    (x,) = inputs
    if not has_colors(spec, x.shape[3], context.label) or not context.training:
        return x, None
    turn, factor = turned_and_scaled(spec, drawn(spec, context.key, len(x), context.label))
    largest, least = x.argmax(-1), x.argmin(-1)
    v = channel(x, largest)
    c = v - channel(x, least)
    p = channel(x, (largest + 1) % 3) - channel(x, (largest + 2) % 3)
    h = p / np.where(c > 0, c, 1) + (2 * largest).astype(x.dtype)
    k, wide = c, None
    if factor is not None:
        wide = np.broadcast_to(factor.astype(x.dtype)[:, None, None], c.shape)
        most = np.maximum(v - x.dtype.type(spec.value_range[0]), 0)
        wide, k = np.where(wide * c < most, wide, x.dtype.type(0)), np.minimum(wide * c, most)
    place = (h[..., None] + turn.astype(x.dtype)[:, None, None, None] + START.astype(x.dtype)) % 6
    t = np.clip(np.minimum(place, 4 - place), 0, 1)
    slope = np.where((t > 0) & (t < 1), np.where(place < 2, 1, -1), 0).astype(x.dtype)
    y = v[..., None] - k[..., None] * t
    if factor is not None:
        return y, Kept(largest, least, p, c, k, wide, t, slope, None)
    low, high = spec.value_range
    kept = Kept(largest, least, p, c, k, None, t, slope, (y >= low) & (y <= high))
    return np.clip(y, low, high, dtype=x.dtype), kept


def recolor_back(
    spec: Colored, dy: np.ndarray, saved: Kept | None, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx."""
    if saved is None:
        return [dy], {}
    g = dy if saved.inside is None else dy * saved.inside
    safe = np.where(saved.c > 0, saved.c, 1)
    dk = -(saved.t * g).sum(-1)
    dh = -saved.k * (saved.slope * g).sum(-1) * (saved.c > 0)
    dv, dc = g.sum(-1), dk - saved.p * dh / safe**2
    if saved.factor is not None:
        dv = dv + dk * ((saved.factor == 0) & (saved.k > 0))
        dc = dk * saved.factor - saved.p * dh / safe**2
    dx = np.zeros_like(dy)
    for place, part in (
        (saved.largest, dv + dc), (saved.least, -dc), ((saved.largest + 1) % 3, dh / safe),
        ((saved.largest + 2) % 3, -dh / safe),
    ):  # fmt: skip
        dx += (place[..., None] == np.arange(3)) * part[..., None]
    return [dx], {}


register(RandomHue, recolor, recolor_back, keeps_output=True)
register(RandomSaturation, recolor, recolor_back, keeps_output=True)
