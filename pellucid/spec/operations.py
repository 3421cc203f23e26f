"""Operations on tensors as nodes of a graph, each with its arguments as data: `x / 255.`, `x[:, 0]`, `ops.exp(x)`.

Axes are counted with the batch axis as 0. A value without a batch axis, such as a weight of one's own layer, has a
first axis of size 1 in its place, so that it goes with any batch; its shape, too, is written without that axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ShapeError, describe
from pellucid.spec.constants import Axes, Constant, Numbers, Several, extent
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, WeightSpec
from pellucid.spec.legal import Flag, Integer, OneOf, Optional, Sizes, legal
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, broadcast, shown

UNARY = {  # each function with the numbers that it takes besides x
    "abs": 0, "negative": 0, "sign": 0, "square": 0, "sqrt": 0, "rsqrt": 0, "reciprocal": 0,
    "exp": 0, "expm1": 0, "log": 0, "log1p": 0, "log2": 0, "log10": 0, "erf": 0,
    "sin": 0, "cos": 0, "tan": 0, "arcsin": 0, "arccos": 0, "arctan": 0,
    "sinh": 0, "cosh": 0, "arcsinh": 0, "arccosh": 0, "arctanh": 0,
    "floor": 0, "ceil": 0, "round": 0, "trunc": 0, "stop_gradient": 0,
    "isnan": 0, "isinf": 0, "isfinite": 0, "logical_not": 0, "clip": 2,
    "gelu": 0, "gelu_tanh": 0, "selu": 0, "silu": 0, "mish": 0, "softplus": 0, "softsign": 0,
    "hard_sigmoid": 0, "hard_silu": 0, "hard_tanh": 0, "log_sigmoid": 0, "tanh_shrink": 0,
    "sparse_plus": 0, "sparse_sigmoid": 0, "celu": 1, "squareplus": 1, "hard_shrink": 1, "soft_shrink": 1,
    "threshold": 2, "ste_sign": 1, "approx_sign": 0,
}  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "floor_divide", "mod", "arctan2",
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or",
)  # fmt: skip
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "logsumexp", "any", "all")
NO_GRADIENT = {"sign", "floor", "ceil", "round", "trunc", "stop_gradient", "isnan", "isinf", "isfinite", "logical_not",
               "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or",
               "floor_divide", "any", "all"}  # fmt: skip


@dataclass(frozen=True)
class Operation(LayerSpec):
    """What is named after its function."""

    function: str

    @property
    def prefix(self) -> str:  # type: ignore[override]
        """Of automatic names."""
        return self.function

    @property
    def title(self) -> str:
        return self.function


@LAYERS.register()
@dataclass(frozen=True)
class Unary(Operation):
    """y = f(x), entry by entry; `parameters` are the numbers that f takes besides x."""

    function: str = legal(OneOf(tuple(UNARY)))
    parameters: Constant | None = legal(Optional(Numbers()), None)

    def __post_init__(self) -> None:
        super().__post_init__()
        got = 0 if self.parameters is None else extent(self.parameters)
        wanted = UNARY[self.function]
        if got != ((wanted,) if wanted else 0):
            raise ShapeError(describe("Unary", "parameters", f"{wanted} numbers for {self.function}", str(got)))

    @property
    def numbers(self) -> tuple[float, ...]:
        """The parameters."""
        return () if self.parameters is None else self.parameters  # type: ignore[return-value]


@LAYERS.register()
@dataclass(frozen=True)
class Binary(Operation):
    """y = f(a, b), entry by entry; of the two one may be a constant, and an axis of size 1 is repeated to fit."""

    arity = (1, 2)
    function: str = legal(OneOf(BINARY))
    left: Constant | None = legal(Optional(Numbers()), None)
    right: Constant | None = legal(Optional(Numbers()), None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        constant = self.right if self.left is None else self.left
        if (constant is None) + len(inputs) != (3 if constant is None else 1) or None not in (self.left, self.right):
            raise ShapeError(describe(where, "operands", "two, of which one may be a constant", str(len(inputs))))
        return broadcast(where, [*inputs, *([] if constant is None else [beside(constant, inputs[0], where)])])


@LAYERS.register()
@dataclass(frozen=True)
class Where(LayerSpec):
    """y = a where the condition is not 0, else b; each of the two may be a constant."""

    prefix = "where"
    arity = (1, 3)
    left: Constant | None = legal(Optional(Numbers()), None)
    right: Constant | None = legal(Optional(Numbers()), None)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        constants = [value for value in (self.left, self.right) if value is not None]
        if len(inputs) + len(constants) != 3:
            raise ShapeError(describe(where, "operands", "a condition and two values", str(len(inputs))))
        return broadcast(where, [*inputs, *(beside(value, inputs[0], where) for value in constants)])


def beside(constant: Constant, shape: Shape, where: str) -> Shape:
    """The shape of a constant that goes with values of `shape`: axes of 1 in front, a first axis of 1 left out."""
    sizes = extent(constant)
    if len(sizes) == len(shape) + 1 and sizes[0] == 1:
        sizes = sizes[1:]
    if len(sizes) > len(shape):
        wanted = f"of the shape of x, {shown(shape)}, or of its last axes"
        raise ShapeError(describe(where, "constant", wanted, f"of shape {extent(constant)}"))
    return (1,) * (len(shape) - len(sizes)) + sizes


@LAYERS.register()
@dataclass(frozen=True)
class Reduce(Operation):
    """y = the sum, mean, largest value ... over `axes`; over the batch axis too, where 0 is among them."""

    function: str = legal(OneOf(REDUCTIONS))
    axes: tuple[int, ...] = legal(Axes())
    keepdims: bool = legal(Flag(), False)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, self.axes, inputs[0])
        kept = [(1 if axis in self.axes else size) for axis, size in enumerate(inputs[0], 1)]
        return tuple(size for axis, size in enumerate(kept, 1) if self.keepdims or axis not in self.axes)

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        return all(inputs) and 0 not in self.axes


@LAYERS.register()
@dataclass(frozen=True)
class ArgReduce(Operation):
    """y = the place of the largest (smallest) entry along `axis`, the first of equals."""

    function: str = legal(OneOf(("argmax", "argmin")))
    axis: int = legal(Integer(1), 1)
    keepdims: bool = legal(Flag(), False)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return Reduce("max", (self.axis,), self.keepdims).output_shape(inputs, where)


@LAYERS.register()
@dataclass(frozen=True)
class Cumulative(Operation):
    """y = the running sum or product along `axis`."""

    function: str = legal(OneOf(("cumsum", "cumprod")))
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, (self.axis,), inputs[0])
        return inputs[0]


@LAYERS.register()
@dataclass(frozen=True)
class SoftmaxAlong(LayerSpec):
    """y = e^x / sum e^x over `axes`; with `logarithm` the logarithm of that."""

    prefix = "softmax"
    axes: tuple[int, ...] = legal(Axes(1))
    logarithm: bool = legal(Flag(), False)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, self.axes, inputs[0])
        return inputs[0]


@LAYERS.register()
@dataclass(frozen=True)
class OneHot(LayerSpec):
    """A number in 0..classes-1 becomes a row with a one there; any other number a row of zeros."""

    prefix = "one_hot"
    classes: int = legal(Integer(1))

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (*inputs[0], self.classes)


@LAYERS.register()
@dataclass(frozen=True)
class TopK(LayerSpec):
    """The k largest entries of the last axis, the largest first, or with part="indices" their places."""

    prefix = "top_k"
    k: int = legal(Integer(1))
    part: str = legal(OneOf(("values", "indices")), "values")

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if not inputs[0] or (inputs[0][-1] is not None and inputs[0][-1] < self.k):
            raise ShapeError(describe(where, "k", f"at most the size of the last axis of {shown(inputs[0])}", self.k))
        return (*inputs[0][:-1], self.k)


@LAYERS.register()
@dataclass(frozen=True)
class Variable(LayerSpec):
    """A weight as a value of the graph: its shape has no batch axis. `view` is the shape it is read in."""

    prefix = "variable"
    arity = (0, 0)
    shape: tuple[int, ...] = legal(Sizes())
    initializer: Initializer = legal(INITIAL, "glorot_uniform")
    learned: bool = legal(Flag(), True)
    regularizer: Regularizer | None = legal(PENALTY, None)
    view: tuple[int, ...] | None = legal(Optional(Sizes()), None)
    constraint: Constraint | None = legal(BOUND, None, later=True)

    def constraint_of(self, short: str) -> Constraint | None:
        return self.constraint

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return self.shape if self.view is None else self.view

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        return False

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        fan = fans(self.shape)
        return (WeightSpec("value", self.shape, self.initializer, fan, self.learned, self.regularizer),)

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


@LAYERS.register()
@dataclass(frozen=True)
class ConstantValue(LayerSpec):
    """Numbers that lie in the graph, as a value without a batch axis."""

    prefix = "constant"
    arity = (0, 0)
    value: Constant = legal(Numbers())

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return extent(self.value)

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        return False

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 0


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Fan in and fan out of a weight, read off its shape as Keras does: in and out last, a window before them."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    window = 1
    for size in shape[:-2]:
        window *= size
    return window * shape[-2], window * shape[-1]


@LAYERS.register()
@dataclass(frozen=True)
class Take(LayerSpec):
    """The entries of `axis` at fixed places, in this order; a place may come several times."""

    prefix = "take"
    indices: tuple[int, ...] = legal(Several())
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        refuse_no_axis(where, (self.axis,), inputs[0])
        size = inputs[0][self.axis - 1]
        if size is not None and max(self.indices) >= size:
            raise ShapeError(describe(where, "indices", f"below the axis's size {size}", max(self.indices)))
        return (*inputs[0][: self.axis - 1], len(self.indices), *inputs[0][self.axis :])


@LAYERS.register()
@dataclass(frozen=True)
class Lookup(LayerSpec):
    """y = the rows of a table (V, ...) that numbers (N, ...) name; the table has no batch axis."""

    prefix = "lookup"
    arity = (2, 2)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        return (*inputs[1], *inputs[0][1:])

    def has_batch(self, inputs: Sequence[bool]) -> bool:
        return inputs[1]


@LAYERS.register()
@dataclass(frozen=True)
class TakeAlong(LayerSpec):
    """y = the entries of x that numbers of the same rank name along `axis`."""

    prefix = "take_along_axis"
    arity = (2, 2)
    axis: int = legal(Integer(1), 1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        self.same_shapes(inputs, where)
        refuse_no_axis(where, (self.axis,), inputs[0])
        return inputs[1]


def refuse_no_axis(where: str, axes: Sequence[int], shape: Shape) -> None:
    """Raise ShapeError for an axis that values of this shape do not have."""
    if max(axes) > len(shape):
        remedy = "The batch axis is 0."
        wanted = f"an axis of {shown(shape)}, from {-len(shape) - 1} to {len(shape)}"
        raise ShapeError(describe(where, "axis", wanted, max(axes), remedy))
