"""EinsumDense: a dense layer over axes that an equation names, made of operations. Source: Keras 3, `layers/core`."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.activations import Function, function_primitives
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Pieces, Primitive, WeightSpec, count
from pellucid.spec.legal import Illegal, Integer, Optional, Text, legal
from pellucid.spec.operations import Binary, Variable
from pellucid.spec.products import Einsum
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, shown


@dataclass(frozen=True)
class Equation:
    """Input, kernel and result; an ellipsis stands for axes that input and result share."""

    wanted: str = "an equation such as 'abc,cd->abd', '...x,xy->...y' or 'ab...,bc->ac...'"
    bad: tuple[Any, ...] = ("ab,bc", "...ab,bc->ac", "ab->ab", "a1,b->c", 7, None, "ab,bc->az")

    def check(self, value: Any) -> str:
        forms = r"[a-zA-Z]+,[a-zA-Z]+->[a-zA-Z]+", r"\.{3}[a-zA-Z]+,[a-zA-Z]+->\.{3}[a-zA-Z]+", \
            r"[a-zA-Z]+\.{3},[a-zA-Z]+->[a-zA-Z]+\.{3}"
        if not isinstance(value, str) or not any(re.fullmatch(form, value) for form in forms):
            raise Illegal
        x, kernel, y = re.split(",|->", value.replace("...", ""))
        if not set(y) <= set(x + kernel) or not set(kernel) <= set(x + y):
            raise Illegal
        return value


@dataclass(frozen=True)
class Outputs:
    """The result's shape without the batch axis, None where an axis is the input's; one number is a tuple of one."""

    wanted: str = "an integer >= 1, or a tuple of them, with None for an axis of the input"
    bad: tuple[Any, ...] = (0, (0,), (1.5,), "3", None)

    def check(self, value: Any) -> tuple[int | None, ...]:
        entries = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        if entries == (None,):
            raise Illegal
        return tuple(None if entry is None else Integer(1).check(entry) for entry in entries)


@LAYERS.register()
@dataclass(frozen=True)
class EinsumDense(LayerSpec):
    """y = sum of x kernel over the letters that the result lacks, plus a bias along `bias_axes`.

    Keras calls the second argument output_shape; so does the layer class.
    """

    prefix = "einsum_dense"
    equation: str = legal(Equation())
    partial_output_shape: tuple[int | None, ...] = legal(Outputs())
    activation: str | LayerSpec = legal(Function(), None)
    bias_axes: str | None = legal(Optional(Text()), None)
    kernel_initializer: Initializer = legal(INITIAL, "glorot_uniform")
    bias_initializer: Initializer = legal(INITIAL, "zeros")
    kernel_regularizer: Regularizer | None = legal(PENALTY, None)
    bias_regularizer: Regularizer | None = legal(PENALTY, None)
    kernel_constraint: Constraint | None = legal(BOUND, None, later=True)
    bias_constraint: Constraint | None = legal(BOUND, None, later=True)

    def letters(self, shape: Shape, where: str) -> tuple[str, str, str]:
        """The letters of input, kernel and result, those of an ellipsis among them; raises ShapeError."""
        x, kernel, y = re.split(",|->", self.equation.replace("...", ""))
        more = len(shape) + 1 - len(x)
        if more < 0 or (more and "..." not in self.equation):
            wanted = f"of {len(x)} axes, '{x}', the batch axis the first"
            raise ShapeError(describe(where, "input", wanted, shown(shape)))
        free = "".join([letter for letter in string.ascii_letters if letter not in x + kernel + y][:more])
        x, y = (free + x, free + y) if self.equation.startswith("...") else (x + free, y + free)
        if x[0] != y[0]:
            wanted = "an equation whose input and result begin with the same axis, the batch axis"
            raise ShapeError(describe(where, "equation", wanted, self.equation))
        return x, kernel, y

    def sizes(self, shape: Shape, where: str) -> dict[str, int | None]:
        """The size of each letter; raises ShapeError where two do not fit or one is not known."""
        x, kernel, y = self.letters(shape, where)
        found: dict[str, int | None] = dict(zip(x[1:], shape, strict=True))
        free = len(y) - 1 - len(self.partial_output_shape)
        unsaid: tuple[int | None, ...] = (None,) * free
        given = self.partial_output_shape
        partial = unsaid + given if self.equation.startswith("...") else given + unsaid
        if free < 0:
            wanted = f"of {len(y) - 1} axes, '{y[1:]}'"
            raise ShapeError(describe(where, "output_shape", wanted, str(self.partial_output_shape)))
        for letter, size in zip(y[1:], partial, strict=True):
            if size is not None and found.get(letter) not in (None, size):
                wanted = f"{found[letter]} on axis '{letter}', as the input has"
                raise ShapeError(describe(where, "output_shape", wanted, size))
            found[letter] = size if found.get(letter) is None else found[letter]
        unknown = [letter for letter in kernel if found.get(letter) is None]
        if unknown:
            raise ShapeError(describe(where, f"the size of axis '{unknown[0]}'", "known", "None"))
        return found

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        sizes = self.sizes(inputs[0], where)
        return tuple(sizes[letter] for letter in self.letters(inputs[0], where)[2][1:])

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        sizes, (_, kernel, y) = self.sizes(inputs[0], where), self.letters(inputs[0], where)
        into, out = (math.prod(sizes[letter] or 1 for letter in kernel if (letter in y) == given) for given in (0, 1))
        shape = tuple(sizes[letter] or 1 for letter in kernel)
        own = WeightSpec("kernel", shape, self.kernel_initializer, (into, out), regularizer=self.kernel_regularizer)
        if self.bias_axes is None:
            return (own,)
        strange = [letter for letter in self.bias_axes if letter not in y[1:]]
        if strange:
            wanted = f"letters of the result behind the batch axis, '{y[1:]}'"
            raise ShapeError(describe(where, "bias_axes", wanted, self.bias_axes))
        first = min(y.find(letter) for letter in self.bias_axes)
        wide = tuple((sizes[letter] or 1) if letter in self.bias_axes else 1 for letter in y[first:])
        return own, WeightSpec("bias", wide, self.bias_initializer, regularizer=self.bias_regularizer)

    def expanded(self, inputs: Sequence[Shape], where: str) -> tuple[Primitive, ...]:
        pieces, (x, kernel, y) = Pieces(), self.letters(inputs[0], where)
        own, *bias = self.weight_specs(inputs, where)
        weight = pieces.add(Variable(own.shape), weights={"value": "kernel"})
        z = pieces.add(Einsum(f"{x},{kernel}->{y}", (False, True)), 0, weight)
        for entry in bias:
            view = (1,) * (len(y) - 1 - len(entry.shape)) + entry.shape
            pieces.add(Binary("add"), z, pieces.add(Variable(entry.shape, view=view), weights={"value": "bias"}))
        return pieces.ending(function_primitives(self.activation))

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        own = self.weight_specs(inputs, "einsum_dense")[0]
        return 2 * count(output) * own.fan[0]
