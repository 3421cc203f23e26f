"""Products of tensors as nodes of a graph: matmul and einsum. `shared` says which operands have no batch axis."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.constants import Flags
from pellucid.spec.layer import LAYERS, LayerSpec, count
from pellucid.spec.legal import Illegal, legal
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class Equation:
    """An equation of einsum with its result, without an ellipsis."""

    wanted: str = "an equation of single letters with its result, such as 'bij,bjk->bik', each letter once a part"
    bad: tuple[Any, ...] = ("ij,jk", "ii->i", "ij->k", "i1->i", 7, None, "")

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[a-zA-Z]*(,[a-zA-Z]*)*->[a-zA-Z]*", value):
            raise Illegal
        entries, result = value.split("->")
        parts = entries.split(",")
        if any(len(set(part)) < len(part) for part in (*parts, result)) or not set(result) <= set("".join(parts)):
            raise Illegal
        return value


@LAYERS.register()
@dataclass(frozen=True)
class MatMul(LayerSpec):
    """y[..., i, k] = sum_j a[..., i, j] b[..., j, k]."""

    prefix = "matmul"
    arity = (2, 2)
    shared: tuple[bool, ...] = legal(Flags(), (False, False))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        a, b = (shape if alone else (-1, *shape) for shape, alone in zip(inputs, self.shared, strict=True))
        inner = a[-1], b[-2] if len(b) > 1 else None
        plain = all(len(part) >= 2 for part in (a, b)) and -1 not in (inner[0], inner[1], b[-1])
        if not plain or (None not in inner and inner[0] != inner[1]):
            raise ShapeError(describe(where, "operands", "(..., I, J) and (..., J, K)", listed(inputs, self.shared)))
        longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
        front = list(longer[:-2])
        for place, size in enumerate(reversed(shorter[:-2]), 1):
            other = front[-place]
            if size not in (1, None) and other not in (1, None, size):
                got = listed(inputs, self.shared)
                raise ShapeError(describe(where, "operands", "of equal axes before the last two", got))
            front[-place] = size if other in (1, None) else other
        return tuple((*front, a[-2], b[-1])[1 if False in self.shared else 0 :])

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * count(output) * (inputs[0][-1] or 1)


@LAYERS.register()
@dataclass(frozen=True)
class Einsum(LayerSpec):
    """y = the sum of products that an equation says. Source: NumPy's einsum."""

    prefix = "einsum"
    arity = (1, None)
    equation: str = legal(Equation())
    shared: tuple[bool, ...] = legal(Flags(), (False,))

    @property
    def parts(self) -> tuple[list[str], str]:
        """The letters of each operand, and of the result."""
        entries, result = self.equation.split("->")
        return entries.split(","), result

    def sizes(self, inputs: Sequence[Shape], where: str) -> dict[str, int | None]:
        """The size of each letter, -1 of the batch; raises ShapeError where they do not fit."""
        found: dict[str, int | None] = {}
        full = [shape if alone else (-1, *shape) for shape, alone in zip(inputs, self.shared, strict=True)]
        for letters, shape in zip(self.parts[0], full, strict=True):
            if len(letters) != len(shape):
                wanted = f"of {len(letters)} axes, '{letters}'"
                raise ShapeError(describe(where, "operand", wanted, listed(inputs, self.shared)))
            for letter, size in zip(letters, shape, strict=True):
                if found.get(letter) is not None and size is not None and found[letter] != size:
                    remedy = "An axis is the batch axis in all operands that have one, or in none."
                    got = f"{found[letter]} and {size}" if -1 not in (found[letter], size) else "the batch axis too"
                    raise ShapeError(describe(where, f"axis '{letter}' of {self.equation}", "of one size", got, remedy))
                found[letter] = size if size is not None else found.get(letter)
        return found

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        parts, result = self.parts
        if not len(parts) == len(self.shared) == len(inputs):
            raise ShapeError(describe(where, "operands", f"{len(parts)} for {self.equation}", str(len(inputs))))
        sizes = self.sizes(inputs, where)
        batch = next((letter for letter, size in sizes.items() if size == -1), None)
        if batch is not None and not result.startswith(batch):
            wanted = f"an equation whose result begins with the batch axis '{batch}'"
            raise ShapeError(describe(where, "equation", wanted, self.equation))
        return tuple(sizes[letter] for letter in result)[0 if batch is None else 1 :]

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 2 * math.prod(max(size or 1, 1) for size in self.sizes(inputs, "einsum").values())


def listed(shapes: Sequence[Shape], shared: Sequence[bool]) -> str:
    """The shapes of operands as a user sees them."""
    return " and ".join(
        str(shape) if alone else shown(shape) for shape, alone in zip(shapes, shared, strict=True)
    )
