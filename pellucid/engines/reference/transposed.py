"""Conv2DTranspose: every input pixel paints a kernel-sized patch; overlapping patches add up.

Axes      N images, H W input pixels, C channels, F filters, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C)   kernel (U,V,F,C)   bias (F,)   y (N,I,J,F)
Forward   y[n, h*stride+u, w*stride+v, f] += sum_c kernel[u,v,f,c] * x[n,h,w,c];  then y += bias  (y cut by the padding)
Backward  dx[n,h,w,c] = sum_uvf kernel[u,v,f,c] * dy[n, h*stride+u, w*stride+v, f]                (dy padded)
          dkernel[u,v,f,c] = sum_nhw dy[n, h*stride+u, w*stride+v, f] * x[n,h,w,c];  dbias[f] = sum_nij dy[n,i,j,f]
It is the backward pass of Conv2D from y to x, so both read the same window matrix.
Source    Dumoulin & Visin 2016, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference import patches
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.convolution import Conv2DTranspose
from pellucid.spec.shapes import paddings, transposed_outputs

Around = tuple[tuple[int, int], tuple[int, int]]


def border(spec: Conv2DTranspose, h: int, w: int) -> tuple[tuple[int, int], Around]:
    """(I, J) and the pixels that the matching convolution pads around them."""
    i, j = transposed_outputs((h, w, None), spec.kernel_size, spec.strides, spec.padding)
    assert i is not None and j is not None
    return (i, j), paddings((i, j), spec.kernel_size, spec.strides, spec.padding)


def forward(
    spec: Conv2DTranspose, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y (N,I,J,F) and x."""
    (x,) = inputs
    n, h, w, c = x.shape
    (i, j), around = border(spec, h, w)
    shape = (n, i + sum(around[0]), j + sum(around[1]), spec.filters)
    painted = patches.from_rows(x.reshape(-1, c), weights["kernel"], shape, (h, w), spec.strides, (1, 1))
    y = np.ascontiguousarray(patches.unpad(painted, around))
    if spec.use_bias:
        y += weights["bias"]
    return y, x


def backward(
    spec: Conv2DTranspose, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    _, h, w, c = x.shape
    kernel = weights["kernel"]
    _, around = border(spec, h, w)
    padded = patches.pad(dy, around)
    matrix = patches.to_matrix(padded, spec.kernel_size, (h, w), spec.strides, (1, 1))  # (N*H*W, U*V*F)
    gradients: Weights = {}
    if context.trains:
        gradients["kernel"] = (matrix.T @ x.reshape(-1, c)).reshape(kernel.shape)
        if spec.use_bias:
            gradients["bias"] = dy.reshape(-1, spec.filters).sum(axis=0)
    dx = (matrix @ kernel.reshape(-1, c)).reshape(x.shape) if context.wanted[0] else None
    return [dx], gradients


register(Conv2DTranspose, forward, backward)
