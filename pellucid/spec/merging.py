"""Layers with several inputs: add and multiply (with broadcasting), concatenate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pellucid.errors import ShapeError, describe
from pellucid.spec.layer import LAYERS, LayerSpec, count
from pellucid.spec.legal import Integer, legal
from pellucid.spec.shapes import Shape, broadcast, shown


@dataclass(frozen=True)
class Elementwise(LayerSpec):
    """Entry by entry; an axis of size 1 is repeated to fit."""

    arity: ClassVar[tuple[int, int | None]] = (2, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return broadcast(where, inputs)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return (len(inputs) - 1) * count(output)


@LAYERS.register()
@dataclass(frozen=True)
class Add(Elementwise):
    """y = x1 + x2 + ..."""

    prefix = "add"


@LAYERS.register()
@dataclass(frozen=True)
class Multiply(Elementwise):
    """y = x1 * x2 * ..."""

    prefix = "multiply"


@LAYERS.register()
@dataclass(frozen=True)
class Concatenate(LayerSpec):
    """The inputs one after another along `axis` (the last, or 1, 2, ... counted with the batch axis as 0)."""

    prefix = "concatenate"
    arity = (2, None)
    axis: int = legal(Integer(-1), -1)

    def place(self, rank: int, where: str) -> int:
        """The axis without the batch axis; raises ShapeError when there is none."""
        place = rank - 1 if self.axis == -1 else self.axis - 1
        if not 0 <= place < rank:
            raise ShapeError(describe(where, "axis", f"-1 or 1 to {rank}", str(self.axis)))
        return place

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        self.same_shapes(inputs, where)
        place = self.place(len(inputs[0]), where)
        for sizes in (sizes for axis, sizes in enumerate(zip(*inputs, strict=True)) if axis != place):
            if len(set(sizes) - {None}) > 1:
                listed = ", ".join(shown(shape) for shape in inputs)
                raise ShapeError(describe(where, "inputs", "equal on every axis but the joined one", listed))
        joined = [shape[place] for shape in inputs]
        total = None if None in joined else sum(size for size in joined if size is not None)
        return tuple(total if axis == place else size for axis, size in enumerate(inputs[0]))

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0
