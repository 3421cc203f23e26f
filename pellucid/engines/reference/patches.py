"""Windows of a map as one matrix, and the way back: what turns a convolution into matrix products.

Axes      N images, H W pixels, C channels, F filters, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C)   matrix (N*I*J, U*V*C)   rows (N*I*J, F)   kernel (U,V,C,F)
Forward   matrix[nij, uvc] = x[n, i*stride+u*dilation, j*stride+v*dilation, c]                    (x padded)
Backward  dx[n, i*stride+u*dilation, j*stride+v*dilation, c] += sum_f rows[nij, f] kernel[u,v,c,f]  (dx cut to x)
Source    Chellapilla, Puri & Simard 2006.

Images are taken a few at a time, as many as have a window matrix that stays in the cache: the matrix is made anew in
the backward pass, which costs less than writing it to memory and reading it again.
With few channels the matrix is laid out with its long axis last (and returned as a transposed view): copies then run
along image rows instead of over a handful of channels. BLAS reads either layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.pooling import Pooling2D
from pellucid.spec.shapes import paddings, window_outputs

FEW_CHANNELS = 8  # below this, copying along image rows is faster
CACHE_BYTES = 1_200_000  # of one window matrix: about the second-level cache of a server core
Pair = tuple[int, int]
Around = tuple[Pair, Pair]  # pixels added ((top, bottom), (left, right))


@dataclass(frozen=True)
class Slide:
    """How a window moves over a map, and how many places (I, J) it takes."""

    kernel: Pair
    strides: Pair
    dilation: Pair
    around: Around
    outputs: Pair

    def images_at_once(self, n: int, channels: int, itemsize: int) -> list[slice]:
        """The batch in parts whose window matrix stays in the cache."""
        one = self.outputs[0] * self.outputs[1] * self.kernel[0] * self.kernel[1] * channels * itemsize
        step = max(1, CACHE_BYTES // one)
        return [slice(first, min(first + step, n)) for first in range(0, n, step)]

    @cached_property
    def entries(self) -> tuple[tuple[int, int, tuple[slice, slice, slice]], ...]:
        """(u, v, which pixels of a padded map the kernel's entry u, v meets), in row order."""
        return tuple((u, v, (slice(None), self.met(0, u), self.met(1, v))) for u, v in np.ndindex(self.kernel))

    def met(self, axis: int, number: int) -> slice:
        """The rows (axis 0) or columns (axis 1) that row or column `number` of the kernel meets."""
        first = number * self.dilation[axis]
        return slice(first, first + self.strides[axis] * (self.outputs[axis] - 1) + 1, self.strides[axis])


def slide(spec: Conv2D | DepthwiseConv2D, size: Pair, where: str) -> Slide:
    """How a convolution moves over a map of (H, W); raises ShapeError when the kernel does not fit."""
    around = paddings(size, spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    i, j = window_outputs(where, (*size, 1), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    assert i is not None and j is not None
    return Slide(spec.kernel_size, spec.strides, spec.dilation_rate, around, (i, j))


def pool_slide(spec: Pooling2D, size: Pair, where: str) -> Slide:
    """How a pool moves over a map of (H, W)."""
    around = paddings(size, spec.pool_size, spec.steps, spec.padding)
    i, j = window_outputs(where, (*size, 1), spec.pool_size, spec.steps, spec.padding)
    assert i is not None and j is not None
    return Slide(spec.pool_size, spec.steps, (1, 1), around, (i, j))


def windows(padded: np.ndarray, how: Slide) -> np.ndarray:
    """The view (N,I,J,U,V,C) of all windows; nothing is copied."""
    n, c = padded.shape[0], padded.shape[3]
    by_n, by_h, by_w, by_c = padded.strides
    by_i, by_j = by_h * how.strides[0], by_w * how.strides[1]
    steps = (by_n, by_i, by_j, by_h * how.dilation[0], by_w * how.dilation[1], by_c)
    return as_strided(padded, (n, *how.outputs, *how.kernel, c), steps, writeable=False)


def to_matrix(x: np.ndarray, how: Slide) -> np.ndarray:
    """The matrix (N*I*J, U*V*C) of all windows of a few images."""
    n, _, _, c = x.shape
    padded = pad(x, how.around)
    if how.kernel == (1, 1) and how.strides == (1, 1):
        return padded.reshape(-1, c)
    view = windows(padded, how)
    rows, columns = n * how.outputs[0] * how.outputs[1], how.kernel[0] * how.kernel[1] * c
    if c < FEW_CHANNELS:
        matrix = np.empty((*how.kernel, c, n, *how.outputs), x.dtype)
        np.copyto(matrix, view.transpose(3, 4, 5, 0, 1, 2))
        return matrix.reshape(columns, rows).T
    matrix = np.empty((n, *how.outputs, *how.kernel, c), x.dtype)
    np.copyto(matrix, view)
    return matrix.reshape(rows, columns)


def from_rows(rows: np.ndarray, turned: np.ndarray, size: Pair, how: Slide) -> np.ndarray:
    """dx (N,H,W,C) of a few images: what each kernel entry sends back, added to the pixels it met.

    `turned` is the kernel as (U,V,F,C): one small matrix product an entry, whose result is still in the cache.
    """
    (top, bottom), (left, right) = how.around
    n, c = len(rows) // (how.outputs[0] * how.outputs[1]), turned.shape[3]
    if how.kernel == (1, 1) and how.strides == (1, 1):
        return unpad((rows @ turned[0, 0]).reshape(n, *how.outputs, c), how.around)
    padded = np.zeros((n, size[0] + top + bottom, size[1] + left + right, c), rows.dtype)
    sent = np.empty((len(rows), c), rows.dtype)
    map_of_sent = sent.reshape(n, *how.outputs, c)
    for u, v, pixels in how.entries:
        np.matmul(rows, turned[u, v], out=sent)
        padded[pixels] += map_of_sent
    return unpad(padded, how.around)


def turn(kernel: np.ndarray) -> np.ndarray:
    """The kernel (U,V,C,F) as (U,V,F,C), for `from_rows`."""
    return np.ascontiguousarray(kernel.transpose(0, 1, 3, 2))


def pad(x: np.ndarray, around: Around, value: float = 0.0) -> np.ndarray:
    """The map (N,H,W,C) with pixels of `value` around; x itself when there are none."""
    (top, bottom), (left, right) = around
    if not (top or bottom or left or right):
        return x
    n, h, w, c = x.shape
    padded = np.full((n, h + top + bottom, w + left + right, c), value, x.dtype)
    padded[:, top : top + h, left : left + w] = x
    return padded


def unpad(x: np.ndarray, around: Around) -> np.ndarray:
    """The view of a padded map without its border."""
    (top, bottom), (left, right) = around
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]
