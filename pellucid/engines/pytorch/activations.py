"""Activations: one number in, one number out; softmax sees all numbers of the last axis.

ReLU      y = x where x > threshold, else slope (x - threshold), cut at max_value (slope 0 there)
PReLU     y = x above zero, alpha x below          RReLU   alpha drawn from [lower, upper], their mean afterwards
ELU       y = x above zero, alpha (e^x - 1) below
Sources   as in the reference engine; the slope at a kink is the reference engine's.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.engines.pytorch.noise import uniform
from pellucid.spec.activations import ELU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh


def relu(spec: ReLU, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x above the threshold, with a slope below and a largest value where given."""
    (x,) = inputs
    if spec.threshold == 0:
        y = F.leaky_relu(x, spec.negative_slope) if spec.negative_slope else torch.relu(x)
    else:
        y = torch.where(x > spec.threshold, x, spec.negative_slope * (x - spec.threshold))
    if spec.max_value is not None:
        y = y.masked_fill(y >= spec.max_value, spec.max_value)
    return y


def prelu(spec: PReLU, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x above zero, alpha x below."""
    (x,) = inputs
    return torch.where(x > 0, x, x * weights["alpha"])


def rrelu(spec: RReLU, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x above zero, a x below."""
    (x,) = inputs
    if not context.training or context.key is None:
        return torch.where(x > 0, x, x * ((spec.lower + spec.upper) / 2))
    share = uniform(context.key, x, torch.float64)
    slope = share * (spec.upper - spec.lower) + spec.lower
    return torch.where(x > 0, x, x * slope.to(x.dtype))


def elu(spec: ELU, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = x above zero, alpha (e^x - 1) below."""
    return F.elu(inputs[0], spec.alpha)


def sigmoid(spec: Sigmoid, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = 1 / (1 + e^-x)."""
    return torch.sigmoid(inputs[0])


def tanh(spec: Tanh, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = tanh x."""
    return torch.tanh(inputs[0])


def softmax(spec: Softmax, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = e^x / sum e^x on the last axis."""
    return torch.softmax(inputs[0], dim=-1)


register(ReLU, relu)
register(PReLU, prelu)
register(RReLU, rrelu)
register(ELU, elu)
register(Sigmoid, sigmoid)
register(Tanh, tanh)
register(Softmax, softmax)
