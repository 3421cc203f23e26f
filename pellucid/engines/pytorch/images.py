"""Layers on pictures; where they read and how they weigh is in `engines/picturing.py`, drawn on the CPU.

Axes      N images, H W pixels, C channels, I J output pixels, P = I J, K pixels read for each
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pellucid.engines.picturing import AFFINES, drawn, factors, grey_matrix, is_drawn, limits, resizing, taps
from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.spec.images import (
    AdaptiveAveragePooling2D,
    Linear,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomCrop,
    RandomGrayscale,
    RandomInvert,
    Reading,
    Resizing,
    Weighing,
)


def held(values: np.ndarray, x: Tensor) -> Tensor:
    """Numbers where x lies, in its precision; places stay whole."""
    found = torch.from_numpy(np.ascontiguousarray(values)).to(x.device)
    return found if values.dtype.kind == "i" else found.to(x.dtype)


def resize(spec: Weighing, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = A x B' + fill (1 - a b')."""
    (x,) = inputs
    rows, columns = resizing(spec, x.shape[1], x.shape[2])
    y = torch.einsum("ih,nhwc->niwc", held(rows, x), x)
    y = torch.einsum("jw,niwc->nijc", held(columns, x), y)
    border = spec.fill_value * (1 - np.outer(rows.sum(1), columns.sum(1)))
    return y + held(border[..., None], x) if spec.pad_to_aspect_ratio else y


def read(spec: Reading, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y[n,p] = sum_k weight[n,p,k] x[n,index[n,p,k]] + fill[n,p]; x itself outside training."""
    (x,) = inputs
    n, h, w, c = x.shape
    if not is_drawn(spec, context.training, h, w):
        return resize(spec.middle, inputs, weights, context) if isinstance(spec, RandomCrop) else x
    found = taps(spec, drawn(spec, context.key, n, context.label), h, w)
    flat, index, weight = x.reshape(n, h * w, c), held(found.index, x), held(found.weight, x)
    y = held(found.filled, x)[..., None]
    for k in range(found.index.shape[2]):
        place = index[..., k, None].expand(-1, -1, c)
        y = y + flat.gather(1, place) * weight[..., k, None]
    return y.reshape(n, *found.outputs, c)


def look(spec: Linear, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """y = cut(a x + b m + c); x itself outside training."""
    (x,) = inputs
    if not context.training:
        return x
    u = drawn(spec, context.key, len(x), context.label)
    a, b, c = (held(value, x)[:, None, None, None] for value in factors(spec, u))
    grey = spec.of_grey
    m = x @ held(grey_matrix(x.shape[3], context.label), x) if grey else x.mean(dim=(1, 2), keepdim=True)
    y = a * x + b * m + c
    low, high = limits(spec)
    return y.clamp(low, high) if np.isfinite(low) else y


register(AdaptiveAveragePooling2D, resize)
register(Resizing, resize)
for reading in AFFINES:
    register(reading, read)
for linear in (RandomContrast, RandomBrightness, RandomInvert, RandomGrayscale, RandomColorDegeneration):
    register(linear, look)
