"""Conv2D: slide F kernels over an image and sum the products (a cross-correlation).

Axes      N images, H W pixels, C channels, F filters, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C)   kernel (U,V,C/groups,F)   bias (F,)   y (N,I,J,F)
Forward   y[n,i,j,f] = bias[f] + sum_uvc kernel[u,v,c,f] * x[n, i*stride+u*dilation, j*stride+v*dilation, c]
Backward  dkernel[u,v,c,f] = sum_nij dy[n,i,j,f] * x[n, i*stride+u*dilation, j*stride+v*dilation, c]
          dx[n, i*stride+u*dilation, j*stride+v*dilation, c] += sum_f dy[n,i,j,f] * kernel[u,v,c,f]
          dbias[f] = sum_nij dy[n,i,j,f]                                         (x padded, dx cut to x)
Groups    channels and filters are cut into equal parts; part g of the filters sees part g of the channels
Source    Goodfellow, Bengio & Courville 2016, eq. 9.11-9.13.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.patches import from_rows, slide, to_matrix, turn
from pellucid.engines.reference.rows import repeat, sum_rows, wide_rows
from pellucid.spec.convolution import Conv2D


def forward(
    spec: Conv2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y (N,I,J,F) and x, which backward reads again."""
    (x,) = inputs
    n, h, w, c = x.shape
    how = slide(spec, (h, w), context.label)
    kernel = weights["kernel"]
    y = np.empty((n, *how.outputs, spec.filters), x.dtype)
    bias = repeat(weights["bias"], y) if spec.use_bias else None
    for images in how.images_at_once(n, c, x.itemsize):
        for channels, filters in groups(spec.groups, c, spec.filters):
            matrix = to_matrix(x[images, :, :, channels], how)  # (images*I*J, U*V*C/groups)
            part = y[images].reshape(-1, spec.filters)[:, filters]
            np.matmul(matrix, kernel[..., filters].reshape(matrix.shape[1], -1), out=part)
        if bias is not None:
            wide_rows(y[images])[:] += bias
    return y, x


def backward(
    spec: Conv2D, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    n, h, w, c = x.shape
    how = slide(spec, (h, w), context.label)
    parts = groups(spec.groups, c, spec.filters)
    turned = [turn(weights["kernel"][..., filters]) for _, filters in parts]
    dkernel = np.zeros((weights["kernel"][..., 0].size, spec.filters), x.dtype)  # (U*V*C/groups, F)
    dx = np.empty(x.shape, x.dtype) if context.wanted[0] else None
    for images in how.images_at_once(n, c, x.itemsize):
        rows = dy[images].reshape(-1, spec.filters)  # (images*I*J, F)
        for (channels, filters), part in zip(parts, turned, strict=True):
            if context.trains:
                dkernel[:, filters] += to_matrix(x[images, :, :, channels], how).T @ rows[:, filters]
            if dx is not None:
                dx[images, :, :, channels] = from_rows(rows[:, filters], part, (h, w), how)
    gradients: Weights = {}
    if context.trains:
        gradients["kernel"] = dkernel.reshape(weights["kernel"].shape)
        if spec.use_bias:
            gradients["bias"] = sum_rows(dy)
    return [dx], gradients


def groups(number: int, channels: int, filters: int) -> list[tuple[slice, slice]]:
    """(channels, filters) of each group."""
    c, f = channels // number, filters // number
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(number)]


register(Conv2D, forward, backward)
