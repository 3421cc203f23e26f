"""Activations, as layers of their own and as the words that other layers take.

The words stand for Keras's functions: activation="leaky_relu" has slope 0.2, the layer LeakyReLU 0.3, the books 0.01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ShapeError, describe
from pellucid.spec.constraints import BOUND, Constraint
from pellucid.spec.initializers import INITIAL, Initializer
from pellucid.spec.layer import LAYERS, LayerSpec, Primitive, WeightSpec
from pellucid.spec.legal import Illegal, Integer, Optional, Real, Sizes, legal
from pellucid.spec.operations import Unary
from pellucid.spec.regularizers import PENALTY, Regularizer
from pellucid.spec.shapes import Shape, shown


@LAYERS.register()
@dataclass(frozen=True)
class Linear(LayerSpec):
    """y = x."""

    prefix = "linear"

    def primitives(self) -> tuple[Primitive, ...]:
        return ()


@LAYERS.register()
@dataclass(frozen=True)
class ReLU(LayerSpec):
    """y = x where x > threshold, else negative_slope (x - threshold), never above max_value."""

    prefix = "re_lu"
    max_value: float | None = legal(Optional(Real(0.0)), None)
    negative_slope: float = legal(Real(0.0), 0.0)
    threshold: float = legal(Real(0.0), 0.0)

    @property
    def is_plain(self) -> bool:
        """Whether this is max(x, 0)."""
        return not (self.threshold or self.negative_slope or self.max_value is not None)


@LAYERS.register()
@dataclass(frozen=True)
class LeakyReLU(LayerSpec):
    """y = x above zero, negative_slope x below."""

    prefix = "leaky_re_lu"
    negative_slope: float = legal(Real(0.0), 0.3)

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(ReLU(negative_slope=self.negative_slope), {}),)


@LAYERS.register()
@dataclass(frozen=True)
class PReLU(LayerSpec):
    """y = x above zero, alpha x below, alpha learned for each entry; `shared_axes` (1 rows, 2 columns) share one."""

    prefix = "p_re_lu"
    alpha_initializer: Initializer = legal(INITIAL, "zeros")
    alpha_regularizer: Regularizer | None = legal(PENALTY, None)
    shared_axes: tuple[int, ...] | None = legal(Optional(Sizes()), None)
    alpha_constraint: Constraint | None = legal(BOUND, None, later=True)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        shared = self.shared_axes or ()
        shape = tuple(1 if axis in shared else size for axis, size in enumerate(inputs[0], start=1))
        if any(size is None for size in shape):
            remedy = "Pass shared_axes=[1, 2], or give Input a full shape."
            raise ShapeError(describe(where, "input", "of known size", shown(inputs[0]), remedy))
        sizes = tuple(size for size in shape if size is not None)
        return (WeightSpec("alpha", sizes, self.alpha_initializer, regularizer=self.alpha_regularizer),)


@LAYERS.register()
@dataclass(frozen=True)
class RReLU(LayerSpec):
    """y = x above zero, a x below: a drawn from [lower, upper] for each entry in training, their mean afterwards.

    Source: Xu et al. 2015.
    """

    prefix = "r_re_lu"
    noisy = True
    lower: float = legal(Real(0.0, 1.0), 1 / 8)
    upper: float = legal(Real(0.0, 1.0), 1 / 3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lower > self.upper:
            raise ShapeError(describe("RReLU", "lower", f"at most upper={self.upper:g}", f"{self.lower:g}"))


@LAYERS.register()
@dataclass(frozen=True)
class ELU(LayerSpec):
    """y = x above zero, alpha (e^x - 1) below. Source: Clevert et al. 2016."""

    prefix = "elu"
    alpha: float = legal(Real(0.0), 1.0)


@LAYERS.register()
@dataclass(frozen=True)
class Sigmoid(LayerSpec):
    """y = 1 / (1 + e^-x)."""

    prefix = "sigmoid"


@LAYERS.register()
@dataclass(frozen=True)
class Tanh(LayerSpec):
    """y = tanh x."""

    prefix = "tanh"


@LAYERS.register()
@dataclass(frozen=True)
class Softmax(LayerSpec):
    """y = e^x / sum e^x along `axis`, the last one."""

    prefix = "softmax"
    axis: int = legal(Integer(-1), -1)

    def output_shape(self, inputs: Sequence[Shape], where: str) -> Shape:
        if self.axis not in (-1, len(inputs[0])):
            raise ShapeError(describe(where, "axis", "-1, the last axis", str(self.axis)))
        return inputs[0]

    def flops(self, inputs: Sequence[Shape], output: Shape) -> int:
        return 3 * super().flops(inputs, output)


FUNCTIONS: dict[str, LayerSpec] = {
    "linear": Linear(),
    "relu": ReLU(),
    "relu6": ReLU(max_value=6.0),
    "leaky_relu": ReLU(negative_slope=0.2),
    "elu": ELU(),
    "sigmoid": Sigmoid(),
    "tanh": Tanh(),
    "softmax": Softmax(),
    "exponential": Unary("exp"),
    "hard_swish": Unary("hard_silu"),
    "swish": Unary("silu"),
    "sign": Unary("ste_sign", (1.0,)),
    "ste_sign": Unary("ste_sign", (1.0,)),
    "approx_sign": Unary("approx_sign"),
    "abs": Unary("abs"),
    **{word: Unary(word) for word in ("gelu", "hard_sigmoid", "hard_silu", "log_sigmoid", "mish", "selu", "silu",
                                      "softplus", "softsign")},
}  # fmt: skip


class Function:
    """The rule of an `activation` argument: None, a word, or an activation layer with its own arguments."""

    @property
    def wanted(self) -> str:
        return f"None or one of {', '.join(FUNCTIONS)}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return ("rellu", 7)

    def check(self, value: Any) -> str | LayerSpec:
        if value is None:
            return "linear"
        if isinstance(value, Mapping):
            value = LAYERS.revive(value)
        spec = getattr(value, "spec", value)  # a Layer stands for its spec
        if type(spec) in (Linear, ReLU, LeakyReLU, ELU, Sigmoid, Tanh, Softmax):
            return spec  # type: ignore[no-any-return]
        word = value.lower() if isinstance(value, str) else of_function(value)
        if word in FUNCTIONS:
            return word
        raise Illegal("Leave it out and call the function on what the layer gives." if callable(value) else "")


def of_function(value: Any) -> str:
    """The word of a function of `pellucid.activations`; nothing for any other."""
    home, name = getattr(value, "__module__", None) or "", getattr(value, "__name__", "")
    if not home.startswith("pellucid.") or (name == "gelu" and home != "pellucid.eager.activations"):
        return ""  # that of ops is the approximation, the word is not
    return "exponential" if name == "exp" else name


def function_primitives(activation: str | LayerSpec) -> tuple[Primitive, ...]:
    """The arithmetic of an activation: none for linear."""
    spec = FUNCTIONS[activation] if isinstance(activation, str) else activation
    return spec.primitives()


@LAYERS.register()
@dataclass(frozen=True)
class Activation(LayerSpec):
    """An activation by its word."""

    prefix = "activation"
    activation: str | LayerSpec = legal(Function())

    def primitives(self) -> tuple[Primitive, ...]:
        return function_primitives(self.activation)
