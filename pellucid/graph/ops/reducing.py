"""Sums, means and other reductions. Keras's names and arguments; axis None is all axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph.operators import Value, binary, inner, made, node, operation, unary, value
from pellucid.spec.operations import ArgReduce, Cumulative, Reduce, SoftmaxAlong

Axis = int | Sequence[int] | None


def axes_of(where: str, x: Value, axis: Axis) -> tuple[int, ...]:
    """The axes as the nodes count them."""
    if axis is None:
        return tuple(range(0 if x.batched else 1, len(x.sizes) + 1))
    return tuple(inner(where, x, entry) for entry in (axis if isinstance(axis, (list, tuple)) else (axis,)))


def reduced(function: str, x: Any, axis: Axis, keepdims: bool) -> Value:
    """The reduced value."""
    x = value(x)
    axes = axes_of(f"ops.{function}", x, axis)
    if not axes:
        return x
    return node(Reduce(function, axes, bool(keepdims)), x)


def reduction(function: str, meaning: str) -> Callable[..., Any]:
    """A public reduction."""

    def called(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        return reduced(function, x, axis, keepdims)

    return made(called, function, f"{meaning} along `axis` (a number, several, or None for all).")


sum = reduction("sum", "The sum")
mean = reduction("mean", "The mean")
max = amax = reduction("max", "The largest entry")
min = amin = reduction("min", "The smallest entry")
prod = reduction("prod", "The product")
any = reduction("any", "Whether any entry is not 0,")
all = reduction("all", "Whether no entry is 0,")
logsumexp = reduction("logsumexp", "log sum e^x")


@operation
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The variance (of n, not n - 1)."""
    middle = reduced("mean", x, axis, True)
    return reduced("mean", unary("square", binary("subtract", x, middle)), axis, keepdims)


@operation
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The standard deviation (of n, not n - 1)."""
    return unary("sqrt", value(var(x, axis, keepdims)))


@operation
def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """How many entries are not 0."""
    return reduced("sum", binary("multiply", binary("not_equal", x, 0.0), 1.0), axis, False)


@operation
def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, variance)."""
    return value(mean(x, axes, keepdims)), value(var(x, axes, keepdims))


@operation
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """The length of vectors: ord 2 (or None), 1 or infinity."""
    if ord in (None, 2, "euclidean", "fro"):
        return unary("sqrt", reduced("sum", unary("square", x), axis, keepdims))
    if ord == 1:
        return reduced("sum", unary("abs", x), axis, keepdims)
    if ord in (float("inf"), "inf"):
        return reduced("max", unary("abs", x), axis, keepdims)
    raise ArgumentError(describe("ops.norm", "ord", "None, 1, 2 or infinity", repr(ord)))


@operation
def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x over its length along `axis`, which is taken as epsilon (1e-12) at least."""
    least = 1e-12 if epsilon is None else float(epsilon)
    if order == 2:
        lengths = binary("maximum", reduced("sum", unary("square", x), axis, True), least**2)
        return binary("multiply", x, unary("rsqrt", lengths))
    return binary("divide", x, binary("maximum", value(norm(x, order, axis, True)), least))


def _along(where: str, x: Any, axis: Any) -> tuple[Value, tuple[int, ...]]:
    x = value(x)
    return x, axes_of(where, x, -1 if axis is None else axis)


@operation
def softmax(x: Any, axis: Axis = -1) -> Any:
    """e^x / sum e^x along `axis`."""
    x, axes = _softmax_axes("ops.softmax", x, axis)
    return node(SoftmaxAlong(axes), x)


@operation
def log_softmax(x: Any, axis: Axis = -1) -> Any:
    """The logarithm of softmax."""
    x, axes = _softmax_axes("ops.log_softmax", x, axis)
    return node(SoftmaxAlong(axes, True), x)


def _softmax_axes(where: str, x: Any, axis: Axis) -> tuple[Value, tuple[int, ...]]:
    x, axes = _along(where, x, axis)
    if 0 in axes:
        raise ArgumentError(describe(where, "axis", "behind the batch axis", repr(axis)))
    return x, axes


def _place(function: str, x: Any, axis: int | None, keepdims: bool) -> Value:
    x = value(x)
    if axis is None:
        raise ArgumentError(describe(f"ops.{function}", "axis", "given", "None", "Pass axis=-1."))
    return node(ArgReduce(function, inner(f"ops.{function}", x, axis), keepdims), x)


@operation
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the largest entry along `axis`, the first of equals."""
    return _place("argmax", x, axis, keepdims)


@operation
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the smallest entry along `axis`, the first of equals."""
    return _place("argmin", x, axis, keepdims)


@operation
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running sum along `axis`."""
    x = value(x)
    return node(Cumulative("cumsum", inner("ops.cumsum", x, -1 if axis is None else axis)), x)


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product along `axis`."""
    x = value(x)
    return node(Cumulative("cumprod", inner("ops.cumprod", x, -1 if axis is None else axis)), x)
