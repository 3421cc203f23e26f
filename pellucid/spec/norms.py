"""Normalisation of each sample by itself, made of operations: layer, group, root mean square, unit length.

Sources: Ba et al. 2016; Wu & He 2018; Zhang & Sennrich 2019. Keras's arguments, epsilon inside the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.constants import Constant, Numbers, extent
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive, WeightSpec
from pellucid.spec.legal import Flag, Illegal, Integer, Optional, Real, legal
from pellucid.spec.operations import Binary, Reduce, Unary, Variable
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.reshaping import Reshape
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class SomeAxes:
    """One axis or several, counted with the batch axis as 0, or from the end."""

    wanted: str = "a whole number or several, which name axes"
    bad: tuple[Any, ...] = ("1", 1.5, (), None)

    def check(self, value: Any) -> int | tuple[int, ...]:
        if isinstance(value, (list, tuple)):
            if not value:
                raise Illegal
            return tuple(Integer(-9).check(entry) for entry in value)
        return Integer(-9).check(value)


def places(where: str, axis: int | tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """The axes behind the batch axis, in order; raises ShapeError for what is none."""
    found = set()
    for entry in axis if isinstance(axis, tuple) else (axis,):
        place = entry % (len(shape) + 1)
        if not -len(shape) <= entry <= len(shape) or not place:
            raise ShapeError(describe(where, "axis", f"an axis of {shown(shape)} behind the batch axis", entry))
        found.add(place)
    return tuple(sorted(found))


def sizes_at(where: str, shape: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """The sizes of these axes; raises ShapeError where one is not known."""
    sizes = tuple(shape[axis - 1] for axis in axes)
    if None in sizes:
        raise ShapeError(describe(where, "input", "of known size on the normalised axes", shown(shape)))
    return tuple(size for size in sizes if size is not None)


def view_at(shape: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """The shape of a weight of these axes as it goes with x: 1 elsewhere."""
    return tuple((size or 1) if axis in axes else 1 for axis, size in enumerate(shape, 1))


def standardized(pieces: Pieces, x: int, axes: tuple[int, ...], epsilon: float) -> int:
    """(x - mean) / sqrt(variance + epsilon) over these axes."""
    middle = pieces.add(Binary("subtract"), x, pieces.add(Reduce("mean", axes, True), x))
    variance = pieces.add(Reduce("mean", axes, True), pieces.add(Unary("square"), middle))
    inverse = pieces.add(Unary("rsqrt"), pieces.add(Binary("add", right=epsilon), variance))
    return pieces.add(Binary("multiply"), middle, inverse)


def weighed(pieces: Pieces, x: int, function: str, weight: str, shape: tuple[int, ...], view: tuple[int, ...]) -> int:
    """x times or plus a weight."""
    own = pieces.add(Variable(shape, view=view), weights={"value": weight})
    return pieces.add(Binary(function), x, own)


@LAYERS.register()
@dataclass(frozen=True)
class LayerNormalization(LayerSpec):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance of each sample over `axis`."""

    prefix = "layer_normalization"
    axis: int | tuple[int, ...] = legal(SomeAxes(), -1)
    epsilon: float = legal(Real(0.0, open_low=True), 1e-3)
    center: bool = legal(Flag(), True)
    scale: bool = legal(Flag(), True)
    beta_initializer: Initializer = legal(INITIAL, "zeros")
    gamma_initializer: Initializer = legal(INITIAL, "ones")
    beta_regularizer: Regularizer | None = legal(PENALTY, None)
    gamma_regularizer: Regularizer | None = legal(PENALTY, None)
    beta_constraint: Constraint | None = legal(BOUND, None, later=True)
    gamma_constraint: Constraint | None = legal(BOUND, None, later=True)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        shape = sizes_at(where, inputs[0], places(where, self.axis, inputs[0]))
        gamma = WeightSpec("gamma", shape, self.gamma_initializer, regularizer=self.gamma_regularizer)
        beta = WeightSpec("beta", shape, self.beta_initializer, regularizer=self.beta_regularizer)
        return (*([gamma] if self.scale else []), *([beta] if self.center else []))

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, axes = Pieces(), places(where, self.axis, inputs[0])
        y, view = standardized(pieces, 0, axes, self.epsilon), view_at(inputs[0], axes)
        for weight in self.weight_specs(inputs, where):
            y = weighed(pieces, y, "multiply" if weight.name == "gamma" else "add", weight.name, weight.shape, view)
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class RMSNormalization(LayerSpec):
    """y = gamma x / sqrt(mean x^2 + epsilon) over `axis`."""

    prefix = "rms_normalization"
    axis: int | tuple[int, ...] = legal(SomeAxes(), -1)
    epsilon: float = legal(Real(0.0, open_low=True), 1e-6)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        shape = sizes_at(where, inputs[0], places(where, self.axis, inputs[0]))
        return (WeightSpec("scale", shape, INITIAL.check("ones")),)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, axes = Pieces(), places(where, self.axis, inputs[0])
        squares = pieces.add(Reduce("mean", axes, True), pieces.add(Unary("square"), 0))
        inverse = pieces.add(Unary("rsqrt"), pieces.add(Binary("add", right=self.epsilon), squares))
        y = pieces.add(Binary("multiply"), 0, inverse)
        (weight,) = self.weight_specs(inputs, where)
        weighed(pieces, y, "multiply", "scale", weight.shape, view_at(inputs[0], axes))
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class UnitNormalization(LayerSpec):
    """y = x / |x| along `axis`."""

    prefix = "unit_normalization"
    axis: int | tuple[int, ...] = legal(SomeAxes(), -1)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, axes = Pieces(), places(where, self.axis, inputs[0])
        squares = pieces.add(Reduce("sum", axes, True), pieces.add(Unary("square"), 0))
        inverse = pieces.add(Unary("rsqrt"), pieces.add(Binary("maximum", right=1e-24), squares))
        pieces.add(Binary("multiply"), 0, inverse)
        return pieces.ending(())

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        places(where, self.axis, inputs[0])
        return inputs[0]


@LAYERS.register()
@dataclass(frozen=True)
class GroupNormalization(LayerSpec):
    """As layer normalisation, over all places and the channels of each of `groups` groups."""

    prefix = "group_normalization"
    groups: int = legal(Integer(-1), 32)
    axis: int = legal(Integer(-9), -1)
    epsilon: float = legal(Real(0.0, open_low=True), 1e-3)
    center: bool = legal(Flag(), True)
    scale: bool = legal(Flag(), True)
    beta_initializer: Initializer = legal(INITIAL, "zeros")
    gamma_initializer: Initializer = legal(INITIAL, "ones")
    beta_regularizer: Regularizer | None = legal(PENALTY, None)
    gamma_regularizer: Regularizer | None = legal(PENALTY, None)
    beta_constraint: Constraint | None = legal(BOUND, None, later=True)
    gamma_constraint: Constraint | None = legal(BOUND, None, later=True)

    def split(self, shape: Shape, where: str) -> tuple[int, int]:
        """Groups, and channels in each; raises ShapeError where they do not come out even."""
        if self.axis not in (-1, len(shape)):
            raise ShapeError(describe(where, "axis", "-1, the channels", self.axis, "Channels come last here."))
        (channels,) = sizes_at(where, shape, (len(shape),))
        groups = channels if self.groups == -1 else self.groups
        if groups < 1 or channels % groups:
            raise ShapeError(describe(where, "groups", f"a divisor of the input's {channels} channels", groups))
        return groups, channels // groups

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        self.split(inputs[0], where)
        sizes_at(where, inputs[0], range(1, len(inputs[0]) + 1))
        return inputs[0]

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        shape = sizes_at(where, inputs[0], (len(inputs[0]),))
        gamma = WeightSpec("gamma", shape, self.gamma_initializer, regularizer=self.gamma_regularizer)
        beta = WeightSpec("beta", shape, self.beta_initializer, regularizer=self.beta_regularizer)
        return (*([gamma] if self.scale else []), *([beta] if self.center else []))

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, (groups, each) = Pieces(), self.split(inputs[0], where)
        full = sizes_at(where, inputs[0], range(1, len(inputs[0]) + 1))
        x = pieces.add(Reshape((*full[:-1], groups, each)), 0)
        axes = tuple(axis for axis in range(1, len(full) + 2) if axis != len(full))
        y = pieces.add(Reshape(full), standardized(pieces, x, axes, self.epsilon))
        view = view_at(inputs[0], (len(full),))
        for weight in self.weight_specs(inputs, where):
            y = weighed(pieces, y, "multiply" if weight.name == "gamma" else "add", weight.name, weight.shape, view)
        return pieces.ending(())


@LAYERS.register()
@dataclass(frozen=True)
class Normalization(LayerSpec):
    """y = (x - mean) / max(sqrt(variance), 1e-7) along `axis` with given numbers; `invert` goes back."""

    prefix = "normalization"
    axis: int | tuple[int, ...] | None = legal(Optional(SomeAxes()), -1)
    mean: Constant | None = legal(Optional(Numbers()), None)
    variance: Constant | None = legal(Optional(Numbers()), None)
    invert: bool = legal(Flag(), False)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if self.mean is None or self.variance is None:
            remedy = "Pass mean= and variance=, or call adapt(data) first."
            raise ShapeError(describe(where, "mean and variance", "known", "None", remedy))
        return inputs[0]

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        self.output_shape(inputs, where)
        axes = () if self.axis is None else places(where, self.axis, inputs[0])
        view = view_at(inputs[0], axes)
        mean, spread = lifted(self.mean, view, lambda v: v), lifted(self.variance, view, lambda v: max(v**0.5, 1e-7))
        pieces = Pieces()
        if self.invert:
            pieces.add(Binary("add", right=mean), pieces.add(Binary("multiply", right=spread), 0))
        else:
            pieces.add(Binary("divide", right=spread), pieces.add(Binary("subtract", right=mean), 0))
        return pieces.ending(())


def lifted(value: Any, view: tuple[int, ...], change: Any) -> Any:
    """A constant in the shape that goes with x, each number changed."""
    flat = flattened(value)
    numbers = [change(number) for number in flat]
    if len(numbers) == 1:
        return numbers[0]
    return nested(numbers, view) if len(numbers) > 1 and _fits(len(numbers), view) else nested(numbers, extent(value))


def _fits(count: int, view: tuple[int, ...]) -> bool:
    total = 1
    for size in view:
        total *= size
    return total == count


def flattened(value: Any) -> list[float]:
    """The numbers in a row."""
    return [number for entry in value for number in flattened(entry)] if isinstance(value, tuple) else [value]


def nested(numbers: list[float], shape: tuple[int, ...]) -> Any:
    """The numbers as rows of this shape."""
    if len(shape) <= 1:
        return tuple(numbers)
    step = len(numbers) // shape[0]
    return tuple(nested(numbers[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0]))
