"""Update rules as data, with Keras's formulas, names and defaults. g gradient, w weight, a rate, t steps from 1.

Each engine holds the arithmetic; `slots` names the arrays a rule keeps for each weight. The sources' values are
arguments away: Adam(epsilon=1e-8), SGD(momentum=0.9). Keras's Nesterov, v = m v - a g and w += m v - a g, is the
books' w += v + m (v - v_previous) written without v_previous.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.spec.base import Help, Spec, Table, at_default, rules
from pellucid.spec.legal import Flag, Integer, Optional, Real, Text, Texts, legal
from pellucid.spec.schedules import Rate, Schedule

BELOW_ONE = Real(0.0, 1.0, open_high=True)
SHARE = Real(0.0, 1.0)
POSITIVE = Real(0.0, open_low=True)
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
AVERAGE, GATHERED = "average", "gradient_sum"  # slots that any rule may have


@dataclass(frozen=True, repr=False)
class OptimizerSpec(Spec):
    """What all update rules are, and what all of them can be told. In the order in which it is done, as in Keras:

    gradient_accumulation_steps=k   the mean of k gradients makes one update; rules count updates, schedules batches
    clipnorm=c          each weight's g times min(1, c / |g|);  global_clipnorm: |g| over all weights together
    clipvalue=c         each number of g cut to -c..c
    weight_decay=d      w -= a d w before the step (decoupled); `undecayed`: not where a name ends so, e.g. ("bias",)
    use_ema             e = m e + (1-m) w with m = ema_momentum, after each batch: what is evaluated and saved;
                        every ema_overwrite_frequency updates w becomes e. Moving statistics of batch norm are
                        averaged so too: those of the last weights do not fit the average (Keras leaves them)
    Sources: Pascanu et al. 2013 (clipping); Loshchilov & Hutter 2019 (decay); Polyak & Juditsky 1992 (averaging).
    """

    kind = "optimizer"
    entrywise: ClassVar[bool] = True  # each number of a weight moves by its own gradient and slots alone
    later: ClassVar[tuple[str, ...]] = (
        "weight_decay", "undecayed", *CLIPS, "use_ema", "ema_momentum", "ema_overwrite_frequency",
        "gradient_accumulation_steps", "name",
    )  # fmt: skip

    learning_rate: float | Schedule = legal(Rate(), 0.001)
    weight_decay: float | None = legal(Optional(Real(0.0)), None, by_keyword=True)
    clipnorm: float | None = legal(Optional(POSITIVE), None, by_keyword=True)
    clipvalue: float | None = legal(Optional(POSITIVE), None, by_keyword=True)
    global_clipnorm: float | None = legal(Optional(POSITIVE), None, by_keyword=True)
    use_ema: bool = legal(Flag(), False, by_keyword=True)
    ema_momentum: float = legal(SHARE, 0.99, by_keyword=True)
    ema_overwrite_frequency: int | None = legal(Optional(Integer(1)), None, by_keyword=True)
    gradient_accumulation_steps: int | None = legal(Optional(Integer(2)), None, by_keyword=True)
    undecayed: tuple[str, ...] = legal(Texts(), (), by_keyword=True)
    name: str | None = legal(Optional(Text()), None, by_keyword=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [name for name in CLIPS if getattr(self, name) is not None]
        if len(given) > 1:
            wanted = f"the only one of {', '.join(CLIPS)}"
            got = f"given with {' and '.join(given[1:])}"
            raise ArgumentError(describe(type(self).__name__, given[0], wanted, got, "Pass one of them."))

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in rules(type(self))
                 if name not in OptimizerSpec.later or not at_default(self, name)]  # fmt: skip
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def slots(self) -> dict[str, float]:
        """The arrays that the rule itself keeps beside each weight, by name, with the value they start from."""
        return {}

    def part(self, key: str, shape: tuple[int, ...]) -> tuple[OptimizerSpec, float]:
        """The rule that moves this weight, and at which share of the rate."""
        return self, 1.0

    @property
    def kept(self) -> dict[str, float]:
        """All arrays beside each weight: those of the rule, the gradients gathered, the weight's moving average."""
        return self.slots | self.around

    @property
    def around(self) -> dict[str, float]:
        """Those that any rule may have."""
        gathered = {GATHERED: 0.0} if self.gradient_accumulation_steps else {}
        return gathered | ({AVERAGE: 0.0} if self.use_ema else {})

    def decays(self, key: str) -> bool:
        """Whether weight_decay shrinks this weight."""
        if not self.weight_decay or key.endswith(self.undecayed or ("\0",)):
            return False
        return not any(re.search(pattern, key) for pattern in vars(self).get("_excluded", ()))

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Leave weights out whose names hold one of `var_names`, and variables on numbers; for this object alone.

        A file does not keep it; the argument `undecayed`, the ends of names, is kept.
        """
        listed = [re.escape(str(entry.path)) + "$" if hasattr(entry, "path") else None for entry in var_list or ()]
        if None in listed:
            wanted = "variables; arrays have no name"
            raise ArgumentError(describe(type(self).__name__, "var_list", wanted, "an array", "Pass var_names."))
        vars(self)["_excluded"] = (*vars(self).get("_excluded", ()), *listed, *(var_names or ()))

    def build(self, variables: Any) -> None:
        """Make ready for these variables, on numbers."""
        self._at_work().build(variables)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move variables by their gradients; arrays are written into."""
        self._at_work().apply(list(grads), None if trainable_variables is None else list(trainable_variables))

    def apply_gradients(self, grads_and_vars: Any) -> None:
        """The same, of pairs of gradient and variable."""
        pairs = list(grads_and_vars)
        self._at_work().apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])

    def finalize_variable_values(self, var_list: Any) -> None:
        """Let variables be their moving averages, where the rule keeps them."""
        if self.use_ema:
            self._at_work().averages(var_list)

    @property
    def iterations(self) -> Any:
        """How many updates were made on numbers."""
        return self.variables[0]

    @property
    def variables(self) -> list[Any]:
        """Updates made on numbers, the rate where it is a number, then what is kept for each variable."""
        found: list[Any] = self._at_work().variables
        return found

    def _at_work(self) -> Any:
        if not ON_NUMBERS:
            raise UsageError("an optimizer on numbers: import pellucid.optimizers first.")
        return ON_NUMBERS[0](self)


OptimizerSpec.__doc__ = Help(OptimizerSpec.__doc__)  # type: ignore[assignment]
OPTIMIZERS: Table[OptimizerSpec] = Table("optimizer", further=("pellucid.spec.matrix_rules",))
ON_NUMBERS: list[Callable[..., Any]] = []  # what moves variables, once a page that can has been imported


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class SGD(OptimizerSpec):
    """w -= a g; with momentum m: v = m v - a g, w += v; with nesterov: w += m v - a g."""

    learning_rate: float | Schedule = legal(Rate(), 0.01)
    momentum: float = legal(SHARE, 0.0)
    nesterov: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Adagrad(OptimizerSpec):
    """s += g^2, w -= a g / sqrt(s + epsilon). Source: Duchi et al. 2011."""

    initial_accumulator_value: float = legal(Real(0.0), 0.1)
    epsilon: float = legal(POSITIVE, 1e-7)

    @property
    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Adadelta(OptimizerSpec):
    """s = rho s + (1-rho) g^2, d = sqrt(u + epsilon) / sqrt(s + epsilon) g, u = rho u + (1-rho) d^2, w -= a d.

    Source: Zeiler 2012; the paper's a is 1.
    """

    rho: float = legal(BELOW_ONE, 0.95)
    epsilon: float = legal(POSITIVE, 1e-7)

    @property
    def slots(self) -> dict[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class RMSprop(OptimizerSpec):
    """s = rho s + (1-rho) g^2, w -= a g / sqrt(s + epsilon); centered takes off the squared mean gradient."""

    rho: float = legal(BELOW_ONE, 0.9)
    momentum: float = legal(SHARE, 0.0)
    epsilon: float = legal(POSITIVE, 1e-7)
    centered: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        names = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {name: 0.0 for name, kept in names.items() if kept}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Adam(OptimizerSpec):
    """m += (1-b1)(g-m), v += (1-b2)(g^2-v), w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + epsilon).

    AMSGrad keeps the largest v. Sources: Kingma & Ba 2015; Reddi et al. 2018.
    """

    beta_1: float = legal(BELOW_ONE, 0.9)
    beta_2: float = legal(BELOW_ONE, 0.999)
    epsilon: float = legal(POSITIVE, 1e-7)
    amsgrad: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        names = ("momentum", "velocity", "largest_velocity") if self.amsgrad else ("momentum", "velocity")
        return dict.fromkeys(names, 0.0)


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    """Adam with decoupled decay: w -= a weight_decay w, then Adam's step. Source: Loshchilov & Hutter 2019."""

    later: ClassVar[tuple[str, ...]] = tuple(name for name in OptimizerSpec.later if name != "weight_decay")
    weight_decay: float | None = legal(Optional(Real(0.0)), 0.004)


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Nadam(OptimizerSpec):
    """Adam with Nesterov's look ahead: u_t = b1 (1 - 0.96^t / 2), U_t = u_1 ... u_t, v' = v / (1-b2^t),

    w -= a (u_(t+1) m / (1 - U_(t+1)) + (1-u_t) g / (1-U_t)) / (sqrt(v') + epsilon). Source: Dozat 2016.
    """

    beta_1: float = legal(BELOW_ONE, 0.9)
    beta_2: float = legal(BELOW_ONE, 0.999)
    epsilon: float = legal(POSITIVE, 1e-7)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}

    def shares(self, t: int) -> tuple[float, float]:
        """What m and g are multiplied by in the numerator of step t."""
        now, ahead = (self.beta_1 * (1 - 0.5 * 0.96**step) for step in (t, t + 1))
        return ahead / (1 - self._product(t + 1)), (1 - now) / (1 - self._product(t))

    def _product(self, t: int) -> float:
        """U_t."""
        return self.beta_1**t * halves(min(t, 1000))


@cache
def halves(t: int) -> float:
    """The product of 1 - 0.96^i / 2 over i = 1..t; further factors than a thousand are 1 to the last bit."""
    return math.prod(1 - 0.5 * 0.96**step for step in range(1, t + 1))


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Adamax(OptimizerSpec):
    """m += (1-b1)(g-m), u = max(b2 u, |g|), w -= a / (1-b1^t) m / (u + epsilon). Source: Kingma & Ba 2015, 7.1."""

    beta_1: float = legal(BELOW_ONE, 0.9)
    beta_2: float = legal(BELOW_ONE, 0.999)
    epsilon: float = legal(POSITIVE, 1e-7)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0, "norm": 0.0}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Ftrl(OptimizerSpec):
    """s' = s + g^2, z += g + 2 l2s w - (s'^p - s^p) / a w, w = (cut(z) - z) / (s'^p / a + 2 l2 + beta / a).

    p = -learning_rate_power, cut(z) = z limited to -l1..l1. Source: McMahan et al. 2013.
    """

    learning_rate_power: float = legal(Real(high=0.0), -0.5)
    initial_accumulator_value: float = legal(Real(0.0), 0.1)
    l1_regularization_strength: float = legal(Real(0.0), 0.0)
    l2_regularization_strength: float = legal(Real(0.0), 0.0)
    l2_shrinkage_regularization_strength: float = legal(Real(0.0), 0.0)
    beta: float = legal(Real(0.0), 0.0)

    @property
    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Lion(OptimizerSpec):
    """w -= a sign(b1 m + (1-b1) g), then m = b2 m + (1-b2) g. Source: Chen et al. 2023."""

    beta_1: float = legal(Real(0.0, 1.0, open_low=True), 0.9)
    beta_2: float = legal(SHARE, 0.99)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0}


def newton(
    slope: Callable[[float], float], curvature: Callable[[float], float], start: float, *, steps: int = 20
) -> float:
    """Newton's rule for one variable: x -= f'(x) / f''(x), `steps` times from `start`; exact in one on a parabola.

    Raises ArgumentError where the curvature is zero, for there the rule has no step.
    """
    x = start
    for _ in range(steps):
        bend = curvature(x)
        if bend == 0:
            raise ArgumentError(describe("newton", "curvature(x)", "not zero", f"0 at x={x:g}", "Start elsewhere."))
        x -= slope(x) / bend
    return x
