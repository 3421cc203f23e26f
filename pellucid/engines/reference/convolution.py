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
from dataclasses import dataclass

import numpy as np

from pellucid.engines.reference import patches
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.convolution import Conv2D
from pellucid.spec.shapes import paddings, window_outputs


@dataclass(frozen=True)
class Saved:
    """What backward reads again: the window matrix of each group, and how the map was padded."""

    matrices: list[np.ndarray]
    padded: tuple[int, ...]  # (N,H,W,C) with padding
    around: tuple[tuple[int, int], tuple[int, int]]
    outputs: tuple[int, int]


def forward(
    spec: Conv2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, Saved]:
    """Return y (N,I,J,F) and the window matrices."""
    (x,) = inputs
    n, h, w, c = x.shape
    around = paddings((h, w), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    i, j = window_outputs(
        context.label, (h, w, c), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate
    )
    assert i is not None and j is not None
    padded = patches.pad(x, around)
    matrices, parts = [], []
    for channels, filters in groups(spec.groups, c, spec.filters):
        matrix = patches.to_matrix(padded[..., channels], spec.kernel_size, (i, j), spec.strides, spec.dilation_rate)
        parts.append(matrix @ weights["kernel"][..., filters].reshape(matrix.shape[1], -1))  # (N*I*J, F/groups)
        matrices.append(matrix)
    y = parts[0] if spec.groups == 1 else np.concatenate(parts, axis=1)
    if spec.use_bias:
        y += weights["bias"]
    return y.reshape(n, i, j, spec.filters), Saved(matrices, padded.shape, around, (i, j))


def backward(
    spec: Conv2D, dy: np.ndarray, saved: Saved, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    kernel = weights["kernel"]
    rows = dy.reshape(-1, spec.filters)  # (N*I*J, F)
    gradients: Weights = {}
    parts = groups(spec.groups, saved.padded[3], spec.filters)
    if context.trains:
        products = [m.T @ rows[:, filters] for m, (_, filters) in zip(saved.matrices, parts, strict=True)]
        gradients["kernel"] = np.concatenate(products, axis=1).reshape(kernel.shape)
        if spec.use_bias:
            gradients["bias"] = rows.sum(axis=0)
    if not context.wanted[0]:
        return [None], gradients
    shape = (*saved.padded[:3], saved.padded[3] // spec.groups)
    dpadded = [
        patches.from_rows(rows[:, filters], kernel[..., filters], shape, saved.outputs, spec.strides,
                          spec.dilation_rate)
        for _, filters in parts
    ]
    dx = dpadded[0] if spec.groups == 1 else np.concatenate(dpadded, axis=3)
    return [patches.unpad(dx, saved.around)], gradients


def groups(number: int, channels: int, filters: int) -> list[tuple[slice, slice]]:
    """(channels, filters) of each group."""
    c, f = channels // number, filters // number
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(number)]


register(Conv2D, forward, backward)
