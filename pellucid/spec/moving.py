"""Layers and operations that move numbers, on any number of axes: slices, axes in another order, padding, repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.constants import Places, Several, Widths
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.legal import Integer, Real, legal
from pellucid.spec.operations import refuse_no_axis
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class Moving(LayerSpec):
    """What calculates nothing."""

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class Slice(Moving):
    """y = x[:, ...]: of each axis behind the batch axis a place, which ends the axis, or (start, stop, step)."""

    prefix = "get_item"
    places: tuple[Any, ...] = legal(Places())

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        (shape,) = inputs
        if len(self.places) > len(shape):
            wanted = f"of at most {len(shape) + 1} axes, as x {shown(shape)} has"
            raise ShapeError(describe(where, "index", wanted, len(self.places) + 1))
        found: list[int | None] = []
        for axis, size in enumerate(shape, 1):
            place = self.places[axis - 1] if axis <= len(self.places) else (None, None, 1)
            if isinstance(place, int):
                if size is not None and not -size <= place < size:
                    wanted = f"from {-size} to {size - 1} on axis {axis}"
                    raise ShapeError(describe(where, "index", wanted, place))
                continue
            if size is None:
                found.append(None)
                continue
            taken = len(range(*slice(*place).indices(size)))
            if not taken:
                wanted = f"of at least one entry on axis {axis}, whose size is {size}"
                raise ShapeError(describe(where, "slice", wanted, told(place)))
            found.append(taken)
        return tuple(found)


def told(place: tuple[Any, ...]) -> str:
    """A slice as it is typed."""
    return ":".join("" if end is None else str(end) for end in place[: 2 if place[2] == 1 else 3])


@LAYERS.register()
@dataclass(frozen=True)
class Permute(Moving):
    """The axes behind the batch axis in another order: `dims` are 1, 2, ... as in Keras."""

    prefix = "permute"
    dims: tuple[int, ...] = legal(Several(1))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if sorted(self.dims) != list(range(1, len(inputs[0]) + 1)):
            wanted = f"each of the axes 1 to {len(inputs[0])} once"
            raise ShapeError(describe(where, "dims", wanted, str(self.dims)))
        return tuple(inputs[0][axis - 1] for axis in self.dims)


@LAYERS.register()
@dataclass(frozen=True)
class ExpandDims(Moving):
    """A new axis of size 1 in place `axis`."""

    prefix = "expand_dims"
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, (self.axis,), (*inputs[0], 1))
        return (*inputs[0][: self.axis - 1], 1, *inputs[0][self.axis - 1 :])


@LAYERS.register()
@dataclass(frozen=True)
class Squeeze(Moving):
    """Without axis `axis`, whose size is 1."""

    prefix = "squeeze"
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, (self.axis,), inputs[0])
        if inputs[0][self.axis - 1] != 1:
            raise ShapeError(describe(where, "axis", f"of size 1 in {shown(inputs[0])}", self.axis))
        return (*inputs[0][: self.axis - 1], *inputs[0][self.axis :])


@LAYERS.register()
@dataclass(frozen=True)
class Pad(Moving):
    """Entries of `value` around each axis behind the batch axis."""

    prefix = "pad"
    widths: tuple[tuple[int, int], ...] = legal(Widths())
    value: float = legal(Real(), 0.0)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if len(self.widths) != len(inputs[0]):
            raise ShapeError(describe(where, "pad_width", f"{len(inputs[0])} pairs", str(len(self.widths))))
        sizes = zip(inputs[0], self.widths, strict=True)
        return tuple(None if size is None else size + before + after for size, (before, after) in sizes)


@LAYERS.register()
@dataclass(frozen=True)
class Repeat(Moving):
    """Each entry of `axis` so many times, one after another."""

    prefix = "repeat"
    repeats: int = legal(Integer(1))
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, (self.axis,), inputs[0])
        size = inputs[0][self.axis - 1]
        wide = None if size is None else size * self.repeats
        return (*inputs[0][: self.axis - 1], wide, *inputs[0][self.axis :])


@LAYERS.register()
@dataclass(frozen=True)
class BroadcastTo(Moving):
    """Axes of size 1 repeated until x has `shape` (without the batch axis)."""

    prefix = "broadcast_to"
    shape: tuple[int, ...] = legal(Several(1))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        fits = len(self.shape) == len(inputs[0]) and all(
            size in (1, None, wanted) for size, wanted in zip(inputs[0], self.shape, strict=True)
        )
        if not fits:
            raise ShapeError(describe(where, "shape", f"what {shown(inputs[0])} can be repeated to", shown(self.shape)))
        return self.shape


@LAYERS.register()
@dataclass(frozen=True)
class BatchOf(Moving):
    """A value without a batch axis, repeated for every sample of the second input."""

    prefix = "for_each"
    arity = (2, 2)

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        return True
