"""Pooling: the largest or the mean value of each window, or of the whole map.

Axes      N images, H W pixels, C channels, U V pool rows and columns, I J output pixels
Shapes    x (N,H,W,C)   y (N,I,J,C)
Max       y[n,i,j,c] = max_uv x[n, i*stride+u, j*stride+v, c]; padding is -inf;
          dy goes to the first largest in row order
Mean      y[n,i,j,c] = sum_uv x[n, i*stride+u, j*stride+v, c] / (pixels of the window that are not padding);
          dy is shared out evenly among them
Source    Goodfellow, Bengio & Courville 2016, section 9.3; LeCun et al. 1998 for the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference import patches
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    Pooling2D,
)
from pellucid.spec.shapes import paddings, window_outputs

Saved = tuple[np.ndarray, tuple[int, ...], tuple[tuple[int, int], tuple[int, int]]]


def layout(
    spec: Pooling2D, x: np.ndarray, context: Context
) -> tuple[tuple[tuple[int, int], tuple[int, int]], tuple[int, int]]:
    """The padding around x and the output size (I, J)."""
    _, h, w, c = x.shape
    around = paddings((h, w), spec.pool_size, spec.steps, spec.padding)
    i, j = window_outputs(context.label, (h, w, c), spec.pool_size, spec.steps, spec.padding)
    assert i is not None and j is not None
    return around, (i, j)


def max_forward(
    spec: MaxPooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Saved]:
    """Return y (N,I,J,C), and for each output which window entry (u*V+v) was largest."""
    (x,) = inputs
    around, outputs = layout(spec, x, context)
    padded = patches.pad(x, around, -np.inf)
    y = patches.place(padded, 0, 0, outputs, spec.steps, (1, 1)).copy()
    rows, columns = spec.pool_size
    largest = np.zeros(y.shape, np.uint8 if rows * columns <= 256 else np.int32)
    for entry in range(1, rows * columns):
        value = patches.place(padded, *divmod(entry, columns), outputs, spec.steps, (1, 1))
        np.copyto(largest, entry, where=value > y)
        np.maximum(y, value, out=y)
    return y, (largest, padded.shape, around)


def max_backward(
    spec: MaxPooling2D, dy: np.ndarray, saved: Saved, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx: dy where the entry was the largest."""
    largest, shape, around = saved
    dx = np.zeros(shape, dy.dtype)
    for entry in range(spec.pool_size[0] * spec.pool_size[1]):
        met = patches.place(dx, *divmod(entry, spec.pool_size[1]), dy.shape[1:3], spec.steps, (1, 1))
        met += dy * (largest == entry)
    return [patches.unpad(dx, around)], {}


def counts(spec: AveragePooling2D, shape: tuple[int, ...], outputs: tuple[int, int]) -> np.ndarray:
    """(1,I,J,1): how many real pixels each window has."""
    around = paddings((shape[1], shape[2]), spec.pool_size, spec.steps, spec.padding)
    real = patches.pad(np.ones((1, shape[1], shape[2], 1)), around)
    return patches.windows(real, spec.pool_size, outputs, spec.steps, (1, 1)).sum(axis=(3, 4))


def mean_forward(
    spec: AveragePooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return y (N,I,J,C) and the shape of x."""
    (x,) = inputs
    around, outputs = layout(spec, x, context)
    padded = patches.pad(x, around)
    y = patches.place(padded, 0, 0, outputs, spec.steps, (1, 1)).copy()
    for entry in range(1, spec.pool_size[0] * spec.pool_size[1]):
        y += patches.place(padded, *divmod(entry, spec.pool_size[1]), outputs, spec.steps, (1, 1))
    y /= counts(spec, x.shape, outputs).astype(y.dtype)
    return y, x.shape


def mean_backward(
    spec: AveragePooling2D, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx: each output's gradient shared out evenly over its window."""
    outputs = (dy.shape[1], dy.shape[2])
    around = paddings((shape[1], shape[2]), spec.pool_size, spec.steps, spec.padding)
    share = dy / counts(spec, shape, outputs).astype(dy.dtype)
    dx = patches.pad(np.zeros(shape, dy.dtype), around)
    for entry in range(spec.pool_size[0] * spec.pool_size[1]):
        met = patches.place(dx, *divmod(entry, spec.pool_size[1]), outputs, spec.steps, (1, 1))
        met += share
    return [patches.unpad(dx, around)], {}


def global_mean_forward(
    spec: GlobalAveragePooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """y[n,c] = mean_hw x[n,h,w,c]."""
    (x,) = inputs
    return x.mean(axis=(1, 2), keepdims=spec.keepdims), x.shape


def global_mean_backward(
    spec: GlobalAveragePooling2D, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """dx[n,h,w,c] = dy[n,c] / (H W)."""
    share = dy.reshape(shape[0], 1, 1, shape[3]) / (shape[1] * shape[2])
    return [np.broadcast_to(share, shape).copy()], {}


def global_max_forward(
    spec: GlobalMaxPooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[np.ndarray, tuple[int, ...]]]:
    """y[n,c] = max_hw x[n,h,w,c], and where the first largest lies."""
    (x,) = inputs
    n, h, w, c = x.shape
    pixels = x.reshape(n, h * w, c)
    largest = pixels.argmax(axis=1)[:, None]  # (N,1,C)
    y = np.take_along_axis(pixels, largest, axis=1)
    return y.reshape((n, 1, 1, c) if spec.keepdims else (n, c)), (largest, x.shape)


def global_max_backward(
    spec: GlobalMaxPooling2D,
    dy: np.ndarray,
    saved: tuple[np.ndarray, tuple[int, ...]],
    weights: Weights,
    context: Context,
) -> tuple[list[np.ndarray | None], Weights]:
    """dx is dy at the first largest pixel of each map."""
    largest, (n, h, w, c) = saved
    dx = np.zeros((n, h * w, c), dy.dtype)
    np.put_along_axis(dx, largest, dy.reshape(n, 1, c), axis=1)
    return [dx.reshape(n, h, w, c)], {}


register(MaxPooling2D, max_forward, max_backward)
register(AveragePooling2D, mean_forward, mean_backward)
register(GlobalAveragePooling2D, global_mean_forward, global_mean_backward)
register(GlobalMaxPooling2D, global_max_forward, global_max_backward)
