"""Layers that move, scale or join numbers.

Axes      N images, H W pixels, C channels; Flatten goes in H, W, C order, which is the order of the values' axes
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.spec.merging import Add, Concatenate, Multiply
from pellucid.spec.reshaping import Flatten, PositionBias, Rescaling, Reshape, UpSampling2D, ZeroPadding2D


def flatten(spec: Flatten, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """(N,H,W,C) -> (N,H*W*C)."""
    return inputs[0].flatten(1)


def reshape(spec: Reshape, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """x in the target shape."""
    return torch.unflatten(inputs[0].flatten(1), 1, spec.target_shape)


def padding(spec: ZeroPadding2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """x with zeros around."""
    (top, bottom), (left, right) = spec.padding
    return F.pad(inputs[0], (0, 0, left, right, top, bottom))


def upsampling(spec: UpSampling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,i,j,c] = x[n, i // rows, j // columns, c]."""
    (x,), (rows, columns) = inputs, spec.size
    n, h, w, c = x.shape
    wide = torch.cat([x] * columns, dim=3).reshape(n, h, w * columns * c)  # the way back: sums of slices
    return torch.cat([wide] * rows, dim=2).reshape(n, h * rows, w * columns, c)


def rescaling(spec: Rescaling, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = scale x + offset."""
    x = inputs[0]
    return x * a_channel(spec.scale, x) + a_channel(spec.offset, x)


def a_channel(value: float | tuple[float, ...], x: Tensor) -> float | Tensor:
    """A number as it is; several as a tensor (C,) of x's kind."""
    return torch.tensor(value, dtype=x.dtype, device=x.device) if isinstance(value, tuple) else value


def position_bias(spec: PositionBias, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x + bias, one bias a place."""
    return inputs[0] + weights["bias"]


def add(spec: Add, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x1 + x2 + ..."""
    return reduce(torch.add, inputs)


def multiply(spec: Multiply, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x1 x2 ..."""
    return reduce(torch.mul, inputs)


def concatenate(spec: Concatenate, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """The inputs one after another."""
    return torch.cat(list(inputs), dim=spec.place(inputs[0].ndim - 1, context.label) + 1)


register(Flatten, flatten)
register(Reshape, reshape)
register(ZeroPadding2D, padding)
register(UpSampling2D, upsampling)
register(Rescaling, rescaling)
register(PositionBias, position_bias)
register(Add, add)
register(Multiply, multiply)
register(Concatenate, concatenate)
