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

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.patches import pad, slide, unpad
from pellucid.engines.reference.rows import add_to_rows, sum_rows
from pellucid.spec.convolution import DepthwiseConv2D


def forward(
    spec: DepthwiseConv2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y (N,I,J,C*M) and x."""
    (x,) = inputs
    n, h, w, c = x.shape
    how = slide(spec, (h, w), context.label)
    kernel = weights["depthwise_kernel"]
    y = np.zeros((n, *how.outputs, c, spec.depth_multiplier), x.dtype)
    padded = pad(x, how.around)
    for u, v, pixels in how.entries:
        y += padded[pixels][..., None] * kernel[u, v]
    y = y.reshape(n, *how.outputs, -1)
    if spec.use_bias:
        add_to_rows(y, weights["bias"])
    return y, x


def backward(
    spec: DepthwiseConv2D, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context
) -> tuple[list[np.ndarray | None], Weights]:
    """Return dx and the gradients of kernel and bias."""
    n, h, w, c = x.shape
    how = slide(spec, (h, w), context.label)
    kernel = weights["depthwise_kernel"]
    parts = dy.reshape(n, *how.outputs, c, spec.depth_multiplier)  # (N,I,J,C,M)
    gradients: Weights = {}
    if context.trains:
        dkernel = np.empty_like(kernel)
        padded = pad(x, how.around)
        for u, v, pixels in how.entries:
            dkernel[u, v] = np.einsum("nijc,nijcm->cm", padded[pixels], parts)
        gradients["depthwise_kernel"] = dkernel
        if spec.use_bias:
            gradients["bias"] = sum_rows(dy)
    if not context.wanted[0]:
        return [None], gradients
    dpadded = pad(np.zeros_like(x), how.around)
    for u, v, pixels in how.entries:
        dpadded[pixels] += np.einsum("nijcm,cm->nijc", parts, kernel[u, v])
    return [unpad(dpadded, how.around)], gradients


register(DepthwiseConv2D, forward, backward)
