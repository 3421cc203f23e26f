"""Pooling: the largest or the mean value of each window, or of the whole map.

Axes      N images, H W pixels, C channels, U V pool rows and columns, I J output pixels
Shapes    x (N,H,W,C)   y (N,I,J,C)
Max       y[n,i,j,c] = max_uv x[n, i*stride+u, j*stride+v, c]; padding is -inf;
          dy goes to the first largest in row order;
          done an axis at a time: the largest r (N,H,J,C) of V columns, then y of U rows of r; dr, then dx, likewise
          (taking the first row, then the first column, is the first in row order)
Mean      y[n,i,j,c] = sum_uv x[n, i*stride+u, j*stride+v, c] / (pixels of the window that are not padding);
          dy is shared out evenly among them
Source    Goodfellow, Bengio & Courville 2016, section 9.3; LeCun et al. 1998 for the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.patches import Slide, pad, pool_slide, unpad, windows
from pellucid.spec.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)

ROWS, COLUMNS = 1, 2  # axes of (N,H,W,C)


def entry(x: np.ndarray, axis: int, number: int, how: Slide) -> np.ndarray:
    """The view of what entry `number` of every window along one axis sees."""
    met = how.met(axis - 1, number)
    return x[:, met] if axis == ROWS else x[:, :, met]


def largest(x: np.ndarray, axis: int, how: Slide) -> np.ndarray:
    """The largest value of each window along one axis."""
    size = how.kernel[axis - 1]
    y = entry(x, axis, 0, how)
    y = np.maximum(y, entry(x, axis, 1, how)) if size > 1 else y.copy()
    for number in range(2, size):
        np.maximum(y, entry(x, axis, number, how), out=y)
    return y


def send_back(dy: np.ndarray, x: np.ndarray, y: np.ndarray, axis: int, how: Slide) -> np.ndarray:
    """dx: each dy at the first entry of its window, along one axis, that equals y. Overwrites dy."""
    size, step = how.kernel[axis - 1], how.strides[axis - 1]
    tiled = size == step and size * how.outputs[axis - 1] == x.shape[axis]  # each pixel lies in one window
    dx = np.empty_like(x) if tiled else np.zeros_like(x)
    for number in range(size):
        met = entry(dx, axis, number, how)
        if number == size - 1:  # what nobody before has taken
            sent = dy
        else:
            sent = dy * (entry(x, axis, number, how) == y)
            dy -= sent
        if tiled:
            met[...] = sent
        else:
            met += sent
    return dx


def max_forward(
    spec: MaxPooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return y (N,I,J,C), and x with y for backward."""
    (x,) = inputs
    n, h, w, c = x.shape
    how = pool_slide(spec, (h, w), context.label)
    y = np.empty((n, *how.outputs, c), x.dtype)
    for images in how.images_at_once(n, c, x.itemsize):
        padded = pad(x[images], how.around, -np.inf)
        y[images] = largest(largest(padded, COLUMNS, how), ROWS, how)
    return y, (x, y)


def max_backward(
    spec: MaxPooling2D,
    dy: np.ndarray,
    saved: tuple[np.ndarray, np.ndarray],
    weights: Weights,
    context: Context,
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx: dy where the entry was the first largest."""
    x, y = saved
    n, h, w, c = x.shape
    how = pool_slide(spec, (h, w), context.label)
    dx = np.empty(x.shape, x.dtype)
    for images in how.images_at_once(n, c, x.itemsize):
        padded = pad(x[images], how.around, -np.inf)
        rows = largest(padded, COLUMNS, how)  # (images,H,J,C)
        drows = send_back(dy[images], rows, y[images], ROWS, how)
        dx[images] = unpad(send_back(drows, padded, rows, COLUMNS, how), how.around)
    return [dx], {}


def counts(how: Slide, size: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """(1,I,J,1): how many real pixels each window has."""
    real = pad(np.ones((1, *size, 1), dtype), how.around)
    return windows(real, how).sum(axis=(3, 4))


def mean_forward(
    spec: AveragePooling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return y (N,I,J,C) and the shape of x."""
    (x,) = inputs
    n, h, w, c = x.shape
    how = pool_slide(spec, (h, w), context.label)
    y = np.zeros((n, *how.outputs, c), x.dtype)
    padded = pad(x, how.around)
    for _, _, pixels in how.entries:
        y += padded[pixels]
    y /= counts(how, (h, w), x.dtype)
    return y, x.shape


def mean_backward(
    spec: AveragePooling2D, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx: each output's gradient shared out evenly over its window."""
    size = (shape[1], shape[2])
    how = pool_slide(spec, size, context.label)
    dy /= counts(how, size, dy.dtype)
    dx = pad(np.zeros(shape, dy.dtype), how.around)
    for _, _, pixels in how.entries:
        dx[pixels] += dy
    return [unpad(dx, how.around)], {}


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
    place = pixels.argmax(axis=1)[:, None]  # (N,1,C)
    y = np.take_along_axis(pixels, place, axis=1)
    return y.reshape((n, 1, 1, c) if spec.keepdims else (n, c)), (place, x.shape)


def global_max_backward(
    spec: GlobalMaxPooling2D,
    dy: np.ndarray,
    saved: tuple[np.ndarray, tuple[int, ...]],
    weights: Weights,
    context: Context,
) -> tuple[list[np.ndarray | None], Weights]:
    """dx is dy at the first largest pixel of each map."""
    place, (n, h, w, c) = saved
    dx = np.zeros((n, h * w, c), dy.dtype)
    np.put_along_axis(dx, place, dy.reshape(n, 1, c), axis=1)
    return [dx.reshape(n, h, w, c)], {}


register(MaxPooling2D, max_forward, max_backward, keeps_output=True)
register(AveragePooling2D, mean_forward, mean_backward)
register(GlobalAveragePooling2D, global_mean_forward, global_mean_backward)
register(GlobalMaxPooling2D, global_max_forward, global_max_backward)
