"""Operations that move numbers, and products of tensors, in torch.

Axes      the batch axis is 0; a value without one has a first axis of size 1, which products do not see
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.spec.moving import BatchOf, BroadcastTo, ExpandDims, Pad, Permute, Repeat, Slice, Squeeze
from pellucid.spec.products import Einsum, MatMul

Tensors = Sequence[Tensor]


def part(spec: Slice, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The places of each axis."""
    places = (place if isinstance(place, int) else slice(*place) for place in spec.places)
    return inputs[0][(slice(None), *places)]


def permute(spec: Permute, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The axes in another order."""
    return inputs[0].permute(0, *spec.dims)


def expand(spec: ExpandDims, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """One axis more."""
    return inputs[0].unsqueeze(spec.axis)


def squeeze(spec: Squeeze, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """One axis less."""
    return inputs[0].squeeze(spec.axis)


def pad(spec: Pad, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """A border; torch wants the last axis first."""
    return F.pad(inputs[0], [width for pair in reversed(spec.widths) for width in pair], value=spec.value)


def repeat(spec: Repeat, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """Each entry several times."""
    return inputs[0].repeat_interleave(spec.repeats, dim=spec.axis)


def broadcast(spec: BroadcastTo, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """x repeated on its axes of 1."""
    return inputs[0].expand(-1, *spec.shape)


def batch_of(spec: BatchOf, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The value once for each sample."""
    x, other = inputs
    first = torch.zeros_like(other.unsqueeze(-1).flatten(1)[:, 0]).long()
    return torch.index_select(x, 0, first)  # the exporter knows this one for any number of samples


def matmul(spec: MatMul, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The product on the last two axes."""
    a, b = (x[0] if alone else x for x, alone in zip(inputs, spec.shared, strict=True))
    y = torch.matmul(a, b)
    return y.unsqueeze(0) if all(spec.shared) else y


def einsum(spec: Einsum, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The sum of products that the equation says."""
    y: Tensor = torch.einsum(
        spec.equation, *(x[0] if alone else x for x, alone in zip(inputs, spec.shared, strict=True))
    )
    return y.unsqueeze(0) if all(spec.shared) else y


register(Slice, part)
register(Permute, permute)
register(ExpandDims, expand)
register(Squeeze, squeeze)
register(Pad, pad)
register(Repeat, repeat)
register(BroadcastTo, broadcast)
register(BatchOf, batch_of)
register(MatMul, matmul)
register(Einsum, einsum)
