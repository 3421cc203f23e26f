"""Layers that move or scale numbers: backward moves the gradient the same way back.

Axes      N images, H W pixels, C channels
Flatten   (N,H,W,C) -> (N,H*W*C), in that order      Reshape   any shape of as many entries
Padding   zeros around; dx is dy without the border
Upsample  y[n,i,j,c] = x[n, i // rows, j // columns, c]; dx sums each block
Rescale   y = scale x + offset; dx = scale dy
Position bias   y[n,...] = x[n,...] + bias[...]; dbias = sum_n dy
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference import patches
from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.reshaping import Flatten, PositionBias, Rescaling, Reshape, UpSampling2D, ZeroPadding2D

Result = tuple[list[np.ndarray | None], Weights]


def flatten_forward(
    spec: Flatten, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the rows and the shape of x."""
    (x,) = inputs
    return x.reshape(x.shape[0], -1), x.shape


def reshape_forward(
    spec: Reshape, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return x in the target shape, and its own shape."""
    (x,) = inputs
    return x.reshape(x.shape[0], *spec.target_shape), x.shape


def reshape_backward(
    spec: Flatten | Reshape, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context
) -> Result:
    """dy in x's shape."""
    return [dy.reshape(shape)], {}


def padding_forward(
    spec: ZeroPadding2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, None]:
    """Return x with zeros around."""
    return patches.pad(inputs[0], spec.padding), None


def padding_backward(spec: ZeroPadding2D, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """dy without the border."""
    return [patches.unpad(dy, spec.padding)], {}


def upsampling_forward(
    spec: UpSampling2D, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the blocks, and the shape of x."""
    (x,) = inputs
    return x.repeat(spec.size[0], axis=1).repeat(spec.size[1], axis=2), x.shape


def upsampling_backward(
    spec: UpSampling2D, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context
) -> Result:
    """The sum of each block."""
    n, h, w, c = shape
    return [dy.reshape(n, h, spec.size[0], w, spec.size[1], c).sum(axis=(2, 4))], {}


def rescaling_forward(
    spec: Rescaling, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, None]:
    """Return scale x + offset."""
    x = inputs[0]
    return x * a_channel(spec.scale, x) + a_channel(spec.offset, x), None


def rescaling_backward(spec: Rescaling, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """scale dy."""
    return [dy * a_channel(spec.scale, dy)], {}


def a_channel(value: float | tuple[float, ...], x: np.ndarray) -> float | np.ndarray:
    """A number as it is; several as an array (C,) of x's kind."""
    return np.array(value, x.dtype) if isinstance(value, tuple) else value


def bias_forward(
    spec: PositionBias, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, None]:
    """Return x + bias."""
    return inputs[0] + weights["bias"], None


def bias_backward(spec: PositionBias, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """dy, and its sum over samples for the bias."""
    return [dy], {"bias": dy.sum(axis=0)} if context.trains else {}


register(Flatten, flatten_forward, reshape_backward, keeps_output=True)
register(Reshape, reshape_forward, reshape_backward, keeps_output=True)
register(ZeroPadding2D, padding_forward, padding_backward, keeps_output=True)
register(UpSampling2D, upsampling_forward, upsampling_backward)
register(Rescaling, rescaling_forward, rescaling_backward)
register(PositionBias, bias_forward, bias_backward)
