"""Products of tensors: matmul, dot, einsum, tensordot. Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.calculating import OPERATIONS
from pellucid.graph.operators import Value, node, operation, value
from pellucid.spec.moving import ExpandDims, Squeeze
from pellucid.spec.products import Einsum, MatMul

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@operation
def matmul(x1: Any, x2: Any) -> Any:
    """The product on the last two axes; a row of numbers counts as a row on the left, as a column on the right."""
    a, b = value(x1), value(x2)
    short = [len(entry.shape) == 1 and not entry.batched for entry in (a, b)]
    if short[0]:
        a = node(ExpandDims(1), a)
    if short[1]:
        b = node(ExpandDims(2), b)
    y = node(MatMul((not a.batched, not b.batched)), a, b)
    for was, back in zip(short, (1, 0), strict=True):
        if was:
            y = node(Squeeze(len(y.sizes) - back), y)
    return y


dot = matmul


@operation
def einsum(subscripts: str, *operands: Any) -> Any:
    """The sum of products that `subscripts` says, as NumPy's einsum; `...` stands for the axes that have no letter."""
    values = [value(entry) for entry in operands]
    equation = spelled(subscripts, values)
    return node(Einsum(equation, tuple(not entry.batched for entry in values)), *values)


def spelled(subscripts: str, values: list[Value]) -> str:
    """The equation with its result, and letters in place of `...`."""
    if not isinstance(subscripts, str):
        raise ArgumentError(describe("ops.einsum", "subscripts", "text such as 'bij,bjk->bik'", repr(subscripts)))
    text = subscripts.replace(" ", "")
    entries, arrow, outcome = text.partition("->")
    parts = entries.split(",")
    if len(parts) != len(values):
        raise ShapeError(describe("ops.einsum", "operands", f"{len(parts)} for '{subscripts}'", str(len(values))))
    free = [letter for letter in LETTERS if letter not in text]
    hidden = [len(entry.shape) - len(part.replace("...", "")) for part, entry in zip(parts, values, strict=True)]
    most = max([count for part, count in zip(parts, hidden, strict=True) if "..." in part], default=0)
    if most < 0 or most > len(free):
        wanted = "of as many letters as the operands have axes"
        raise ShapeError(describe("ops.einsum", "subscripts", wanted, subscripts))
    dots = "".join(free[:most])
    parts = [part.replace("...", dots[most - count :] if count > 0 else "")
             for part, count in zip(parts, hidden, strict=True)]  # fmt: skip
    if not arrow:
        every = "".join(parts)
        outcome = dots + "".join(sorted(letter for letter in set(every) - set(dots) if every.count(letter) == 1))
    return f"{','.join(parts)}->{outcome.replace('...', dots)}"


@operation
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes: the last and first so many, or ([axes of x1], [axes of x2])."""
    a, b = value(x1), value(x2)
    ranks = len(a.shape), len(b.shape)
    if isinstance(axes, int):
        left, right = list(range(ranks[0] - axes, ranks[0])), list(range(axes))
    else:
        left, right = ([side] if isinstance(side, int) else list(side) for side in axes)
    letters = list(LETTERS[: ranks[0]])
    others = list(LETTERS[ranks[0] : sum(ranks)])
    for one, two in zip(left, right, strict=True):
        others[two % ranks[1]] = letters[one % ranks[0]]
    joined = {letters[one % ranks[0]] for one in left}
    outcome = "".join(letter for letter in (*letters, *others) if letter not in joined)
    return value(einsum(f"{''.join(letters)},{''.join(others)}->{outcome}", a, b))


@operation
def outer(x1: Any, x2: Any) -> Any:
    """All products of the entries of two rows of numbers."""
    return value(einsum("i,j->ij", x1, x2))


OPERATIONS["matmul"] = matmul
