"""The places of a map that lie near something: place (i,j) stands for the middle of a square of `stride` pixels."""

from __future__ import annotations

import math
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
    (left, right), (top, bottom) = (
        reached(float(first), float(last), length, stride)
        for first, last, length in zip(low, high, shape[::-1], strict=True))  # fmt: skip
    x, y = (np.arange(left, right) + 0.5) * stride, (np.arange(top, bottom) + 0.5) * stride
    return Span(slice(top, bottom), slice(left, right), x, y)


def reached(low: float, high: float, length: int, stride: float) -> tuple[int, int]:
    """The first of `length` places on an axis whose middle lies from `low` to `high`, and the one after the last."""
    if not low <= high:         # a box that nobody knows has NaN
        return 0, 0
    first = min(max(math.ceil(low / stride - 0.5), 0), length)
    return first, min(max(math.floor(high / stride - 0.5) + 1, first), length)
