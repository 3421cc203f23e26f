"""Conv2DTranspose: every input pixel paints a kernel-sized patch; overlapping patches add up.

Axes      N images, H W input pixels, C channels, F filters, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C)   kernel (U,V,F,C)   bias (F,)   y (N,I,J,F)
Forward   y[n, h*stride+u, w*stride+v, f] += sum_c kernel[u,v,f,c] * x[n,h,w,c];  then y += bias  (y cut by the padding)
          (u and v times the dilation)
Backward  dx[n,h,w,c] = sum_uvf kernel[u,v,f,c] * dy[n, h*stride+u, w*stride+v, f]                (dy padded)
          dkernel[u,v,f,c] = sum_nhw dy[n, h*stride+u, w*stride+v, f] * x[n,h,w,c];  dbias[f] = sum_nij dy[n,i,j,f]
It is the backward pass of Conv2D from y to x, so both read the same window matrix.
Source    Dumoulin & Visin 2016, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.patches import Slide, from_rows, to_matrix, turn
from pellucid.engines.reference.rows import add_to_rows, sum_rows
from pellucid.spec.convolution import Conv2DTranspose
from pellucid.spec.shapes import reach


def matching(spec: Conv2DTranspose, h: int, w: int) -> tuple[tuple[int, int], Slide]:
    """(I, J), and how the convolution slides that leads from there to (H, W)."""
    (i, j), (top, left) = spec.sizes((h, w, None))
    assert i is not None and j is not None
    bottom, right = (
        max((size - 1) * stride + reach(kernel, dilation) - cut - outputs, 0)
        for size, stride, kernel, dilation, cut, outputs in zip(
            (h, w), spec.strides, spec.kernel_size, spec.dilation_rate, (top, left), (i, j), strict=True
        )
    )
    around = ((top, bottom), (left, right))
    return (i, j), Slide(spec.kernel_size, spec.strides, spec.dilation_rate, around, (h, w))


def forward(
    spec: Conv2DTranspose, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y (N,I,J,F) and x."""
    (x,) = inputs
    n, h, w, c = x.shape
    outputs, how = matching(spec, h, w)
    turned = turn(weights["kernel"])
    y = np.empty((n, *outputs, spec.filters), x.dtype)
    for images in how.images_at_once(n, spec.filters, x.itemsize):
        y[images] = from_rows(x[images].reshape(-1, c), turned, outputs, how)
    if spec.use_bias:
        add_to_rows(y, weights["bias"])
    return y, x


def backward(
    spec: Conv2DTranspose, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    n, h, w, c = x.shape
    _, how = matching(spec, h, w)
    kernel = weights["kernel"].reshape(-1, c)  # (U*V*F, C)
    dkernel = np.zeros_like(kernel)
    dx = np.empty(x.shape, x.dtype) if context.wanted[0] else None
    for images in how.images_at_once(n, spec.filters, x.itemsize):
        matrix = to_matrix(dy[images], how)  # (images*H*W, U*V*F)
        if context.trains:
            dkernel += matrix.T @ x[images].reshape(-1, c)
        if dx is not None:
            np.matmul(matrix, kernel, out=dx[images].reshape(-1, c))
    gradients: Weights = {}
    if context.trains:
        gradients["kernel"] = dkernel.reshape(weights["kernel"].shape)
        if spec.use_bias:
            gradients["bias"] = sum_rows(dy)
    return [dx], gradients


register(Conv2DTranspose, forward, backward)
