"""Windows of a map as one matrix, and the way back: what turns a convolution into a matrix product.

Axes      N images, H W pixels, C channels, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C) padded already   matrix (N*I*J, U*V*C)
Forward   matrix[nij, uvc] = x[n, i*stride+u*dilation, j*stride+v*dilation, c]
Backward  dx[n, i*stride+u*dilation, j*stride+v*dilation, c] += dmatrix[nij, uvc]
Source    Chellapilla, Puri & Simard 2006.

With few channels the matrix is laid out with its long axis last (and returned as a transposed view): copies then run
along image rows instead of over a handful of channels. BLAS reads either layout.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

FEW_CHANNELS = 8  # below this, copying along image rows is faster
Pair = tuple[int, int]


def windows(x: np.ndarray, kernel: Pair, outputs: Pair, strides: Pair, dilation: Pair) -> np.ndarray:
    """The view (N,I,J,U,V,C) of all windows; nothing is copied."""
    n, c = x.shape[0], x.shape[3]
    by_n, by_h, by_w, by_c = x.strides
    shape = (n, *outputs, *kernel, c)
    steps = (by_n, by_h * strides[0], by_w * strides[1], by_h * dilation[0], by_w * dilation[1], by_c)
    return as_strided(x, shape, steps, writeable=False)


def to_matrix(x: np.ndarray, kernel: Pair, outputs: Pair, strides: Pair, dilation: Pair) -> np.ndarray:
    """The matrix (N*I*J, U*V*C) of all windows of a padded map."""
    n, c = x.shape[0], x.shape[3]
    if kernel == (1, 1) and strides == (1, 1):
        return x.reshape(-1, c)
    view = windows(x, kernel, outputs, strides, dilation)
    rows, columns = n * outputs[0] * outputs[1], kernel[0] * kernel[1] * c
    if c < FEW_CHANNELS:
        matrix = np.empty((*kernel, c, n, *outputs), x.dtype)
        np.copyto(matrix, view.transpose(3, 4, 5, 0, 1, 2))
        return matrix.reshape(columns, rows).T
    matrix = np.empty((n, *outputs, *kernel, c), x.dtype)
    np.copyto(matrix, view)
    return matrix.reshape(rows, columns)


def from_rows(
    dy: np.ndarray, kernel: np.ndarray, shape: tuple[int, ...], outputs: Pair, strides: Pair, dilation: Pair
) -> np.ndarray:
    """dx (N,H,W,C) of a padded map from dy (N*I*J, F) and kernel (U,V,C,F): dmatrix, added where it came from."""
    u, v, c, f = kernel.shape
    n = shape[0]
    if (u, v) == (1, 1) and strides == (1, 1):
        return (dy @ kernel.reshape(c, f).T).reshape(shape)
    few = c < FEW_CHANNELS
    if few:
        dmatrix = (kernel.reshape(-1, f) @ dy.T).reshape(u, v, c, n, *outputs).transpose(3, 4, 5, 0, 1, 2)
    else:
        dmatrix = (dy @ kernel.reshape(-1, f).T).reshape(n, *outputs, u, v, c)
    dx = np.zeros(shape, dy.dtype)
    for row, column in np.ndindex(u, v):
        met = place(dx, row, column, outputs, strides, dilation)  # the pixels that kernel[row, column] met
        met += dmatrix[:, :, :, row, column]
    return dx


def place(x: np.ndarray, row: int, column: int, outputs: Pair, strides: Pair, dilation: Pair) -> np.ndarray:
    """The view (N,I,J,C) of the pixels that one kernel entry meets."""
    top, left = row * dilation[0], column * dilation[1]
    bottom, right = top + strides[0] * (outputs[0] - 1) + 1, left + strides[1] * (outputs[1] - 1) + 1
    return x[:, top : bottom : strides[0], left : right : strides[1]]


def pad(x: np.ndarray, around: tuple[Pair, Pair], value: float = 0.0) -> np.ndarray:
    """The map (N,H,W,C) with ((top, bottom), (left, right)) pixels of `value` around; x itself when there are none."""
    (top, bottom), (left, right) = around
    if not (top or bottom or left or right):
        return x
    n, h, w, c = x.shape
    padded = np.full((n, h + top + bottom, w + left + right, c), value, x.dtype)
    padded[:, top : top + h, left : left + w] = x
    return padded


def unpad(x: np.ndarray, around: tuple[Pair, Pair]) -> np.ndarray:
    """The view of a padded map without its border."""
    (top, bottom), (left, right) = around
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]
