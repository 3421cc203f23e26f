"""Convolutions and dense layers.

Axes      N images, H W pixels, C channels, F filters or units, M kernels a channel, U V kernel rows and columns
Kernels   plain (U,V,C/groups,F) -> torch's (F,C/groups,U,V)      depthwise (U,V,C,M) -> (C*M,1,U,V), groups = C
          transposed (U,V,F,C) -> torch's (C,F,U,V)               dense (D,F)
Padding   `same` with a stride pads more at the bottom and right, which torch's argument cannot say: then by hand
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, as_nchw, as_nhwc, register
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.shapes import window_paddings

Pair = tuple[int, int]
FEW = 8  # channels: below it the way back of a 1 x 1 kernel with a stride writes outside its memory (PyTorch 2.13, CPU)


def padded(x: Tensor, around: tuple[Pair, Pair], value: float = 0.0) -> tuple[Tensor, Pair]:
    """The map (N,C,H,W), padded by hand only when the two sides differ, and the padding left for torch."""
    (top, bottom), (left, right) = around
    if (top, left) == (bottom, right):
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def slide(spec: Conv2D | DepthwiseConv2D, x: Tensor, kernel: Tensor, weights: Weights, context: Context) -> Tensor:
    """A convolution of the map x (N,H,W,C) with torch's kernel; raises ShapeError when it does not fit."""
    kernel_size, strides, dilation = spec.kernel_size, spec.strides, spec.dilation_rate
    size = (x.shape[1], x.shape[2])
    around = window_paddings(context.label, size, kernel_size, strides, spec.padding, dilation)
    entered, left_over = padded(as_nchw(x), around)
    groups = spec.groups if isinstance(spec, Conv2D) else x.shape[3]
    if kernel_size == (1, 1) and strides != (1, 1) and x.shape[3] < FEW and left_over == (0, 0):
        entered, strides = entered[:, :, :: strides[0], :: strides[1]], (1, 1)
    y = F.conv2d(entered, kernel, weights.get("bias"), strides, left_over, dilation, groups)
    return as_nhwc(y)


def convolution(spec: Conv2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,i,j,f] = bias[f] + sum_uvc kernel[u,v,c,f] x[n, i stride + u, j stride + v, c]."""
    return slide(spec, inputs[0], weights["kernel"].permute(3, 2, 0, 1), weights, context)


def depthwise(spec: DepthwiseConv2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,i,j,c M + m] = bias[c M + m] + sum_uv kernel[u,v,c,m] x[n, i stride + u, j stride + v, c]."""
    kernel = weights["depthwise_kernel"]
    u, v, c, m = kernel.shape
    return slide(spec, inputs[0], kernel.permute(2, 3, 0, 1).reshape(c * m, 1, u, v), weights, context)


def transposed(spec: Conv2DTranspose, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n, h stride + u, w stride + v, f] += sum_c kernel[u,v,f,c] x[n,h,w,c], cut or widened to its size."""
    (x,) = inputs
    (i, j), (top, left) = spec.sizes((x.shape[1], x.shape[2], None))
    assert i is not None and j is not None
    kernel = weights["kernel"].permute(3, 2, 0, 1)
    y = F.conv_transpose2d(as_nchw(x), kernel, None, spec.strides, dilation=spec.dilation_rate)
    y = F.pad(y, (-left, j + left - y.shape[3], -top, i + top - y.shape[2]))
    return as_nhwc(y) + weights["bias"] if spec.use_bias else as_nhwc(y)


def dense(spec: Dense, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,f] = bias[f] + sum_d x[n,d] kernel[d,f]."""
    (x,), bias = inputs, weights.get("bias")
    if x.ndim == 2 and bias is not None:
        return torch.addmm(bias, x, weights["kernel"])  # what linear comes to, without two turns of the kernel
    return F.linear(x, weights["kernel"].t(), bias)


register(Conv2D, convolution)
register(DepthwiseConv2D, depthwise)
register(Conv2DTranspose, transposed)
register(Dense, dense)
