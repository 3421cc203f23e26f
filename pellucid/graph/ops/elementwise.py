"""Operations entry by entry. Keras's names and arguments."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph.calculating import OPERATIONS
from pellucid.graph.operators import binary, node, number, one, operation, result, two, unary, value
from pellucid.spec.activations import ELU, ReLU, Sigmoid, Tanh
from pellucid.spec.layer import LayerSpec
from pellucid.spec.operations import BINARY, UNARY

add, subtract, multiply, divide = two("add"), two("subtract"), two("multiply"), two("divide")
floor_divide, mod, power, arctan2 = two("floor_divide"), two("mod"), two("power"), two("arctan2")
maximum, minimum = two("maximum"), two("minimum")
equal, not_equal, greater, greater_equal = two("equal"), two("not_equal"), two("greater"), two("greater_equal")
less, less_equal, logical_and, logical_or = two("less"), two("less_equal"), two("logical_and"), two("logical_or")
true_divide = divide

absolute, negative, sign, square, sqrt = one("abs"), one("negative"), one("sign"), one("square"), one("sqrt")
rsqrt, reciprocal, exp, expm1 = one("rsqrt", "1 / sqrt(x)"), one("reciprocal", "1 / x"), one("exp"), one("expm1")
log, log1p, log2, log10, erf = one("log"), one("log1p", "log(1 + x)"), one("log2"), one("log10"), one("erf")
sin, cos, tan, arcsin, arccos, arctan = one("sin"), one("cos"), one("tan"), one("arcsin"), one("arccos"), one("arctan")
sinh, cosh, arcsinh, arccosh, arctanh = one("sinh"), one("cosh"), one("arcsinh"), one("arccosh"), one("arctanh")
floor, ceil, trunc = one("floor"), one("ceil"), one("trunc")
isnan, isinf, isfinite, logical_not = one("isnan"), one("isinf"), one("isfinite"), one("logical_not")
stop_gradient = one("stop_gradient", "x itself, through which no gradient flows")
softplus, softsign, silu, mish = one("softplus"), one("softsign"), one("silu"), one("mish")
selu, hard_sigmoid, hard_silu, hard_tanh = one("selu"), one("hard_sigmoid"), one("hard_silu"), one("hard_tanh")
log_sigmoid, tanh_shrink = one("log_sigmoid"), one("tanh_shrink")
sparse_plus, sparse_sigmoid = one("sparse_plus"), one("sparse_sigmoid")
abs = absolute
hard_swish, swish = hard_silu, silu


@operation
def logical_xor(x1: Any, x2: Any) -> Any:
    """1 where exactly one of the two is not 0."""
    return binary("not_equal", binary("not_equal", x1, 0.0), binary("not_equal", x2, 0.0))


@operation
def clip(x: Any, x_min: float, x_max: float) -> Any:
    """x, not below x_min and not above x_max."""
    low, high = number(x_min), number(x_max)
    if low is None or high is None:
        return binary("minimum", binary("maximum", x, x_min), x_max)
    if low > high:
        raise ArgumentError(describe("ops.clip", "x_min", f"at most x_max={high:g}", low))
    return unary("clip", x, low, high)


@operation
def round(x: Any, decimals: int = 0) -> Any:
    """x to so many decimals; halves go to the even neighbour."""
    return unary("round", x) if not decimals else binary("divide", round(binary("multiply", x, 10.0**decimals)),
                                                         10.0**decimals)  # fmt: skip


def _layer(spec: LayerSpec, x: Any) -> Any:
    return result(node(spec, value(x)))


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return _layer(ReLU(), x)


def relu6(x: Any) -> Any:
    """x between 0 and 6."""
    return _layer(ReLU(max_value=6.0), x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above zero, negative_slope x below."""
    return _layer(ReLU(negative_slope=negative_slope), x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return _layer(Sigmoid(), x)


def tanh(x: Any) -> Any:
    """tanh x."""
    return _layer(Tanh(), x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above zero, alpha (e^x - 1) below."""
    return _layer(ELU(alpha), x)


@operation
def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the distribution function of the unit normal, or its approximation by tanh."""
    return unary("gelu_tanh" if approximate else "gelu", x)


@operation
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x above zero, alpha (e^(x / alpha) - 1) below."""
    return unary("celu", x, float(alpha))


@operation
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2."""
    return unary("squareplus", x, float(b))


@operation
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| is above the threshold, else 0."""
    return unary("hard_shrink", x, float(threshold))


@operation
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold."""
    return unary("soft_shrink", x, float(threshold))


@operation
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, else default_value."""
    return unary("threshold", x, float(threshold), float(default_value))


@operation
def logaddexp(x1: Any, x2: Any) -> Any:
    """log(e^x1 + e^x2)."""
    most = binary("maximum", x1, x2)
    least = binary("minimum", x1, x2)
    return binary("add", most, unary("log1p", unary("exp", binary("subtract", least, most))))


@operation
def squared_difference(x1: Any, x2: Any) -> Any:
    """(x1 - x2)^2."""
    return unary("square", binary("subtract", x1, x2))


OPERATIONS.update({word: function for word, function in globals().items() if word in UNARY or word in BINARY})
