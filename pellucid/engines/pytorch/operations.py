"""Operations on tensors in torch: functions entry by entry, reductions, choices, products, moves.

Axes      the batch axis is 0; a value without one has a first axis of size 1, which products do not see
Formulas  those of the reference engine. Constants are made from x, so that a plain module can be traced from these
          functions too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.pytorch.arithmetic import Context, Weights, register
from pellucid.spec.operations import (
    NO_GRADIENT,
    ArgReduce,
    Binary,
    ConstantValue,
    Cumulative,
    Lookup,
    OneHot,
    Reduce,
    SoftmaxAlong,
    Take,
    TakeAlong,
    TopK,
    Unary,
    Variable,
    Where,
)

Tensors = Sequence[Tensor]


def sparse_plus(x: Tensor) -> Tensor:
    """0 up to -1, (x + 1)^2 / 4 to 1, x beyond."""
    return torch.where(x < 1, torch.clamp(x + 1, min=0) ** 2 / 4, x)


def bits(x: Tensor) -> Tensor:
    """+1 from 0 on and for NaN, -1 below, by functions of vectors: `torch.where` of booleans is ten times slower."""
    return torch.sign(torch.sign(x.detach()) + 0.5)


@lru_cache
def just_above(clip: float, dtype: torch.dtype) -> float:
    """The next number of a type: hardtanh has no slope at its own limits, clip(x) has at `clip`."""
    return torch.nextafter(torch.tensor(clip, dtype=dtype), torch.tensor(math.inf, dtype=dtype)).item()


def ste_sign(x: Tensor, clip: float) -> Tensor:
    """The sign, with the slope of clip(x): what is added is exactly 0, and NaN where x is."""
    limit = just_above(clip, x.dtype) if isinstance(x, Tensor) else clip  # no slope is wanted of what is traced
    through = F.hardtanh(x, -limit, limit)
    return bits(x) + (through - through.detach())


def approx_sign(x: Tensor) -> Tensor:
    """The sign, with the slope of 2 x - x |x| between -1 and 1, which is 0 at both."""
    through = F.hardtanh(x, -1.0, 1.0)
    through = 2 * through - through * torch.abs(through)
    return bits(x) + (through - through.detach())


UNARY: dict[str, Callable[..., Any]] = {
    **{word: getattr(torch, word) for word in (
        "abs", "sign", "square", "sqrt", "rsqrt", "reciprocal", "exp", "expm1", "log", "log1p", "log2", "log10", "erf",
        "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh", "floor",
        "ceil", "round", "trunc", "isnan", "isinf", "isfinite", "logical_not", "clip",
    )},
    "negative": torch.neg,
    "stop_gradient": torch.detach,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "selu": F.selu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": F.softsign,
    "hard_sigmoid": lambda x: torch.clamp(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * torch.clamp(x / 6 + 0.5, 0, 1),
    "hard_tanh": F.hardtanh,
    "log_sigmoid": F.logsigmoid,
    "tanh_shrink": F.tanhshrink,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": lambda x: torch.clamp((x + 1) / 2, 0, 1),
    "celu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0) / alpha)),
    "squareplus": lambda x, b: (x + torch.sqrt(x * x + b)) / 2,
    "hard_shrink": F.hardshrink,
    "soft_shrink": F.softshrink,
    "threshold": F.threshold,
    "ste_sign": ste_sign,
    "approx_sign": approx_sign,
}  # fmt: skip
BINARY: dict[str, Callable[..., Any]] = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "power": torch.pow,
    "maximum": torch.maximum, "minimum": torch.minimum, "floor_divide": torch.floor_divide, "mod": torch.remainder,
    "arctan2": torch.atan2, "greater": torch.gt, "greater_equal": torch.ge, "less": torch.lt, "less_equal": torch.le,
    "equal": torch.eq, "not_equal": torch.ne, "logical_and": torch.logical_and, "logical_or": torch.logical_or,
}  # fmt: skip
REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logsumexp": torch.logsumexp,
}  # fmt: skip
def numbers_of(value: Any) -> Any:
    """Nested tuples as nested lists."""
    return [numbers_of(entry) for entry in value] if isinstance(value, tuple) else value


def constant(value: Any, like: Tensor) -> Tensor:
    """A constant of a graph as a tensor that goes with x."""
    return like.new_tensor(numbers_of(value))


def unary(spec: Unary, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """f(x)."""
    (x,) = inputs
    y: Tensor = UNARY[spec.function](x, *spec.numbers)
    return y.to(x.dtype).detach() if spec.function in NO_GRADIENT else y


def operands(spec: Binary | Where, inputs: Tensors) -> list[Tensor]:
    """The two values, a constant in its place."""
    found = list(inputs)
    if spec.left is not None:
        found.insert(0, constant(spec.left, inputs[-1]))
    if spec.right is not None:
        found.append(constant(spec.right, inputs[-1]))
    return found


def binary(spec: Binary, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """f(a, b)."""
    a, b = operands(spec, inputs)
    if spec.function == "power" and isinstance(spec.right, float):
        return torch.pow(a, spec.right)
    y: Tensor = BINARY[spec.function](a, b)
    return y.to(inputs[0].dtype).detach() if spec.function in NO_GRADIENT else y


def where(spec: Where, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """a where the condition is not 0, else b."""
    if len(inputs) > 1:
        a, b = operands(spec, inputs[1:])
    else:
        a, b = (constant(value, inputs[0]) for value in (spec.left, spec.right))
    return torch.where(inputs[0] != 0, a, b)


def reduce(spec: Reduce, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The reduced value; over the batch axis with a first axis of 1."""
    (x,) = inputs
    y: Any = x
    if spec.function in REDUCTIONS:
        y = REDUCTIONS[spec.function](x, dim=spec.axes, keepdim=True)
    else:
        for axis in spec.axes:
            y = getattr(torch, spec.function)(y, dim=axis, keepdim=True)
        y = y.to(x.dtype)
    if not spec.keepdims:
        for axis in sorted((axis for axis in spec.axes if axis), reverse=True):
            y = y.squeeze(axis)
    found: Tensor = y
    return found


def arg_reduce(spec: ArgReduce, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The place of the largest or smallest entry."""
    (x,) = inputs
    found: Tensor = getattr(torch, spec.function)(x, dim=spec.axis, keepdim=spec.keepdims)
    return found.to(x.dtype)


def cumulative(spec: Cumulative, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The running sum or product."""
    found: Tensor = getattr(torch, spec.function)(inputs[0], dim=spec.axis)
    return found


def softmax(spec: SoftmaxAlong, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """Of one axis torch's own, of several by its definition."""
    (x,) = inputs
    if len(spec.axes) == 1:
        alone: Tensor = (F.log_softmax if spec.logarithm else F.softmax)(x, dim=spec.axes[0])
        return alone
    y = x - torch.logsumexp(x, dim=spec.axes, keepdim=True)
    return y if spec.logarithm else y.exp()


def one_hot(spec: OneHot, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """A row for each number."""
    (x,) = inputs
    return (x.trunc().unsqueeze(-1) == x.new_tensor([float(place) for place in range(spec.classes)])).to(x.dtype)


def top_k(spec: TopK, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The largest entries, or their places; the first of equals first."""
    (x,) = inputs
    values, places = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., : spec.k] if spec.part == "values" else places[..., : spec.k].to(x.dtype)


def variable(spec: Variable, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The weight with a first axis of 1."""
    return weights["value"].reshape(1, *(spec.shape if spec.view is None else spec.view))


def constant_value(spec: ConstantValue, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The numbers with a first axis of 1."""
    return torch.tensor([numbers_of(spec.value)], dtype=context.width, device=context.device)


def take(spec: Take, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The entries at fixed places."""
    (x,) = inputs
    return torch.index_select(x, spec.axis, x.new_tensor(list(spec.indices)).long())


def lookup(spec: Lookup, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The rows that numbers name."""
    table, numbers = inputs
    return F.embedding(numbers.long().clamp(0, table.shape[1] - 1), table[0])


def take_along(spec: TakeAlong, inputs: Tensors, weights: Weights, context: Context) -> Tensor:
    """The entries that numbers name along an axis."""
    return torch.take_along_dim(inputs[0], inputs[1].long(), dim=spec.axis)


register(Unary, unary)
register(Binary, binary)
register(Where, where)
register(Reduce, reduce)
register(ArgReduce, arg_reduce)
register(Cumulative, cumulative)
register(SoftmaxAlong, softmax)
register(OneHot, one_hot)
register(TopK, top_k)
register(Variable, variable)
register(ConstantValue, constant_value)
register(Take, take)
register(Lookup, lookup)
register(TakeAlong, take_along)
