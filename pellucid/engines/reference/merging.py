"""Layers with several inputs.

Add          y = x1 + x2 + ...;  each dx is dy, summed over the axes on which that input was repeated
Multiply     y = x1 x2 ...;  dx_k = dy times the product of the others, summed likewise
Concatenate  the inputs one after another along an axis;  each dx is its part of dy
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.merging import Add, Concatenate, Multiply

Result = tuple[list[np.ndarray | None], Weights]


def fold(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes on which an input of `shape` was repeated."""
    repeated = tuple(axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1)
    return gradient.sum(axis=repeated, keepdims=True) if repeated else gradient


def add_forward(
    spec: Add, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Return the sum and the inputs' shapes."""
    y = inputs[0] + inputs[1]
    for x in inputs[2:]:
        y = y + x
    return y, [x.shape for x in inputs]


def add_backward(
    spec: Add, dy: np.ndarray, shapes: list[tuple[int, ...]], weights: Weights, context: Context
) -> Result:
    """dy for every input; copies, since the steps behind may each write into theirs."""
    return [fold(dy, shape) if place == 0 else fold(dy, shape).copy() for place, shape in enumerate(shapes)], {}


def multiply_forward(
    spec: Multiply, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the product and the inputs."""
    y = inputs[0] * inputs[1]
    for x in inputs[2:]:
        y = y * x
    return y, list(inputs)


def multiply_backward(
    spec: Multiply, dy: np.ndarray, inputs: list[np.ndarray], weights: Weights, context: Context
) -> Result:
    """dy times the product of the other inputs."""
    gradients: list[np.ndarray | None] = []
    for place, x in enumerate(inputs):
        others = dy
        for other, factor in enumerate(inputs):
            if other != place:
                others = others * factor
        gradients.append(fold(others, x.shape))
    return gradients, {}


def concatenate_forward(
    spec: Concatenate, inputs: Sequence[np.ndarray], weights: Weights, context: Context
) -> tuple[np.ndarray, list[int]]:
    """Return the joined array, and where one input ends and the next begins."""
    axis = spec.place(inputs[0].ndim - 1, context.label) + 1
    ends = np.cumsum([x.shape[axis] for x in inputs])[:-1]
    return np.concatenate(list(inputs), axis=axis), [axis, *(int(end) for end in ends)]


def concatenate_backward(
    spec: Concatenate, dy: np.ndarray, saved: list[int], weights: Weights, context: Context
) -> Result:
    """Each input's part of dy, as an array of its own."""
    axis, *ends = saved
    return [np.ascontiguousarray(part) for part in np.split(dy, ends, axis=axis)], {}


register(Add, add_forward, add_backward)
register(Multiply, multiply_forward, multiply_backward)
register(Concatenate, concatenate_forward, concatenate_backward)
