"""Pooling into a number of parts: part i of an axis of H is floor(i H / I) to ceil((i+1) H / I) - 1.

Parts overlap where the sizes do not divide. The mean over maps is a product with a matrix (`spec/images.py`); here are
the largest values, made of known pieces, and rows. Source: Keras 3, and torch.nn.AdaptiveMaxPool2d.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.images import AdaptiveAveragePooling2D
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive
from pellucid.spec.legal import Pair, legal
from pellucid.spec.moving import ExpandDims, Squeeze
from pellucid.spec.operations import Reduce, Take
from pellucid.spec.reshaping import Reshape
from pellucid.spec.sequences import Whole, row
from pellucid.spec.shapes import Shape, as_map, shown
from pellucid.spec.sliding import FORMAT


def parts_of(size: int, wanted: int) -> list[tuple[int, int]]:
    """The first place of each part, and the one behind it."""
    return [(i * size // wanted, -(-(i + 1) * size // wanted)) for i in range(wanted)]


def largest(pieces: Pieces, x: int, axis: int, shape: tuple[int, ...], wanted: int) -> int:
    """The largest value of each of `wanted` parts of an axis, for value x of this shape; short ones end repeated."""
    parts = parts_of(shape[axis - 1], wanted)
    longest = max(behind - first for first, behind in parts)
    places = [min(first + step, behind - 1) for first, behind in parts for step in range(longest)]
    taken = pieces.add(Take(tuple(places), axis), x)
    split = pieces.add(Reshape((*shape[: axis - 1], wanted, longest, *shape[axis:])), taken)
    return pieces.add(Reduce("max", (axis + 1,)), split)


@LAYERS.register()
@dataclass(frozen=True)
class AdaptiveMaxPooling2D(LayerSpec):
    """x (H,W,C) -> y (I,J,C), output_size I x J: y[i] is the largest of rows floor(i H/I) to ceil((i+1) H/I) - 1."""

    prefix = "adaptive_max_pooling2d"
    output_size: tuple[int, int] = legal(Pair())
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (*self.output_size, as_map(where, inputs[0])[2])

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        height, width, channels = known(inputs[0], where)
        pieces = Pieces()
        rows = largest(pieces, 0, 1, (height, width, channels), self.output_size[0])
        largest(pieces, rows, 2, (self.output_size[0], width, channels), self.output_size[1])
        return pieces.ending(())


def known(shape: Shape, where: str) -> tuple[int, ...]:
    """The sizes; raises ShapeError where one may be any."""
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) != len(shape):
        raise ShapeError(describe(where, "input", "of known size", shown(shape), "Give Input a full shape."))
    return sizes


@dataclass(frozen=True)
class AdaptivePooling1D(LayerSpec):
    """x (T,C) -> y (I,C), output_size I."""

    output_size: int = legal(Whole())
    data_format: str | None = legal(FORMAT, None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.output_size, row(where, inputs[0])


@LAYERS.register()
@dataclass(frozen=True)
class AdaptiveAveragePooling1D(AdaptivePooling1D):
    """x (T,C) -> y (I,C), output_size I: y[i] is the mean of entries floor(i T / I) to ceil((i+1) T / I) - 1."""

    prefix = "adaptive_average_pooling1d"

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        means = AdaptiveAveragePooling2D((1, self.output_size))
        pieces.add(Squeeze(1), pieces.add(means, pieces.add(ExpandDims(1), 0)))
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class AdaptiveMaxPooling1D(AdaptivePooling1D):
    """x (T,C) -> y (I,C), output_size I: y[i] is the largest of entries floor(i T / I) to ceil((i+1) T / I) - 1."""

    prefix = "adaptive_max_pooling1d"

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces = Pieces()
        largest(pieces, 0, 1, known(inputs[0], where), self.output_size)
        return pieces.ending(())
