"""Pooling: the largest or the mean value of each window, or of the whole map.

Axes      N images, H W pixels, C channels; x (N,H,W,C), y (N,I,J,C)
Max       padding is -inf; on a tie the first in row order takes the gradient, as in torch's own kernels
Mean      pixels of the padding do not count: sums of windows over the number of real pixels in each
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, as_nchw, as_nhwc, register
from pellucid.spec.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    Pooling2D,
)
from pellucid.spec.shapes import window_paddings


def enter(spec: Pooling2D, x: Tensor, context: Context, value: float) -> Tensor:
    """The map (N,C,H,W) with pixels of `value` around; raises ShapeError when the window does not fit."""
    size = (x.shape[1], x.shape[2])
    around = window_paddings(context.label, size, spec.pool_size, spec.steps, spec.padding)
    (top, bottom), (left, right) = around
    if not (top or bottom or left or right):
        return as_nchw(x)
    return F.pad(as_nchw(x), (left, right, top, bottom), value=value)


def largest(spec: MaxPooling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """The largest value of each window."""
    entered = enter(spec, inputs[0], context, -torch.inf)
    return as_nhwc(F.max_pool2d(entered, spec.pool_size, spec.steps))


def mean(spec: AveragePooling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """The mean of each window's real pixels."""
    (x,) = inputs
    entered = enter(spec, x, context, 0.0)
    if entered.shape[2:] == x.shape[1:3]:
        return as_nhwc(F.avg_pool2d(entered, spec.pool_size, spec.steps))
    sums = F.avg_pool2d(entered, spec.pool_size, spec.steps, divisor_override=1)
    real = enter(spec, torch.ones_like(x[:1, :, :, :1]), context, 0.0)
    return as_nhwc(sums / F.avg_pool2d(real, spec.pool_size, spec.steps, divisor_override=1))


def global_mean(spec: GlobalAveragePooling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,c] = mean_hw x[n,h,w,c]."""
    return inputs[0].mean(dim=(1, 2), keepdim=spec.keepdims)


def global_largest(spec: GlobalMaxPooling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,c] = max_hw x[n,h,w,c]; `max` along one axis sends the gradient to the first of equals."""
    (x,) = inputs
    n, h, w, c = x.shape
    y = x.reshape(n, h * w, c).max(dim=1).values
    return y.reshape(n, 1, 1, c) if spec.keepdims else y


register(MaxPooling2D, largest)
register(AveragePooling2D, mean)
register(GlobalAveragePooling2D, global_mean)
register(GlobalMaxPooling2D, global_largest)
