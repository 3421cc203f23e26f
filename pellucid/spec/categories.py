"""Numbers as categories: bins and one-hot rows. Made of operations; Keras's arguments.

output_mode "int" gives numbers of categories; "one_hot" a row for each (in place of a last axis of 1); "multi_hot" and
"count" one row for all along the first axis behind the batch axis. Source: Keras 3, `layers/preprocessing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive
from pellucid.spec.legal import Illegal, Integer, OneOf, Optional, Real, legal
from pellucid.spec.moving import ExpandDims, Squeeze
from pellucid.spec.operations import Binary, OneHot, Reduce
from pellucid.spec.shapes import Shape, shown

MODES = ("int", "one_hot", "multi_hot", "count")


@dataclass(frozen=True)
class Whole:
    """Rows are whole, not sparse."""

    wanted: str = "False; rows are always whole here"
    bad: tuple[Any, ...] = (True, "no", None)

    def check(self, value: Any) -> bool:
        if value is not False:
            raise Illegal
        return False


@dataclass(frozen=True)
class Borders:
    """Numbers that do not fall."""

    wanted: str = "finite numbers that do not fall"
    bad: tuple[Any, ...] = ((), (1.0, 0.0), (math.nan,), "0", 7)

    def check(self, value: Any) -> tuple[float, ...]:
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise Illegal
        found = tuple(map(Real().check, value))
        if list(found) != sorted(found):
            raise Illegal
        return found


@dataclass(frozen=True)
class Categories(LayerSpec):
    """What gives the number of a category for each number, or rows made of it."""

    def depth(self) -> int:
        """How many categories there are."""
        raise NotImplementedError

    def mode(self) -> str:
        """The output mode."""
        raise NotImplementedError

    def numbered(self, pieces: Pieces, shape: Shape) -> int:
        """The number of each category."""
        raise NotImplementedError

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        (shape,), mode = inputs, self.mode()
        if mode in ("multi_hot", "count") and not shape:
            wanted = f"with an axis of categories for {mode}"
            raise ShapeError(describe(where, "input", wanted, shown(shape), "Pass x[:, None]."))
        if mode == "int":
            return shape
        if mode == "one_hot":
            return (*(shape[:-1] if shape and shape[-1] == 1 else shape), self.depth())
        return (*shape[1:], self.depth())

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        (shape,), pieces, mode = inputs, Pieces(), self.mode()
        self.output_shape(inputs, where)
        y = self.numbered(pieces, shape)
        if mode == "int":
            return pieces.ending(())
        if mode == "one_hot" and shape and shape[-1] == 1:
            y = pieces.add(Squeeze(len(shape)), y)
        y = pieces.add(OneHot(self.depth()), y)
        if mode != "one_hot":
            pieces.add(Reduce("max" if mode == "multi_hot" else "sum", (1,)), y)
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class Discretization(Categories):
    """In which bin a number lies: how many of the borders it has reached; adapt(data) finds bins as full as another."""

    prefix = "discretization"
    bin_boundaries: tuple[float, ...] | None = legal(Optional(Borders()), None)
    num_bins: int | None = legal(Optional(Integer(1)), None)
    epsilon: float = legal(Real(0.0, 1.0, open_low=True), 0.01)
    output_mode: str = legal(OneOf(MODES), "int")
    sparse: bool = legal(Whole(), False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bin_boundaries is None and self.num_bins is None:
            raise ArgumentError("Discretization: bin_boundaries and num_bins are missing. Pass one of the two.")

    def borders(self, where: str) -> tuple[float, ...]:
        """The borders; raises ShapeError before they are known."""
        if self.bin_boundaries is None:
            remedy = "Pass bin_boundaries=, or call adapt(data) first."
            raise ShapeError(describe(where, "bin_boundaries", "known", "None", remedy))
        return self.bin_boundaries

    def depth(self) -> int:
        return (self.num_bins or 0) if self.bin_boundaries is None else len(self.bin_boundaries) + 1

    def mode(self) -> str:
        return self.output_mode

    def numbered(self, pieces: Pieces, shape: Shape) -> int:
        wide = pieces.add(ExpandDims(len(shape) + 1), 0)
        reached = pieces.add(Binary("greater_equal", right=self.borders("discretization")), wide)
        return pieces.add(Reduce("sum", (len(shape) + 1,)), reached)


@LAYERS.register()
@dataclass(frozen=True)
class CategoryEncoding(Categories):
    """Numbers of categories, 0 to num_tokens - 1, as rows."""

    prefix = "category_encoding"
    num_tokens: int = legal(Integer(1))
    output_mode: str = legal(OneOf(("multi_hot", "one_hot", "count", "binary")), "multi_hot")
    sparse: bool = legal(Whole(), False)

    def depth(self) -> int:
        return self.num_tokens

    def mode(self) -> str:
        return "multi_hot" if self.output_mode == "binary" else self.output_mode

    def numbered(self, pieces: Pieces, shape: Shape) -> int:
        return 0
