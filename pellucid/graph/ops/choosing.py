"""Operations that choose: where, one_hot, top_k, take, and what makes tensors. Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.operators import aligned, as_tensor, inner, node, not_batch, number, operation, unary, value, whole
from pellucid.graph.ops.moving import moveaxis
from pellucid.spec.operations import Lookup, OneHot, Take, TakeAlong, TopK, Where


@operation
def where(condition: Any, x1: Any, x2: Any) -> Any:
    """x1 where the condition is not 0, else x2."""
    plain = [number(entry) for entry in (x1, x2)]
    given = [entry for entry, constant in zip((x1, x2), plain, strict=True) if constant is None]
    if not any(isinstance(entry, Tensor) for entry in (condition, *given)):
        plain, given = [None, None], [x1, x2]
    values = aligned([value(condition), *map(value, given)])
    return node(Where(*plain), *values)


@operation
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A row of zeros with a one in place of each number; a row of zeros for numbers outside."""
    x = node(OneHot(whole("ops.one_hot", "num_classes", num_classes)), x)
    return x if axis == -1 else value(moveaxis(x, -1, axis))


@operation
def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """(values, indices) of the k largest entries of the last axis, the largest first."""
    count = whole("ops.top_k", "k", k)
    return [node(TopK(count, part), x) for part in ("values", "indices")]


@operation
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries of `axis` at these places: fixed ones, or for a table without a batch axis those of a tensor."""
    x = value(x)
    if not isinstance(indices, Tensor):
        listed = [whole("ops.take", "indices", entry) for entry in _flat(indices)]
        place = not_batch("ops.take", inner("ops.take", x, -1 if axis is None else axis))
        length = x.sizes[place - 1]
        if length is not None and any(not -length <= entry < length for entry in listed):
            wanted = f"from {-length} to {length - 1}"
            raise ArgumentError(describe("ops.take", "indices", wanted, shown(str(listed))))
        found = node(Take(tuple(entry % length if length else entry for entry in listed), place), x)
        return found
    if x.batched or axis not in (0, None):
        remedy = "Use pellucid.ops.take_along_axis(x, indices, axis)."
        raise ArgumentError(describe("ops.take", "x", "a table without a batch axis, and axis 0", repr(axis), remedy))
    return node(Lookup(), x, indices)


def _flat(indices: Any) -> list[Any]:
    held = value(indices)
    if len(held.shape) > 1:
        raise ArgumentError(describe("ops.take", "indices", "one number or a row of them", f"of shape {held.shape}"))
    return [held.array.item()] if not held.shape else held.array.tolist()


@operation
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries that numbers of x's rank name along `axis`."""
    x, places = value(x), value(indices)
    axis = -1 if axis is None else axis
    place = not_batch("ops.take_along_axis", inner("ops.take_along_axis", x, axis))
    return node(TakeAlong(place), x, places)


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """Numbers as an array; a tensor as it is."""
    return x if isinstance(x, Tensor) else value(x).array


def constant(x: Any) -> Tensor:
    """Numbers as a value of the network."""
    return as_tensor(value(x))


@operation
def cast(x: Any, dtype: str) -> Any:
    """x in another kind of number; in a network whole numbers lose what is behind the point, and stay floats."""
    x = value(x)
    word = getattr(dtype, "__name__", str(dtype))
    if isinstance(x, Tensor):
        if "int" in word:
            return unary("trunc", x)
        return x if "float" in word else value(not_zero(x))
    x.array = x.array.astype("float32" if word == "bfloat16" else word)
    return x


@operation
def not_zero(x: Any) -> Any:
    """1 where x is not 0."""
    return unary("logical_not", unary("logical_not", x))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of x."""
    return _filled(x, 0.0)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of x."""
    return _filled(x, 1.0)


def full_like(x: Any, fill_value: float, dtype: Any = None) -> Any:
    """One number in the shape of x."""
    return _filled(x, float(fill_value))


@operation
def _filled(x: Any, fill: float) -> Any:
    held = value(x)
    if isinstance(held, Tensor):
        return node(Where(fill, fill), held)
    held.array = held.array * 0 + type(held.array.flat[0] if held.array.size else 0.0)(fill)
    return held
