"""Operations on tensors: functions entry by entry, reductions, choices, products.

Axes      the batch axis is 0; a value without one has a first axis of size 1
Binary    a constant takes the place of an operand; gradients are summed over axes on which an operand was repeated
Reduce    sum dx = dy, mean dy / n, max and min dy / (how many are as large) for each of these, as in PyTorch and Keras;
          over the batch axis the result keeps a first axis of 1
MatMul    da = dy b^T, db = a^T dy;  Einsum   da = einsum(dy, the others -> a)
Softmax   dx = y (dy - sum dy y); of the logarithm dy - e^y sum dy
Take      dx sums what each place gave
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.engines.reference.functions import BINARY, UNARY
from pellucid.engines.reference.merging import fold
from pellucid.spec.operations import (
    ArgReduce,
    Binary,
    ConstantValue,
    Cumulative,
    Lookup,
    OneHot,
    Reduce,
    SoftmaxAlong,
    Take,
    TakeAlong,
    TopK,
    Unary,
    Variable,
    Where,
)

Arrays = Sequence[np.ndarray]
Result = tuple[list[np.ndarray | None], Weights]


def constant(value: Any, like: np.ndarray) -> np.ndarray:
    """A constant of a graph as an array that goes with x: without the batch axis unless it has one of 1."""
    return np.asarray(value, like.dtype)


def unary_forward(spec: Unary, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return f(x), and x and y."""
    (x,) = inputs
    with np.errstate(all="ignore"):  # what is not finite is told of by the walker, with its layer
        y = UNARY[spec.function][0](x, *spec.numbers)
    y = np.asarray(y, x.dtype)
    return y, (x, y)


def unary_backward(spec: Unary, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy f'(x)."""
    slope = UNARY[spec.function][1]
    if slope is None:
        return [None], {}
    with np.errstate(all="ignore"):
        return [np.asarray(dy * slope(*saved, *spec.numbers), dy.dtype)], {}


def operands(spec: Binary | Where, inputs: Arrays) -> list[np.ndarray]:
    """The two values, a constant in its place."""
    found = list(inputs)
    if spec.left is not None:
        found.insert(0, constant(spec.left, inputs[-1]))
    if spec.right is not None:
        found.append(constant(spec.right, inputs[-1]))
    return found


def binary_forward(spec: Binary, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return f(a, b), and a, b, y."""
    a, b = operands(spec, inputs)
    with np.errstate(all="ignore"):
        y = np.asarray(BINARY[spec.function][0](a, b), inputs[0].dtype)
    return y, (a, b, y)


def binary_backward(spec: Binary, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy times each derivative, for the operands that are no constants."""
    gradients: list[np.ndarray | None] = []
    for value, other, slope in zip(saved, (spec.left, spec.right), BINARY[spec.function][1:], strict=False):
        if other is not None:
            continue
        with np.errstate(all="ignore"):
            full = None if slope is None else fold(np.asarray(dy * slope(*saved), dy.dtype), value.shape)
        gradients.append(full)
    return gradients, {}


def where_forward(spec: Where, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return a or b, and the condition with their shapes."""
    chosen = inputs[0] != 0
    if len(inputs) > 1:
        values = operands(spec, inputs[1:])
    else:
        values = [constant(value, inputs[0]) for value in (spec.left, spec.right)]
    return np.where(chosen, *values), (chosen, [x.shape for x in inputs[1:]])


def where_backward(spec: Where, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy where each was taken; nothing for the condition."""
    chosen, shapes = saved
    sides = [side for side, value in ((chosen, spec.left), (~chosen, spec.right)) if value is None]
    taken = [fold(np.where(side, dy, 0), shape) for side, shape in zip(sides, shapes, strict=True)]
    return [None, *taken], {}


def reduce_forward(spec: Reduce, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the reduced value, and x with the result as it goes with x."""
    (x,) = inputs
    if spec.function == "logsumexp":
        most = x.max(axis=spec.axes, keepdims=True)
        kept = np.log(np.exp(x - most).sum(axis=spec.axes, keepdims=True)) + most
    else:
        kept = np.asarray(getattr(np, spec.function)(x, axis=spec.axes, keepdims=True), x.dtype)
    gone = () if spec.keepdims else tuple(axis for axis in spec.axes if axis)
    return kept.squeeze(axis=gone), (x, kept)


def reduce_backward(spec: Reduce, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy for each entry that the result was made of, times its share."""
    x, kept = saved
    dy = dy.reshape(kept.shape)
    if spec.function in ("any", "all"):
        return [None], {}
    if spec.function in ("max", "min"):
        largest = x == kept
        return [dy * largest / largest.sum(axis=spec.axes, keepdims=True).astype(dy.dtype)], {}
    if spec.function == "logsumexp":
        return [dy * np.exp(x - kept)], {}
    if spec.function == "prod":
        return [dy * products_of_others(x, spec.axes)], {}
    share = kept.size / x.size if spec.function == "mean" else 1.0
    return [np.ascontiguousarray(np.broadcast_to(dy * dy.dtype.type(share), x.shape))], {}


def products_of_others(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """For each entry the product of the others along the axes, right also where some are 0."""
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    before, after = np.ones_like(rows), np.ones_like(rows)
    before[..., 1:] = np.cumprod(rows, axis=-1)[..., :-1]
    after[..., :-1] = np.cumprod(rows[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    return np.moveaxis((before * after).reshape(moved.shape), range(-len(axes), 0), axes)


def arg_forward(spec: ArgReduce, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the places, and x's shape."""
    (x,) = inputs
    return getattr(np, spec.function)(x, axis=spec.axis, keepdims=spec.keepdims).astype(x.dtype), x.shape


def no_gradient(spec: Any, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context) -> Result:
    """A place has no derivative."""
    return [None], {}


def cumulative_forward(spec: Cumulative, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the running sum or product, and x."""
    (x,) = inputs
    return getattr(np, spec.function)(x, axis=spec.axis), x


def cumulative_backward(spec: Cumulative, dy: np.ndarray, x: np.ndarray, weights: Weights, context: Context) -> Result:
    """The running sum from the end of dy, or of dy y over x."""
    if spec.function == "cumsum":
        return [np.flip(np.cumsum(np.flip(dy, spec.axis), axis=spec.axis), spec.axis)], {}
    rows, up = np.moveaxis(x, spec.axis, -1), np.moveaxis(dy, spec.axis, -1)
    found = np.zeros_like(rows)
    for place in range(rows.shape[-1]):  # d/dx[place]: the same product with a one there
        others = rows.copy()
        others[..., place] = 1
        found[..., place] = (np.cumprod(others, axis=-1) * up)[..., place:].sum(axis=-1)
    return [np.moveaxis(found, -1, spec.axis)], {}


def softmax_forward(spec: SoftmaxAlong, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return y twice."""
    (x,) = inputs
    shifted = x - x.max(axis=spec.axes, keepdims=True)
    powers = np.exp(shifted)
    total = powers.sum(axis=spec.axes, keepdims=True)
    y = shifted - np.log(total) if spec.logarithm else powers / total
    return y, y


def softmax_backward(spec: SoftmaxAlong, dy: np.ndarray, y: np.ndarray, weights: Weights, context: Context) -> Result:
    """dx = y (dy - sum dy y), or dy - e^y sum dy."""
    if spec.logarithm:
        return [dy - np.exp(y) * dy.sum(axis=spec.axes, keepdims=True)], {}
    return [y * (dy - (dy * y).sum(axis=spec.axes, keepdims=True))], {}


def one_hot_forward(spec: OneHot, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the rows, and x's shape."""
    (x,) = inputs
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    return (np.trunc(x)[..., None] == np.arange(spec.classes)).astype(kind), x.shape


def top_k_forward(spec: TopK, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return values or places, and the places with x's shape."""
    (x,) = inputs
    places = np.argsort(-x, axis=-1, kind="stable")[..., : spec.k]
    y = np.take_along_axis(x, places, axis=-1) if spec.part == "values" else places.astype(x.dtype)
    return y, (places, x.shape)


def top_k_backward(spec: TopK, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy at the places that were taken."""
    places, shape = saved
    dx = np.zeros(shape, dy.dtype)
    if spec.part == "indices":
        return [None], {}
    np.put_along_axis(dx, places, dy, axis=-1)
    return [dx], {}


def variable_forward(spec: Variable, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, None]:
    """Return the weight with a first axis of 1."""
    return weights["value"].reshape(1, *(spec.shape if spec.view is None else spec.view)), None


def variable_backward(spec: Variable, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """dy in the weight's shape."""
    return [], {"value": dy.reshape(spec.shape)}


def constant_forward(
    spec: ConstantValue, inputs: Arrays, weights: Weights, context: Context
) -> tuple[np.ndarray, None]:
    """Return the numbers with a first axis of 1, in the precision that the pass is in."""
    return np.asarray(spec.value, context.width)[None], None


def constant_backward(spec: ConstantValue, dy: np.ndarray, saved: None, weights: Weights, context: Context) -> Result:
    """Nothing leads on."""
    return [], {}


def take_forward(spec: Take, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the entries, and x's shape."""
    return inputs[0].take(spec.indices, axis=spec.axis), inputs[0].shape


def take_backward(spec: Take, dy: np.ndarray, shape: tuple[int, ...], weights: Weights, context: Context) -> Result:
    """dy added up where it came from."""
    dx = np.zeros(shape, dy.dtype)
    np.add.at(np.moveaxis(dx, spec.axis, 0), np.asarray(spec.indices), np.moveaxis(dy, spec.axis, 0))
    return [dx], {}


def whole(x: np.ndarray) -> np.ndarray:
    """Numbers as places."""
    return x if x.dtype.kind in "iu" else x.astype(np.int64)


def lookup_forward(spec: Lookup, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the rows, and the table's shape with the numbers; an unknown number has the nearest row."""
    table, numbers = inputs
    places = np.clip(whole(numbers), 0, table.shape[1] - 1)
    return table[0][places], (table.shape, places)


def lookup_backward(spec: Lookup, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy added up in the rows that were read."""
    shape, places = saved
    dtable = np.zeros(shape, dy.dtype)
    np.add.at(dtable[0], places, dy)
    return [dtable, None], {}


def along_forward(spec: TakeAlong, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Any]:
    """Return the entries, and x's shape with the places."""
    x, numbers = inputs
    places = whole(numbers)
    return np.take_along_axis(x, places, axis=spec.axis), (x.shape, places)


def along_backward(spec: TakeAlong, dy: np.ndarray, saved: Any, weights: Weights, context: Context) -> Result:
    """dy added up where it came from."""
    shape, places = saved
    dx = np.zeros(shape, dy.dtype)
    index = list(np.indices(places.shape, sparse=True))
    index[spec.axis] = places
    np.add.at(dx, tuple(index), dy)
    return [dx, None], {}


register(Unary, unary_forward, unary_backward, keeps_output=True)
register(Binary, binary_forward, binary_backward, keeps_output=True)
register(Where, where_forward, where_backward)
register(Reduce, reduce_forward, reduce_backward, keeps_output=True)
register(ArgReduce, arg_forward, no_gradient)
register(Cumulative, cumulative_forward, cumulative_backward)
register(SoftmaxAlong, softmax_forward, softmax_backward, keeps_output=True)
register(OneHot, one_hot_forward, no_gradient)
register(TopK, top_k_forward, top_k_backward)
register(Variable, variable_forward, variable_backward, keeps_output=True)
register(ConstantValue, constant_forward, constant_backward)
register(Take, take_forward, take_backward)
register(Lookup, lookup_forward, lookup_backward)
register(TakeAlong, along_forward, along_backward)
