"""Products of tensors; an operand without a batch axis has a first axis of 1, which the product does not see.

MatMul    y = a b on the last two axes;  da = dy b^T,  db = a^T dy, each summed over axes on which it was repeated
Einsum    da = einsum(dy and the other operands -> a's letters); a letter that only a has repeats
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.engines.reference.arithmetic import Context, Weights, register
from pellucid.spec.products import Einsum, MatMul

Arrays = Sequence[np.ndarray]
Saved = list[np.ndarray]
Result = tuple[list[np.ndarray | None], Weights]


def bare(inputs: Arrays, shared: Sequence[bool]) -> list[np.ndarray]:
    """The operands as the product sees them."""
    return [x[0] if alone else x for x, alone in zip(inputs, shared, strict=True)]


def clad(y: np.ndarray, shared: Sequence[bool]) -> np.ndarray:
    """A result with a first axis of 1 where no operand has a batch axis."""
    return y[None] if all(shared) else y


def matmul_forward(spec: MatMul, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Saved]:
    """Return the product, and the operands."""
    a, b = bare(inputs, spec.shared)
    return clad(np.matmul(a, b), spec.shared), [a, b]


def matmul_backward(spec: MatMul, dy: np.ndarray, saved: Saved, weights: Weights, context: Context) -> Result:
    """dy b^T and a^T dy."""
    a, b = saved
    if all(spec.shared):
        dy = dy[0]
    da, db = np.matmul(dy, b.swapaxes(-1, -2)), np.matmul(a.swapaxes(-1, -2), dy)
    return [clad_like(d, x, alone) for d, x, alone in zip((da, db), saved, spec.shared, strict=True)], {}


def clad_like(gradient: np.ndarray, x: np.ndarray, alone: bool) -> np.ndarray:
    """A gradient summed to its operand's shape."""
    more = gradient.ndim - x.ndim
    repeated = tuple(range(more)) + tuple(
        axis + more for axis, size in enumerate(x.shape) if size == 1 and gradient.shape[axis + more] != 1
    )
    summed = gradient.sum(axis=repeated).reshape(x.shape) if repeated else gradient
    return summed[None] if alone else summed


def einsum_forward(spec: Einsum, inputs: Arrays, weights: Weights, context: Context) -> tuple[np.ndarray, Saved]:
    """Return the sum of products, and the operands."""
    operands = bare(inputs, spec.shared)
    return clad(np.ascontiguousarray(np.einsum(spec.equation, *operands, optimize=True)), spec.shared), operands


def einsum_backward(spec: Einsum, dy: np.ndarray, saved: Saved, weights: Weights, context: Context) -> Result:
    """For each operand the sum of products of dy and the other operands."""
    parts, result = spec.parts
    if all(spec.shared):
        dy = dy[0]
    gradients: list[np.ndarray | None] = []
    for place, (letters, x) in enumerate(zip(parts, saved, strict=True)):
        others = [(part, other) for at, (part, other) in enumerate(zip(parts, saved, strict=True)) if at != place]
        known = set(result).union(*(part for part, _ in others))
        reached = "".join(letter for letter in letters if letter in known)
        equation = ",".join([result, *(part for part, _ in others)]) + "->" + reached
        found = np.einsum(equation, dy, *(other for _, other in others), optimize=True)
        for axis, letter in enumerate(letters):  # a letter of this operand alone was summed over
            if letter not in known:
                found = np.expand_dims(found, axis)
        full = np.ascontiguousarray(np.broadcast_to(found, x.shape))
        gradients.append(full[None] if spec.shared[place] else full)
    return gradients, {}


register(MatMul, matmul_forward, matmul_backward)
register(Einsum, einsum_forward, einsum_backward)
