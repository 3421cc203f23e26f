"""From a call such as `x + 2` or `ops.exp(x)` to a node of the graph, or to numbers where all of x is numbers.

A value is a Tensor, or numbers held as `Held`: like a weight they have no batch axis. So each operation is written
once; `node` makes a node where any value is a tensor, and else has the numbers calculated by the room that can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any, Protocol

from pellucid.errors import ArgumentError, ShapeError, describe, shown
from pellucid.graph.calculating import OPERATIONS, TAPES
from pellucid.graph.layer import Layer, Tensor
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add, Multiply
from pellucid.spec.moving import ExpandDims
from pellucid.spec.operations import Binary, ConstantValue, Unary
from pellucid.spec.shapes import Shape
from pellucid.spec.shapes import shown as shape_shown


class Calculator(Protocol):
    """What can work with numbers."""

    def hold(self, value: Any) -> Any:
        """Numbers as an array."""

    def run(self, spec: LayerSpec, arrays: Sequence[Any]) -> Any:
        """The result of a layer without weights on arrays without a batch axis."""


CALCULATOR: list[Calculator] = []  # entered by the room that can calculate, once a page of it has been imported


class Held:
    """Numbers among the values of an operation."""

    batched = False

    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def sizes(self) -> Shape:
        """The shape."""
        return tuple(self.array.shape)

    shape = sizes


Value = Any  # Tensor | Held


def value(given: Any) -> Value:
    """A tensor as it is, anything else as numbers."""
    if isinstance(given, Tensor):
        return given.now()
    if isinstance(given, Held):
        return given
    if isinstance(given, (list, tuple)) and given and all(isinstance(x, Tensor) and not x.batched for x in given):
        return value(OPERATIONS["stack"](list(given)))  # the penalties of a step, say
    if not CALCULATOR:
        raise ArgumentError(describe("ops", "values", "tensors", type(given).__name__, "Import pellucid.ops."))
    return Held(CALCULATOR[0].hold(given))


def result(found: Any) -> Any:
    """What a user is handed: a tensor or an array; lists and tuples of them likewise."""
    if isinstance(found, Held):
        return found.array
    return type(found)(map(result, found)) if isinstance(found, (list, tuple)) else found


def node(spec: LayerSpec, *given: Any, name: str | None = None) -> Value:
    """The result of an operation on values."""
    values = [value(entry) for entry in given]
    if all(isinstance(entry, Held) for entry in values) and values:
        return Held(CALCULATOR[0].run(spec, [entry.array for entry in values]))
    return Layer.of(spec, name)([as_tensor(entry) for entry in values])


def as_tensor(entry: Value) -> Tensor:
    """Numbers as a constant of the graph."""
    if isinstance(entry, Tensor):
        return entry.now()
    if TAPES:
        known: Tensor = TAPES[-1].enter(entry.array)
        return known
    tensor: Tensor = Layer.of(ConstantValue(entry.array))(())
    return tensor


def operation(function: Callable[..., Any]) -> Callable[..., Any]:
    """A public operation: it takes tensors or numbers and hands out the same."""

    @wraps(function)
    def called(*args: Any, **named: Any) -> Any:
        try:
            return result(function(*args, **named))
        except TypeError as fault:
            _bound(function, args, named)
            raise fault from None

    return called


def _bound(function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> None:
    """Raise ArgumentError where the arguments of a call are not those of the function."""
    try:
        signature(function).bind(*args, **named)
    except TypeError as fault:
        known = ", ".join(signature(function).parameters)
        raise ArgumentError(f"ops.{function.__name__}: {fault}. Its arguments are: {known}.") from None


def unary(function: str, x: Any, *numbers: float) -> Value:
    """f(x)."""
    return node(Unary(function, tuple(numbers) or None), x)


def aligned(values: Sequence[Value]) -> list[Value]:
    """Values with as many axes as the longest, new ones of size 1 in front, as NumPy aligns them.

    Raises ShapeError where that would lay an axis over the batch axis.
    """
    rank = max(len(entry.shape) for entry in values)
    any_batched = any(entry.batched for entry in values)
    return [_lifted(entry, rank, any_batched, values) for entry in values]


def _lifted(entry: Value, rank: int, beside_batch: bool, values: Sequence[Value]) -> Value:
    shape = tuple(entry.shape)
    if entry.batched and len(shape) < rank:
        listed = " and ".join(shape_shown(other.sizes) if other.batched else str(other.shape) for other in values)
        remedy = "Give both as many axes: pellucid.ops.expand_dims(x, axis)."
        raise ShapeError(describe("ops", "values", "of as many axes", listed, remedy))
    if entry.batched:
        return entry
    sizes = rank - 1 if beside_batch else rank
    while len(entry.sizes) < sizes:
        entry = node(ExpandDims(1), entry)
    if len(entry.sizes) > sizes:
        if entry.sizes[0] != 1:
            raise ShapeError(describe("ops", "the first axis", "of size 1 beside a batch axis", str(entry.sizes)))
        from pellucid.spec.moving import Squeeze

        entry = node(Squeeze(1), entry)
    return entry


def number(given: Any) -> float | None:
    """A plain number as it is, None for anything else."""
    if isinstance(given, (bool, int, float)):
        return float(given)
    plain = type(given).__module__ == "numpy" and not getattr(given, "shape", (1,)) and hasattr(given, "item")
    return float(given.item()) if plain else None


def binary(function: str, a: Any, b: Any) -> Value:
    """f(a, b); a number beside a tensor lies in the node itself."""
    tensors = [entry for entry in (a, b) if isinstance(entry, Tensor)]
    for place, other in ((0, a), (1, b)):
        if tensors and len(tensors) == 1 and (plain := number(other)) is not None:
            return node(Binary(function, *((plain, None) if place == 0 else (None, plain))), tensors[0])
    left, right = aligned([value(a), value(b)])
    if function in ("add", "multiply") and tensors:
        return node(Add() if function == "add" else Multiply(), left, right)
    return node(Binary(function), left, right)


def two(function: str) -> Callable[..., Any]:
    """A public function of two values."""

    def called(x1: Any, x2: Any) -> Any:
        return binary(function, x1, x2)

    return made(called, function, f"`{function}` of x1 and x2, entry by entry; axes of size 1 are repeated to fit.")


def one(function: str, meaning: str = "") -> Callable[..., Any]:
    """A public function of one value."""

    def called(x: Any) -> Any:
        return unary(function, x)

    return made(called, function, f"{meaning or f'`{function}` of x'}, entry by entry.")


def made(function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    """A public operation under the name and with the text that help() shows."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return operation(function)


def whole(where: str, argument: str, given: Any) -> int:
    """A whole number; raises ArgumentError."""
    plain = number(given)
    if plain is None or isinstance(given, bool) or plain != int(plain):
        raise ArgumentError(describe(where, argument, "a whole number", shown(repr(given))))
    return int(plain)


def inner(where: str, x: Value, axis: Any, *, extra: int = 0) -> int:
    """An axis as the nodes count it: the batch axis, or the one of size 1 in its place, is 0.

    `extra` new axes are counted too. Raises ShapeError for an axis that x does not have.
    """
    place, rank = whole(where, "axis", axis), len(x.shape) + extra
    if not -rank <= place < rank:
        got = shape_shown(x.sizes) if x.batched else str(tuple(x.shape))
        raise ShapeError(describe(where, "axis", f"from {-rank} to {rank - 1} for x of shape {got}", place))
    place %= rank
    return place if x.batched else place + 1


def not_batch(where: str, axis: int) -> int:
    """The axis; raises ShapeError for the batch axis, on which samples would mix."""
    if axis == 0:
        remedy = "Each sample is calculated by itself; axes are counted from 1 on."
        raise ShapeError(describe(where, "axis", "behind the batch axis", "0", remedy))
    return axis


OPERATIONS.update({word: two(word) for word in (
    "add", "subtract", "multiply", "divide", "floor_divide", "mod", "power", "less", "less_equal", "greater",
    "greater_equal", "logical_and", "logical_or",
)})  # fmt: skip
OPERATIONS.update({word: one(word) for word in ("negative", "abs", "logical_not")})
