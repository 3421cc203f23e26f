"""Layers that move or cut numbers on rows and volumes, and joins of several inputs, made of operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.errors import ShapeError, describe
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive
from pellucid.spec.legal import Flag, Illegal, Integer, legal
from pellucid.spec.merging import Add, Elementwise
from pellucid.spec.moving import ExpandDims, Pad, Repeat, Slice
from pellucid.spec.operations import Binary, Reduce, Unary
from pellucid.spec.products import Einsum
from pellucid.spec.shapes import Shape, shown
from pellucid.spec.sliding import FORMAT


@dataclass(frozen=True)
class Around:
    """Entries at both ends of so many axes: one number, one an axis, or a pair an axis."""

    axes: int

    @property
    def wanted(self) -> str:
        return f"an integer >= 0, or {self.axes} of them or of pairs (before, after), one an axis"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (-1, ((1, -1),) * self.axes, (1,) * (self.axes + 2), "1", None)

    def check(self, value: Any) -> tuple[tuple[int, int], ...]:
        entries = tuple(value) if isinstance(value, (list, tuple)) else (value,) * self.axes
        if self.axes == 1 and len(entries) == 2:
            entries = (entries,)
        if len(entries) != self.axes:
            raise Illegal
        return tuple(self._pair(entry) for entry in entries)

    def _pair(self, entry: Any) -> tuple[int, int]:
        pair = tuple(entry) if isinstance(entry, (list, tuple)) else (entry, entry)
        if len(pair) != 2:
            raise Illegal
        return Integer(0).check(pair[0]), Integer(0).check(pair[1])


@dataclass(frozen=True)
class Times:
    """Repeats of so many axes: one number, or one an axis."""

    axes: int

    @property
    def wanted(self) -> str:
        return f"an integer >= 1 or {self.axes} of them"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (0, (1,) * (self.axes + 1), 1.5, "2", None)

    def check(self, value: Any) -> tuple[int, ...]:
        entries = tuple(value) if isinstance(value, (list, tuple)) else (value,) * self.axes
        if len(entries) != self.axes:
            raise Illegal
        return tuple(Integer(1).check(entry) for entry in entries)


def of_rank(where: str, shape: Shape, axes: int) -> None:
    """Raise ShapeError unless there are so many axes and the channels."""
    if len(shape) != axes + 1:
        raise ShapeError(describe(where, "input", f"of {axes + 2} axes, the channels last", shown(shape)))


class Made(LayerSpec):
    """A layer that is one operation, or several in a row."""

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        """The operations."""
        raise NotImplementedError

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        shape = inputs[0]
        for spec in self.pieces(shape, where):
            shape = spec.output_shape([shape], where)
        return shape

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        return tuple(Primitive(spec, {}) for spec in self.pieces(inputs[0], where))


@LAYERS.register()
@dataclass(frozen=True)
class ZeroPadding1D(Made):
    """Zeros before and after the row."""

    prefix = "zero_padding1d"
    padding: tuple[tuple[int, int], ...] = legal(Around(1), 1)
    data_format: str | None = legal(FORMAT, None)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 1)
        return (Pad((*self.padding, (0, 0))),)


@LAYERS.register()
@dataclass(frozen=True)
class ZeroPadding3D(Made):
    """Zeros around the volume."""

    prefix = "zero_padding3d"
    padding: tuple[tuple[int, int], ...] = legal(Around(3), 1)
    data_format: str | None = legal(FORMAT, None)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 3)
        return (Pad((*self.padding, (0, 0))),)


def cut(where: str, shape: Shape, cropping: tuple[tuple[int, int], ...]) -> Slice:
    """What is left without the ends; raises ShapeError where nothing is."""
    for size, (before, after) in zip(shape, cropping, strict=False):
        if size is not None and before + after >= size:
            raise ShapeError(describe(where, "cropping", f"less than the axis's size {size}", before + after))
    return Slice(tuple((before or None, -after if after else None, 1) for before, after in cropping))


@LAYERS.register()
@dataclass(frozen=True)
class Cropping1D(Made):
    """The row without its ends."""

    prefix = "cropping1d"
    cropping: tuple[tuple[int, int], ...] = legal(Around(1), 1)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 1)
        return (cut(where, shape, self.cropping),)


@LAYERS.register()
@dataclass(frozen=True)
class Cropping2D(Made):
    """The map without its border."""

    prefix = "cropping2d"
    cropping: tuple[tuple[int, int], ...] = legal(Around(2), 0)
    data_format: str | None = legal(FORMAT, None)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 2)
        return (cut(where, shape, self.cropping),)


@LAYERS.register()
@dataclass(frozen=True)
class Cropping3D(Made):
    """The volume without its border."""

    prefix = "cropping3d"
    cropping: tuple[tuple[int, int], ...] = legal(Around(3), 1)
    data_format: str | None = legal(FORMAT, None)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 3)
        return (cut(where, shape, self.cropping),)


@LAYERS.register()
@dataclass(frozen=True)
class UpSampling1D(Made):
    """Each entry `size` times."""

    prefix = "up_sampling1d"
    size: int = legal(Integer(1), 2)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 1)
        return (Repeat(self.size, 1),)


@LAYERS.register()
@dataclass(frozen=True)
class UpSampling3D(Made):
    """Each place becomes a block of `size` equal ones."""

    prefix = "up_sampling3d"
    size: tuple[int, ...] = legal(Times(3), (2, 2, 2))
    data_format: str | None = legal(FORMAT, None)

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        of_rank(where, shape, 3)
        return tuple(Repeat(times, axis) for axis, times in enumerate(self.size, 1))


@LAYERS.register()
@dataclass(frozen=True)
class RepeatVector(Made):
    """x (F) -> y (n, F), n times the same."""

    prefix = "repeat_vector"
    n: int = legal(Integer(1))

    def pieces(self, shape: Shape, where: str) -> tuple[LayerSpec, ...]:
        if len(shape) != 1:
            raise ShapeError(describe(where, "input", "(N, F)", shown(shape)))
        return ExpandDims(1), Repeat(self.n, 1)


@LAYERS.register()
@dataclass(frozen=True)
class Identity(LayerSpec):
    """y = x."""

    prefix = "identity"

    def primitives(self) -> tuple[Primitive, ...]:
        return ()


@dataclass(frozen=True)
class Folded(Elementwise):
    """Inputs joined two by two."""

    function: ClassVar[str] = "maximum"

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, last = Pieces(len(inputs)), 0
        for other in range(1, len(inputs)):
            last = pieces.add(Binary(self.function), last, other)
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class Maximum(Folded):
    """y = the largest of the inputs, entry by entry."""

    prefix = "maximum"


@LAYERS.register()
@dataclass(frozen=True)
class Minimum(Folded):
    """y = the smallest of the inputs, entry by entry."""

    prefix = "minimum"
    function = "minimum"


@LAYERS.register()
@dataclass(frozen=True)
class Subtract(Folded):
    """y = x1 - x2."""

    prefix = "subtract"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    function = "subtract"


@LAYERS.register()
@dataclass(frozen=True)
class Average(Elementwise):
    """y = the mean of the inputs, entry by entry."""

    prefix = "average"

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces(len(inputs))
        total = pieces.add(Add(), *range(len(inputs)))
        pieces.add(Binary("divide", right=float(len(inputs))), total)
        return pieces.ending(())


@dataclass(frozen=True)
class TwoAxes:
    """One axis, or one of each of two inputs."""

    wanted: str = "a whole number, or two of them, one an input"
    bad: tuple[Any, ...] = ("1", 1.5, (1, 2, 3), None)

    def check(self, value: Any) -> tuple[int, int]:
        entries = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
        if len(entries) != 2:
            raise Illegal
        return Integer(-9).check(entries[0]), Integer(-9).check(entries[1])


@LAYERS.register()
@dataclass(frozen=True)
class Dot(LayerSpec):
    """The sum of products along one axis of each of two inputs; `normalize` makes of them cosines."""

    prefix = "dot"
    arity = (2, 2)
    axes: tuple[int, int] = legal(TwoAxes())
    normalize: bool = legal(Flag(), False)

    def places(self, inputs: Sequence[Shape], where: str) -> tuple[int, int]:
        """The two axes behind the batch axis; raises ShapeError where there are none or sizes differ."""
        found = []
        for axis, shape in zip(self.axes, inputs, strict=True):
            place = axis % (len(shape) + 1)
            if not -len(shape) <= axis <= len(shape) or not place:
                raise ShapeError(describe(where, "axes", f"an axis of {shown(shape)} behind the batch axis", axis))
            found.append(place)
        sizes = [shape[place - 1] for shape, place in zip(inputs, found, strict=True)]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ShapeError(describe(where, "axes", "of one size", f"{sizes[0]} and {sizes[1]}"))
        return found[0], found[1]

    def product(self, inputs: Sequence[Shape], where: str) -> Einsum:
        """The product."""
        one, two = self.places(inputs, where)
        left = ["z", *(chr(ord("a") + at) for at in range(len(inputs[0])))]
        right = ["z", *(chr(ord("m") + at) for at in range(len(inputs[1])))]
        right[two] = left[one]
        outcome = [letter for at, letter in enumerate(left) if at != one] + [
            letter for at, letter in enumerate(right) if at not in (0, two)
        ]
        return Einsum(f"{''.join(left)},{''.join(right)}->{''.join(outcome)}", (False, False))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        found = self.product(inputs, where).output_shape(inputs, where)
        return found or (1,)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, given = Pieces(2), [0, 1]
        if self.normalize:
            for at, place in enumerate(self.places(inputs, where)):
                squares = pieces.add(Reduce("sum", (place,), True), pieces.add(Unary("square"), at))
                inverse = pieces.add(Unary("rsqrt"), pieces.add(Binary("maximum", right=1e-12), squares))
                given[at] = pieces.add(Binary("multiply"), at, inverse)
        y = pieces.add(self.product(inputs, where), *given)
        if not self.product(inputs, where).output_shape(inputs, where):
            pieces.add(ExpandDims(1), y)
        return pieces.ending(())
