"""Layers on pictures; where they read and how they weigh is in `engines/picturing.py`.

Axes      N images, H W pixels, C channels, I J output pixels, P = I J, K pixels read for each
Resizing  y = A x B' + fill (1 - a b');  dx = A' dy B
Reading   y[n,p] = sum_k weight[n,p,k] x[n,index[n,p,k]] + fill[n,p];  dx[n,index[n,p,k]] += weight[n,p,k] dy[n,p]
Linear    y = cut(a x + b m + c), m = M x:  dx = a g + b M' g, g = dy where nothing was cut
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.engines.picturing import AFFINES, Taps, drawn, factors, grey_matrix, is_drawn, limits, resizing, taps
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.images import (
    AdaptiveAveragePooling2D,
    Linear,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomCrop,
    RandomGrayscale,
    RandomInvert,
    Reading,
    Resizing,
    Weighing,
)

Inputs = Sequence[np.ndarray]
Back = tuple[list[np.ndarray | None], Weights]


def weighed(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """rows x columns', of each image and channel."""
    x = np.einsum("ih,nhwc->niwc", rows.astype(x.dtype), x, optimize=True)
    return np.einsum("jw,niwc->nijc", columns.astype(x.dtype), x, optimize=True)


def resize(spec: Weighing, inputs: Inputs, weights: Weights, context: Context) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return y (N,I,J,C), and the size of x."""
    (x,) = inputs
    rows, columns = resizing(spec, x.shape[1], x.shape[2])
    border = spec.fill_value * (1 - np.outer(rows.sum(1), columns.sum(1)))
    y = weighed(x, rows, columns)
    return (y + border[..., None].astype(x.dtype) if spec.pad_to_aspect_ratio else y), x.shape


def resize_back(spec: Weighing, dy: np.ndarray, size: tuple[int, ...], weights: Weights, context: Context) -> Back:
    """Return dx."""
    rows, columns = resizing(spec, size[1], size[2])
    return [weighed(dy, rows.T, columns.T)], {}


def read(spec: Reading, inputs: Inputs, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return y (N,I,J,C), and where it was read; x itself outside training."""
    (x,) = inputs
    n, h, w, _ = x.shape
    if not is_drawn(spec, context.training, h, w):
        return resize(spec.middle, inputs, weights, context) if isinstance(spec, RandomCrop) else (x, None)
    found = taps(spec, drawn(spec, context.key, n, context.label), h, w)
    return gathered(x, found), (found, x.shape)


def gathered(x: np.ndarray, found: Taps) -> np.ndarray:
    """y (N,I,J,C) of pictures, read there."""
    n, h, w, c = x.shape
    flat, sample = x.reshape(n, h * w, c), np.arange(n)[:, None]
    y = np.repeat(found.filled[..., None], c, -1).astype(x.dtype)
    for k in range(found.index.shape[2]):
        y += flat[sample, found.index[..., k]] * found.weight[..., k, None].astype(x.dtype)
    return y.reshape(n, *found.outputs, c)


def read_back(spec: Reading, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Back:
    """Return dx."""
    if saved is None:
        return [dy], {}
    if isinstance(spec, RandomCrop) and isinstance(saved[0], int):
        return resize_back(spec.middle, dy, saved, weights, context)
    found, (n, h, w, c) = saved
    dx, rows, sample = np.zeros((n, h * w, c), dy.dtype), dy.reshape(n, -1, c), np.arange(n)[:, None]
    for k in range(found.index.shape[2]):
        np.add.at(dx, (sample, found.index[..., k]), rows * found.weight[..., k, None].astype(dy.dtype))
    return [dx.reshape(n, h, w, c)], {}


def look(spec: Linear, inputs: Inputs, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return y, the factors and where nothing was cut; x itself outside training."""
    (x,) = inputs
    if not context.training:
        return x, None
    a, b, c = (
        value.astype(x.dtype)[:, None, None, None]
        for value in factors(spec, drawn(spec, context.key, len(x), context.label))
    )
    y = a * x + b * beside(spec, x, context) + c
    low, high = limits(spec)
    return np.clip(y, low, high, dtype=x.dtype), (a, b, (y >= low) & (y <= high))


def beside(spec: Linear, x: np.ndarray, context: Context) -> np.ndarray:
    """m."""
    if spec.of_grey:
        return x @ grey_matrix(x.shape[3], context.label).astype(x.dtype)
    return x.mean(axis=(1, 2), keepdims=True, dtype=x.dtype)


def look_back(spec: Linear, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Back:
    """Return dx."""
    if saved is None:
        return [dy], {}
    a, b, kept = saved
    g = dy * kept
    if spec.of_grey:
        return [a * g + b * (g @ grey_matrix(dy.shape[3], context.label).astype(dy.dtype).T)], {}
    return [a * g + b * g.mean(axis=(1, 2), keepdims=True, dtype=dy.dtype)], {}


register(AdaptiveAveragePooling2D, resize, resize_back)
register(Resizing, resize, resize_back)
for reading in AFFINES:
    register(reading, read, read_back, keeps_output=True)
for linear in (RandomContrast, RandomBrightness, RandomInvert, RandomGrayscale, RandomColorDegeneration):
    register(linear, look, look_back, keeps_output=True)
