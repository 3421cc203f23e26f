"""Operations that move numbers: backward moves the gradient the same way back, and adds up what was repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.merging import fold
from pellucid.spec.moving import BatchOf, BroadcastTo, ExpandDims, Pad, Permute, Repeat, Slice, Squeeze

Arrays = Sequence[np.ndarray]
Result = tuple[list[np.ndarray | None], Weights]
Sizes = tuple[int, ...]


def index_of(spec: Slice) -> tuple[Any, ...]:
    """The places as NumPy takes them, all of the batch axis."""
    return (slice(None), *(place if isinstance(place, int) else slice(*place) for place in spec.places))


def slice_forward(spec: Slice, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Sizes]:
    """Return the part, and x's shape."""
    return np.ascontiguousarray(inputs[0][index_of(spec)]), inputs[0].shape


def slice_backward(spec: Slice, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """dy in its place, zeros elsewhere."""
    dx = np.zeros(shape, dy.dtype)
    dx[index_of(spec)] = dy
    return [dx], {}


def permute_forward(spec: Permute, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, None]:
    """Return x with its axes in the other order."""
    return np.ascontiguousarray(inputs[0].transpose(0, *spec.dims)), None


def permute_backward(spec: Permute, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """dy with its axes in the order of x."""
    return [np.ascontiguousarray(dy.transpose(np.argsort((0, *spec.dims))))], {}


def expand_forward(spec: ExpandDims, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Sizes]:
    """Return x with one axis more, and its shape."""
    return np.expand_dims(inputs[0], spec.axis), inputs[0].shape


def squeeze_forward(spec: Squeeze, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Sizes]:
    """Return x with one axis less, and its shape."""
    return inputs[0].squeeze(spec.axis), inputs[0].shape


def axis_backward(spec: Any, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """dy in x's shape."""
    return [dy.reshape(shape)], {}


def pad_forward(spec: Pad, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Sizes]:
    """Return x with a border, and its shape."""
    return np.pad(inputs[0], ((0, 0), *spec.widths), constant_values=spec.value), inputs[0].shape


def pad_backward(spec: Pad, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """dy without the border."""
    inside = (slice(None), *(slice(b, b + n) for (b, _), n in zip(spec.widths, shape[1:], strict=True)))
    return [np.ascontiguousarray(dy[inside])], {}


def repeat_forward(spec: Repeat, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Sizes]:
    """Return each entry several times, and x's shape."""
    return inputs[0].repeat(spec.repeats, axis=spec.axis), inputs[0].shape


def repeat_backward(spec: Repeat, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """The sum over the copies of each entry."""
    split = (*shape[: spec.axis], shape[spec.axis], spec.repeats, *shape[spec.axis + 1 :])
    return [dy.reshape(split).sum(axis=spec.axis + 1)], {}


def broadcast_forward(
    spec: BroadcastTo, inputs: Arrays, weights: Weights, context: Context
) -> tuple[np.ndarray, Sizes]:
    """Return x repeated on its axes of 1, and its shape."""
    (x,) = inputs
    return np.ascontiguousarray(np.broadcast_to(x, (len(x), *spec.shape))), x.shape


def broadcast_backward(spec: BroadcastTo, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """The sum over what was repeated."""
    return [fold(dy, shape)], {}


def batch_forward(spec: BatchOf, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the value once for each sample, and its shape."""
    x, other = inputs
    return np.ascontiguousarray(np.broadcast_to(x, (len(other), *x.shape[1:]))), x.shape


def batch_backward(spec: BatchOf, dy: np.ndarray, shape: Sizes, weights: Weights, context: Context) -> Result:
    """The sum over samples; nothing for what only tells how many there are."""
    return [fold(dy, shape), None], {}


register(Slice, slice_forward, slice_backward, keeps_output=True)
register(Permute, permute_forward, permute_backward, keeps_output=True)
register(ExpandDims, expand_forward, axis_backward, keeps_output=True)
register(Squeeze, squeeze_forward, axis_backward, keeps_output=True)
register(Pad, pad_forward, pad_backward)
register(Repeat, repeat_forward, repeat_backward)
register(BroadcastTo, broadcast_forward, broadcast_backward, keeps_output=True)
register(BatchOf, batch_forward, batch_backward, keeps_output=True)
