"""DepthwiseConv2D: every channel has M kernels of its own.

Axes      N images, H W pixels, C channels, M kernels a channel, U V kernel rows and columns, I J output pixels
Shapes    x (N,H,W,C)   kernel (U,V,C,M)   bias (C*M,)   y (N,I,J,C*M)
Forward   y[n,i,j,c*M+m] = bias[c*M+m] + sum_uv kernel[u,v,c,m] * x[n, i*stride+u*dilation, j*stride+v*dilation, c]
Backward  dkernel[u,v,c,m] = sum_nij dy[n,i,j,c*M+m] * x[n, i*stride+u*dilation, j*stride+v*dilation, c]
          dx[n, i*stride+u*dilation, j*stride+v*dilation, c] += sum_m dy[n,i,j,c*M+m] * kernel[u,v,c,m]
Source    Howard et al. 2017, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference import patches
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.convolution import DepthwiseConv2D
from pellucid.spec.shapes import paddings, window_outputs


def forward(
    spec: DepthwiseConv2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[np.ndarray, tuple[tuple[int, int], tuple[int, int]]]]:
    """Return y (N,I,J,C*M), and the padded map with its border."""
    (x,) = inputs
    kernel = weights["depthwise_kernel"]
    n, h, w, c = x.shape
    around = paddings((h, w), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    i, j = window_outputs(context.label, (h, w, c), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    assert i is not None and j is not None
    padded = patches.pad(x, around)
    y = np.zeros((n, i, j, c, spec.depth_multiplier), x.dtype)
    for u, v in np.ndindex(kernel.shape[:2]):
        y += patches.place(padded, u, v, (i, j), spec.strides, spec.dilation_rate)[..., None] * kernel[u, v]
    y = y.reshape(n, i, j, -1)
    if spec.use_bias:
        y += weights["bias"]
    return y, (padded, around)


def backward(
    spec: DepthwiseConv2D,
    dy: np.ndarray,
    saved: tuple[np.ndarray, tuple[tuple[int, int], tuple[int, int]]],
    weights: Weights,
    context: Context,
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    padded, around = saved
    kernel = weights["depthwise_kernel"]
    n, i, j, _ = dy.shape
    parts = dy.reshape(n, i, j, padded.shape[3], spec.depth_multiplier)  # (N,I,J,C,M)
    dkernel = np.empty_like(kernel)
    dx = np.zeros_like(padded) if context.wanted[0] else None
    for u, v in np.ndindex(kernel.shape[:2]):
        if context.trains:
            met = patches.place(padded, u, v, (i, j), spec.strides, spec.dilation_rate)
            dkernel[u, v] = np.einsum("nijc,nijcm->cm", met, parts)
        if dx is not None:
            place = patches.place(dx, u, v, (i, j), spec.strides, spec.dilation_rate)
            place += np.einsum("nijcm,cm->nijc", parts, kernel[u, v])
    gradients: Weights = {}
    if context.trains:
        gradients["depthwise_kernel"] = dkernel
        if spec.use_bias:
            gradients["bias"] = dy.reshape(-1, dy.shape[3]).sum(axis=0)
    return [None if dx is None else patches.unpad(dx, around)], gradients


register(DepthwiseConv2D, forward, backward)
