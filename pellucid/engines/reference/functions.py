"""Functions of one and of two numbers, each with its derivative.

UNARY     word -> (f(x, *numbers), f'(x, y, *numbers)); y is f(x)
BINARY    word -> (f(a, b), df/da(a, b, y), df/db(a, b, y))
No derivative (None): steps, comparisons, and what is asked to stop the gradient. The two of ste_sign and approx_sign
          stand in for that of a step (spec/quantizers.py).
Sources   Hendrycks & Gimpel 2016 (gelu); Klambauer et al. 2017 (selu); Ramachandran et al. 2017 (silu, swish);
          Misra 2019 (mish); Barron 2021 (squareplus); Keras 3 for the hard and sparse ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engines.reference.activations import sigmoid

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of selu
ROOT = 0.7978845608028654  # sqrt(2 / pi)
CUBIC = 0.044715
Function = Callable[..., Any]


def erf(x: np.ndarray) -> np.ndarray:
    """The error function."""
    from scipy.special import erf as exact

    return np.asarray(exact(x), x.dtype)


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + e^x)."""
    return np.logaddexp(x, np.zeros((), x.dtype))


def normal(x: np.ndarray) -> np.ndarray:
    """The distribution function of the unit normal."""
    return (1 + erf(x * np.asarray(0.5**0.5, x.dtype))) / 2


def density(x: np.ndarray) -> np.ndarray:
    """Its density."""
    return np.exp(x * x / -2) * np.asarray(1 / np.sqrt(2 * np.pi), x.dtype)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    return x / 2 * (1 + np.tanh(ROOT * (x + CUBIC * x * x * x)))


def gelu_tanh_slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Its derivative."""
    t = np.tanh(ROOT * (x + CUBIC * x * x * x))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * ROOT * (1 + 3 * CUBIC * x * x)


def mish_slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """tanh(softplus x) + x (1 - tanh^2) sigmoid x."""
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def bits(x: np.ndarray) -> np.ndarray:
    """+1 from 0 on, -1 below; NaN stays NaN."""
    return np.where(x >= 0, 1, np.where(x < 0, -1, x))


def sparse_plus(x: np.ndarray) -> np.ndarray:
    """0 up to -1, (x + 1)^2 / 4 to 1, x beyond."""
    return np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))


UNARY: dict[str, tuple[Function, Function | None]] = {
    "abs": (np.abs, lambda x, y: np.sign(x)),
    "negative": (np.negative, lambda x, y: -np.ones_like(x)),
    "sign": (np.sign, None),
    "square": (np.square, lambda x, y: 2 * x),
    "sqrt": (np.sqrt, lambda x, y: 0.5 / y),
    "rsqrt": (lambda x: 1 / np.sqrt(x), lambda x, y: -0.5 * y / x),
    "reciprocal": (lambda x: 1 / x, lambda x, y: -y * y),
    "exp": (np.exp, lambda x, y: y),
    "expm1": (np.expm1, lambda x, y: y + 1),
    "log": (np.log, lambda x, y: 1 / x),
    "log1p": (np.log1p, lambda x, y: 1 / (1 + x)),
    "log2": (np.log2, lambda x, y: 1 / (x * np.log(2).astype(x.dtype))),
    "log10": (np.log10, lambda x, y: 1 / (x * np.log(10).astype(x.dtype))),
    "erf": (erf, lambda x, y: np.exp(-x * x) * np.asarray(2 / np.sqrt(np.pi), x.dtype)),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "tan": (np.tan, lambda x, y: 1 + y * y),
    "arcsin": (np.arcsin, lambda x, y: 1 / np.sqrt(1 - x * x)),
    "arccos": (np.arccos, lambda x, y: -1 / np.sqrt(1 - x * x)),
    "arctan": (np.arctan, lambda x, y: 1 / (1 + x * x)),
    "sinh": (np.sinh, lambda x, y: np.cosh(x)),
    "cosh": (np.cosh, lambda x, y: np.sinh(x)),
    "arcsinh": (np.arcsinh, lambda x, y: 1 / np.sqrt(1 + x * x)),
    "arccosh": (np.arccosh, lambda x, y: 1 / np.sqrt(x * x - 1)),
    "arctanh": (np.arctanh, lambda x, y: 1 / (1 - x * x)),
    "floor": (np.floor, None),
    "ceil": (np.ceil, None),
    "round": (np.round, None),
    "trunc": (np.trunc, None),
    "stop_gradient": (np.array, None),
    "isnan": (np.isnan, None),
    "isinf": (np.isinf, None),
    "isfinite": (np.isfinite, None),
    "logical_not": (np.logical_not, None),
    "clip": (np.clip, lambda x, y, low, high: (x >= low) & (x <= high)),
    "gelu": (lambda x: x * normal(x), lambda x, y: normal(x) + x * density(x)),
    "gelu_tanh": (gelu_tanh, gelu_tanh_slope),
    "selu": (lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
             lambda x, y: np.where(x > 0, SCALE, y + SCALE * ALPHA)),
    "silu": (lambda x: x * sigmoid(x), lambda x, y: sigmoid(x) * (1 + x - y)),
    "mish": (lambda x: x * np.tanh(softplus(x)), mish_slope),
    "softplus": (softplus, lambda x, y: sigmoid(x)),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x, y: (1 - np.abs(y)) ** 2),
    "hard_sigmoid": (lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x, y: (np.abs(x) < 3) / 6),
    "hard_silu": (lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
                  lambda x, y: np.where(np.abs(x) < 3, x / 3 + 0.5, x >= 3)),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), lambda x, y: np.abs(x) < 1),
    "log_sigmoid": (lambda x: -softplus(-x), lambda x, y: sigmoid(-x)),
    "tanh_shrink": (lambda x: x - np.tanh(x), lambda x, y: (x - y) ** 2),
    "sparse_plus": (sparse_plus, lambda x, y: np.clip((x + 1) / 2, 0, 1)),
    "sparse_sigmoid": (lambda x: np.clip((x + 1) / 2, 0, 1), lambda x, y: (np.abs(x) < 1) / 2),
    "celu": (lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha),
             lambda x, y, alpha: np.where(x > 0, 1, np.exp(np.minimum(x, 0) / alpha))),
    "squareplus": (lambda x, b: (x + np.sqrt(x * x + b)) / 2,
                   lambda x, y, b: (1 + x / np.sqrt(x * x + b)) / 2),
    "hard_shrink": (lambda x, t: np.where(np.abs(x) > t, x, 0), lambda x, y, t: np.abs(x) > t),
    "soft_shrink": (lambda x, t: np.sign(x) * np.maximum(np.abs(x) - t, 0), lambda x, y, t: np.abs(x) > t),
    "threshold": (lambda x, t, value: np.where(x > t, x, value), lambda x, y, t, value: x > t),
    "ste_sign": (lambda x, clip: bits(x), lambda x, y, clip: np.abs(x) <= clip),
    "approx_sign": (bits, lambda x, y: np.maximum(2 - 2 * np.abs(x), 0)),
}  # fmt: skip


def power_slope(a: np.ndarray, b: np.ndarray, y: np.ndarray) -> np.ndarray:
    """b a^(b-1), 0 where b is 0."""
    return np.where(b == 0, 0, b * np.power(a, np.where(b == 0, 1, b - 1)))


def log_slope(a: np.ndarray, b: np.ndarray, y: np.ndarray) -> np.ndarray:
    """y log a, 0 where a is 0."""
    return np.where(a > 0, y * np.log(np.where(a > 0, a, 1)), np.where(a == 0, 0, np.nan))


def shared(bigger: Callable[..., np.ndarray]) -> tuple[Function, Function]:
    """The derivatives of a maximum or minimum: equals share the gradient, as in Keras."""
    return (
        lambda a, b, y: np.where(a == b, 0.5, bigger(a, b)),
        lambda a, b, y: np.where(a == b, 0.5, ~bigger(a, b)),
    )


BINARY: dict[str, tuple[Function, Function | None, Function | None]] = {
    "add": (np.add, lambda a, b, y: np.ones_like(y), lambda a, b, y: np.ones_like(y)),
    "subtract": (np.subtract, lambda a, b, y: np.ones_like(y), lambda a, b, y: -np.ones_like(y)),
    "multiply": (np.multiply, lambda a, b, y: b, lambda a, b, y: a),
    "divide": (np.divide, lambda a, b, y: 1 / b, lambda a, b, y: -y / b),
    "power": (np.power, power_slope, log_slope),
    "maximum": (np.maximum, *shared(np.greater)),
    "minimum": (np.minimum, *shared(np.less)),
    "floor_divide": (np.floor_divide, None, None),
    "mod": (np.mod, lambda a, b, y: np.ones_like(y), lambda a, b, y: -np.floor(a / b)),
    "arctan2": (np.arctan2, lambda a, b, y: b / (a * a + b * b), lambda a, b, y: -a / (a * a + b * b)),
    "greater": (np.greater, None, None),
    "greater_equal": (np.greater_equal, None, None),
    "less": (np.less, None, None),
    "less_equal": (np.less_equal, None, None),
    "equal": (np.equal, None, None),
    "not_equal": (np.not_equal, None, None),
    "logical_and": (np.logical_and, None, None),
    "logical_or": (np.logical_or, None, None),
}
