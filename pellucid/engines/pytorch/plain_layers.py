"""From each kind of layer to torch's own module, or to a few of its calls, for `plain_module`.

Axes      maps are (N,C,H,W); dense layers, softmax and batch norm see the channels, of other shapes the last axis
Padding   even padding is torch's argument, uneven padding a layer of its own in front, named `layer_pad`
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

import torch
from torch import fx, nn

from pellucid.engines.pytorch.assembly import PLAIN, Place
from pellucid.engines.pytorch.plain_parts import BatchNorm1d, BatchNorm2d, RealAvgPool2d, Rescale, RReLU, SamePad2d
from pellucid.spec.activations import ELU, PReLU, ReLU, Sigmoid, Softmax, Tanh
from pellucid.spec.activations import RReLU as RReLUSpec
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.merging import Add, Concatenate, Multiply
from pellucid.spec.normalization import BatchNormalization, Dropout, LocalResponseNormalization
from pellucid.spec.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    GlobalPooling2D,
    MaxPooling2D,
    Pooling2D,
)
from pellucid.spec.reshaping import Flatten, PositionBias, Rescaling, Reshape, UpSampling2D, ZeroPadding2D
from pellucid.spec.shapes import paddings, reach

Nodes = list[fx.Node]
Pair = tuple[int, int]
CHANNELS_FIRST = {0: 2, 1: 3, 2: 1}  # axis of (H,W,C) -> axis of (N,C,H,W)


def around(
    place: Place, kernel: Pair, strides: Pair, padding: str | Pair, dilation: Pair = (1, 1), value: float = 0.0
) -> tuple[Pair, nn.Module | None]:
    """The padding that torch's argument can say, and a module for what it cannot."""
    height, width, _ = place.shapes[0]
    if padding == "same" and (height is None or width is None):
        reaches = reach(kernel[0], dilation[0]), reach(kernel[1], dilation[1])
        return (0, 0), SamePad2d(reaches, strides, value)
    (top, bottom), (left, right) = paddings((height or 0, width or 0), kernel, strides, padding, dilation)
    if (top, left) == (bottom, right):
        return (top, left), None
    sides = left, right, top, bottom
    return (0, 0), nn.ConstantPad2d(sides, value) if value else nn.ZeroPad2d(sides)


def slide(spec: Conv2D | DepthwiseConv2D, place: Place, inputs: Nodes, kernel: torch.Tensor, groups: int) -> fx.Node:
    """A convolution with torch's kernel (F,C/groups,U,V)."""
    (x,) = inputs
    even, pad = around(place, spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    if pad is not None:
        x = place.module(pad, x, suffix="pad")
    filters, channels = kernel.shape[:2]
    part = nn.Conv2d(
        channels * groups, filters, spec.kernel_size, spec.strides, even, spec.dilation_rate, groups, spec.use_bias,
        device="meta",
    )  # fmt: skip
    return place.module(place.fill(part, weight=kernel, bias=place.weight_or_none("bias")), x)


def convolution(spec: Conv2D, place: Place, inputs: Nodes) -> fx.Node:
    """(U,V,C/groups,F) -> (F,C/groups,U,V)."""
    return slide(spec, place, inputs, place.weight("kernel").permute(3, 2, 0, 1), spec.groups)


def depthwise(spec: DepthwiseConv2D, place: Place, inputs: Nodes) -> fx.Node:
    """(U,V,C,M) -> (C*M,1,U,V), a group a channel."""
    kernel = place.weight("depthwise_kernel")
    u, v, c, m = kernel.shape
    return slide(spec, place, inputs, kernel.permute(2, 3, 0, 1).reshape(c * m, 1, u, v), c)


def transposed(spec: Conv2DTranspose, place: Place, inputs: Nodes) -> fx.Node:
    """(U,V,F,C) -> (C,F,U,V); what torch gives too much at the bottom and right is cut off."""
    kernel = place.weight("kernel").permute(3, 2, 0, 1)
    sizes, (top, left) = spec.sizes((1, 1, None))  # the same for any size
    i, j = (size or 0 for size in sizes)
    rows, columns = map(reach, spec.kernel_size, spec.dilation_rate)
    bottom, right = rows - top - i, columns - left - j
    wider = max(top - bottom, 0), max(left - right, 0)
    part = nn.ConvTranspose2d(
        kernel.shape[0], spec.filters, spec.kernel_size, spec.strides, (top, left), wider, bias=spec.use_bias,
        dilation=spec.dilation_rate, device="meta",
    )  # fmt: skip
    y = place.module(place.fill(part, weight=kernel, bias=place.weight_or_none("bias")), *inputs)
    cut = max(bottom - top, 0), max(right - left, 0)
    return place.module(nn.ZeroPad2d((0, -cut[1], 0, -cut[0])), y, suffix="cut") if any(cut) else y


def dense(spec: Dense, place: Place, inputs: Nodes) -> fx.Node:
    """(D,F) -> (F,D); over the channels of a map."""
    kernel = place.weight("kernel").t()
    part = nn.Linear(kernel.shape[1], kernel.shape[0], spec.use_bias, device="meta")
    part = place.fill(part, weight=kernel, bias=place.weight_or_none("bias"))  # type: ignore[assignment]
    (x,) = inputs
    return over_channels(place, part, x)


def over_channels(place: Place, part: nn.Module, x: fx.Node) -> fx.Node:
    """A module that takes the last axis, on a map too."""
    return place.channels_first(place.module(part, place.channels_last(x))) if place.is_map else place.module(part, x)


def batch_norm(spec: BatchNormalization, place: Place, inputs: Nodes) -> fx.Node:
    """Momentum here is the share of the old value, in torch that of the new one."""
    (x,) = inputs
    kind = BatchNorm2d if place.is_map else BatchNorm1d
    part: Any = kind(int(place.output[-1] or 0), spec.epsilon, round(1 - spec.momentum, 12))
    part.frozen = place.frozen
    place.fill(
        part, weight=place.weight_or_none("gamma"), bias=place.weight_or_none("beta"),
        running_mean=place.weight("moving_mean"), running_var=place.weight("moving_variance"),
    )  # fmt: skip
    if len(place.shapes[0]) in (1, 3):
        return place.module(part, x)
    rows = place.call(torch.reshape, x, (-1, part.num_features))
    return place.assembly.graph.call_method("view_as", (place.module(part, rows), x))


def max_pooling(spec: MaxPooling2D, place: Place, inputs: Nodes) -> fx.Node:
    """torch pads with -inf too."""
    even, x = entered(spec, place, inputs)
    return place.module(nn.MaxPool2d(spec.pool_size, spec.steps, even), x)


def entered(spec: Pooling2D, place: Place, inputs: Nodes) -> tuple[Pair, fx.Node]:
    """The padding left to torch, which takes half a window at most, and the map."""
    (x,) = inputs
    even, pad = around(place, spec.pool_size, spec.steps, spec.padding, value=-torch.inf)
    if 2 * even[0] > spec.pool_size[0] or 2 * even[1] > spec.pool_size[1]:
        (rows, columns), even = even, (0, 0)
        pad = nn.ConstantPad2d((columns, columns, rows, rows), -torch.inf)
    return even, x if pad is None else place.module(pad, x, suffix="pad")


def average_pooling(spec: AveragePooling2D, place: Place, inputs: Nodes) -> fx.Node:
    """Pixels of the padding do not count."""
    even, pad = around(place, spec.pool_size, spec.steps, spec.padding)
    if pad is None and 2 * even[0] <= spec.pool_size[0] and 2 * even[1] <= spec.pool_size[1]:
        return place.module(nn.AvgPool2d(spec.pool_size, spec.steps, even, count_include_pad=False), *inputs)
    pad = pad or nn.ZeroPad2d((even[1], even[1], even[0], even[0]))
    return place.module(RealAvgPool2d(pad, spec.pool_size, spec.steps), *inputs)


def global_average(spec: GlobalPooling2D, place: Place, inputs: Nodes) -> fx.Node:
    """The mean of each map."""
    return place.call(torch.mean, inputs[0], dim=(2, 3), keepdim=spec.keepdims)


def global_largest(spec: GlobalPooling2D, place: Place, inputs: Nodes) -> fx.Node:
    """The largest value of each map; the first of equals takes the gradient."""
    rows = place.call(torch.flatten, inputs[0], 2)
    y = place.call(operator.getitem, place.call(torch.max, rows, dim=2), 0)
    return place.call(operator.getitem, y, (slice(None), slice(None), None, None)) if spec.keepdims else y


def local_response(spec: LocalResponseNormalization, place: Place, inputs: Nodes) -> fx.Node:
    """torch's alpha is that of a mean, ours of a sum."""
    return place.module(nn.LocalResponseNorm(spec.size, spec.alpha * spec.size, spec.beta, spec.k), *inputs)


def relu(spec: ReLU, place: Place, inputs: Nodes) -> fx.Node:
    """The plain one, leaky, cut at a largest value, or from a threshold on."""
    (x,) = inputs
    slope, most = spec.negative_slope, spec.max_value
    if spec.threshold:
        below = place.call(operator.mul, place.call(operator.sub, x, spec.threshold), slope)
        x = place.call(torch.where, place.call(operator.gt, x, spec.threshold), x, below)
    elif slope:
        x = place.module(nn.LeakyReLU(slope), x)
    elif most is None:
        return place.module(nn.ReLU(), x)
    if most is None:
        return x
    least = -torch.inf if slope or spec.threshold else 0.0
    part = nn.ReLU6() if (least, most) == (0.0, 6.0) else nn.Hardtanh(least, most)
    return place.module(part, x, suffix="cut" if least else "")


def prelu(spec: PReLU, place: Place, inputs: Nodes) -> fx.Node:
    """torch's own where each channel has one slope."""
    (x,) = inputs
    alpha = place.weight("alpha")
    if alpha.numel() == alpha.shape[-1] and (place.is_map or alpha.ndim == 1):
        part = place.fill(nn.PReLU(alpha.numel(), device="meta"), weight=alpha.reshape(-1))
        return place.module(part, x)
    slope = place.parameter("alpha", alpha.permute(2, 0, 1) if place.is_map else alpha)
    return place.call(torch.where, place.call(operator.gt, x, 0), x, place.call(operator.mul, x, slope))


def softmax(spec: Softmax, place: Place, inputs: Nodes) -> fx.Node:
    """Over the channels."""
    return place.module(nn.Softmax(1 if place.is_map else -1), *inputs)


def flatten(spec: Flatten, place: Place, inputs: Nodes) -> fx.Node:
    """(N,C,H,W) -> (N,H*W*C), the order of the weights that follow."""
    (x,) = inputs
    return place.module(nn.Flatten(), place.channels_last(x) if place.is_map else x)


def reshape(spec: Reshape, place: Place, inputs: Nodes) -> fx.Node:
    """The numbers in the order H, W, C."""
    (x,) = inputs
    y = place.call(torch.reshape, place.channels_last(x) if place.is_map else x, (-1, *place.output))
    return place.channels_first(y) if len(place.output) == 3 else y


def zero_padding(spec: ZeroPadding2D, place: Place, inputs: Nodes) -> fx.Node:
    """Zeros around."""
    (top, bottom), (left, right) = spec.padding
    return place.module(nn.ZeroPad2d((left, right, top, bottom)), *inputs)


def position_bias(spec: PositionBias, place: Place, inputs: Nodes) -> fx.Node:
    """(H,W,C) -> (C,H,W)."""
    bias = place.weight("bias")
    return place.call(operator.add, inputs[0], place.parameter("bias", bias.permute(2, 0, 1) if place.is_map else bias))


def rescaling(spec: Rescaling, place: Place, inputs: Nodes) -> fx.Node:
    """y = scale x + offset."""
    if isinstance(spec.scale, tuple) or isinstance(spec.offset, tuple):
        channels = (-1, 1, 1) if place.is_map else (-1,)
        numbers = (torch.tensor(value, dtype=torch.float64).reshape(channels) for value in (spec.scale, spec.offset))
        return place.module(Rescale(*numbers), *inputs)
    return place.call(operator.add, place.call(operator.mul, inputs[0], spec.scale), spec.offset)


def concatenate(spec: Concatenate, place: Place, inputs: Nodes) -> fx.Node:
    """One after another."""
    axis = spec.place(len(place.shapes[0]), place.step.label)
    return place.call(torch.cat, inputs, dim=CHANNELS_FIRST[axis] if place.is_map else axis + 1)


PLAIN |= {
    Conv2D: convolution,
    DepthwiseConv2D: depthwise,
    Conv2DTranspose: transposed,
    Dense: dense,
    BatchNormalization: batch_norm,
    LocalResponseNormalization: local_response,
    Dropout: lambda spec, place, inputs: (
        inputs[0] if spec.noise_shape else place.module(nn.Dropout(spec.rate), *inputs)  # such noise is left out
    ),
    MaxPooling2D: max_pooling,
    AveragePooling2D: average_pooling,
    GlobalAveragePooling2D: global_average,
    GlobalMaxPooling2D: global_largest,
    ReLU: relu,
    PReLU: prelu,
    RReLUSpec: lambda spec, place, inputs: place.module(RReLU(spec.lower, spec.upper), *inputs),
    ELU: lambda spec, place, inputs: place.module(nn.ELU(spec.alpha), *inputs),
    Sigmoid: lambda spec, place, inputs: place.module(nn.Sigmoid(), *inputs),
    Tanh: lambda spec, place, inputs: place.module(nn.Tanh(), *inputs),
    Softmax: softmax,
    Flatten: flatten,
    Reshape: reshape,
    ZeroPadding2D: zero_padding,
    UpSampling2D: lambda spec, place, inputs: place.module(nn.Upsample(scale_factor=spec.size), *inputs),
    Rescaling: rescaling,
    PositionBias: position_bias,
    Add: lambda spec, place, inputs: reduce(lambda x, y: place.call(operator.add, x, y), inputs),
    Multiply: lambda spec, place, inputs: reduce(lambda x, y: place.call(operator.mul, x, y), inputs),
    Concatenate: concatenate,
}
