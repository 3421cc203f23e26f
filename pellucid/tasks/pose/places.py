"""The places of a map that lie near something: place (i,j) stands for the middle of a square of `stride` pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Span:
    """Some rows and columns of a map, with the middles of their places in pixels: x (w,), y (h,)."""

    rows: slice
    columns: slice
    x: np.ndarray
    y: np.ndarray


def span_around(low: np.ndarray, high: np.ndarray, shape: tuple[int, int], stride: float) -> Span:
    """The places of a map (H,W) whose middles lie from `low` to `high` (x, y); it may have none."""
    first = np.ceil(np.asarray(low) / stride - 0.5)
    last = np.floor(np.asarray(high) / stride - 0.5) + 1
    left, top = np.clip(first, 0, shape[::-1]).astype(int).tolist()
    right, bottom = np.clip(last, (left, top), np.maximum(shape[::-1], (left, top))).astype(int).tolist()
    x, y = (np.arange(left, right) + 0.5) * stride, (np.arange(top, bottom) + 0.5) * stride
    return Span(slice(top, bottom), slice(left, right), x, y)
