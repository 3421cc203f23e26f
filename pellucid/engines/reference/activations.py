"""Activations: one number in, one number out; softmax sees all numbers of the last axis.

ReLU      y = x where x > threshold, else slope (x - threshold), cut at max_value
          dx = dy above the threshold and below max_value, slope dy below the threshold, 0 at and beyond max_value
PReLU     y = x above zero, alpha x below;  dalpha = sum over samples and shared axes of dy x where x < 0
RReLU     y = x above zero, a x below, a drawn from [lower, upper] in training, (lower + upper) / 2 afterwards
ELU       y = x above zero, alpha (e^x - 1) below;  dx = dy, or dy (y + alpha) below
Sigmoid   y = 1 / (1 + e^-x);  dx = dy y (1 - y)          Tanh   dx = dy (1 - y^2)
Softmax   y = e^(x - max) / sum;  dx = y (dy - sum_k dy_k y_k)
Sources   Glorot et al. 2011; He et al. 2015; Xu et al. 2015; Clevert et al. 2016; Bridle 1990.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.activations import ELU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh

Result = tuple[list[np.ndarray | None], Weights]


def target(x: np.ndarray, context: Context) -> np.ndarray | None:
    """Where an activation writes: into x itself when nobody reads x again."""
    return x if context.overwrite else None


def readable_from_y(spec: ReLU) -> bool:
    """Whether y tells on which side of its kinks x lay."""
    return spec.threshold == 0 and spec.negative_slope <= 1


def relu_forward(
    spec: ReLU, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y, and the array that backward reads: y where it tells enough, else x."""
    (x,) = inputs
    if readable_from_y(spec):
        low = x * spec.negative_slope if spec.negative_slope else 0
        y = np.maximum(x, low, out=target(x, context))
    else:
        y = np.where(x > spec.threshold, x, spec.negative_slope * (x - spec.threshold))
    if spec.max_value is not None:
        np.minimum(y, spec.max_value, out=y)
    return y, y if readable_from_y(spec) else x.copy() if context.overwrite else x


def relu_backward(spec: ReLU, dy: np.ndarray, seen: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = dy times the slope at x: 1 above the threshold, negative_slope below, 0 from max_value on."""
    slope: np.ndarray = seen > spec.threshold
    if spec.negative_slope:
        slope = slope.astype(dy.dtype)
        slope *= 1 - spec.negative_slope
        slope += spec.negative_slope  # exactly 1 above: the sum rounds back
    dx = np.multiply(dy, slope, out=dy)
    if spec.max_value is not None:
        dx *= seen < spec.max_value
    return [dx], {}


def prelu_forward(
    spec: PReLU, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x."""
    (x,) = inputs
    y = np.minimum(x, 0)
    y *= weights["alpha"]
    y += np.maximum(x, 0)
    return y, x


def prelu_backward(spec: PReLU, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context) -> Result:
    """Return dx and dalpha."""
    alpha = weights["alpha"]
    below = np.minimum(x, 0)  # what alpha was multiplied with
    below *= dy
    shared = tuple(axis for axis, size in enumerate(alpha.shape, start=1) if size == 1 and below.shape[axis] != 1)
    gradients = {"alpha": below.sum(axis=(0, *shared)).reshape(alpha.shape)} if context.trains else {}
    above = x > 0
    slope = above + alpha * ~above
    return [dy * slope.astype(dy.dtype, copy=False)], gradients


def rrelu_forward(
    spec: RReLU, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y, and the slope each entry met."""
    (x,) = inputs
    below: np.ndarray | float = (spec.lower + spec.upper) / 2
    if context.training and context.key is not None:
        below = context.key.generator().uniform(spec.lower, spec.upper, x.shape)
    slope = np.where(x > 0, 1, below).astype(x.dtype)
    return x * slope, slope


def rrelu_backward(spec: RReLU, dy: np.ndarray, slope: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = dy times the slope met."""
    return [dy * slope], {}


def elu_forward(
    spec: ELU, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y twice: it holds all that backward needs."""
    (x,) = inputs
    below = np.minimum(x, 0)
    np.expm1(below, out=below)
    below *= spec.alpha
    y = np.maximum(x, 0, out=target(x, context))
    y += below
    return y, y


def elu_backward(spec: ELU, dy: np.ndarray, y: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = dy above zero, dy (y + alpha) below."""
    slope = np.minimum(y, 0)
    slope += spec.alpha  # alpha e^x below
    if spec.alpha != 1:
        slope += (y > 0) * slope.dtype.type(1 - spec.alpha)
    return [np.multiply(dy, slope, out=dy)], {}


def sigmoid(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """1 / (1 + e^-x) without overflow, as (1 + tanh(x / 2)) / 2."""
    y = np.multiply(x, 0.5, out=out)
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y


def sigmoid_forward(
    spec: Sigmoid, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y twice."""
    y = sigmoid(inputs[0], out=target(inputs[0], context))
    return y, y


def sigmoid_backward(spec: Sigmoid, dy: np.ndarray, y: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = dy y (1 - y)."""
    slope = 1 - y
    slope *= y
    return [np.multiply(dy, slope, out=dy)], {}


def tanh_forward(
    spec: Tanh, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y twice."""
    y = np.tanh(inputs[0], out=target(inputs[0], context))
    return y, y


def tanh_backward(spec: Tanh, dy: np.ndarray, y: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = dy (1 - y^2)."""
    slope = y * y
    np.subtract(1, slope, out=slope)
    return [np.multiply(dy, slope, out=dy)], {}


def softmax(x: np.ndarray) -> np.ndarray:
    """e^x / sum e^x on the last axis, shifted by the largest so that nothing overflows."""
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_forward(
    spec: Softmax, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Return y twice."""
    y = softmax(inputs[0])
    return y, y


def softmax_backward(spec: Softmax, dy: np.ndarray, y: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = y (dy - sum_k dy_k y_k)."""
    return [y * (dy - (dy * y).sum(axis=-1, keepdims=True))], {}


register(ReLU, relu_forward, relu_backward, keeps_output=True)
register(PReLU, prelu_forward, prelu_backward)
register(RReLU, rrelu_forward, rrelu_backward)
register(ELU, elu_forward, elu_backward, keeps_output=True)
register(Sigmoid, sigmoid_forward, sigmoid_backward, keeps_output=True)
register(Tanh, tanh_forward, tanh_backward, keeps_output=True)
register(Softmax, softmax_forward, softmax_backward, keeps_output=True)
