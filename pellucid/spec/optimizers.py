"""Update rules as data, with Keras's formulas, names and defaults. g gradient, w weight, a rate, t steps from 1.

Each engine holds the arithmetic; `slots` names the arrays a rule keeps for each weight. The sources' values are
arguments away: Adam(epsilon=1e-8), SGD(momentum=0.9). Keras's Nesterov, v = m v - a g and w += m v - a g, is the
books' w += v + m (v - v_previous) written without v_previous.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.errors import ArgumentError, describe
from pellucid.spec.base import Spec, Table
from pellucid.spec.legal import Flag, Real, legal
from pellucid.spec.schedules import Rate, Schedule

BELOW_ONE = Real(0.0, 1.0, open_high=True)
SHARE = Real(0.0, 1.0)
POSITIVE = Real(0.0, open_low=True)


class OptimizerSpec(Spec):
    """What all update rules are."""

    kind = "optimizer"
    learning_rate: float | Schedule

    @property
    def slots(self) -> dict[str, float]:
        """The arrays kept beside each weight, by name, with the value they start from."""
        return {}


OPTIMIZERS: Table[OptimizerSpec] = Table("optimizer")


@OPTIMIZERS.register()
@dataclass(frozen=True)
class SGD(OptimizerSpec):
    """w -= a g; with momentum m: v = m v - a g, w += v; with nesterov: w += m v - a g."""

    learning_rate: float | Schedule = legal(Rate(), 0.01)
    momentum: float = legal(SHARE, 0.0)
    nesterov: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}


@OPTIMIZERS.register()
@dataclass(frozen=True)
class Adagrad(OptimizerSpec):
    """s += g^2, w -= a g / sqrt(s + epsilon). Source: Duchi et al. 2011."""

    learning_rate: float | Schedule = legal(Rate(), 0.001)
    initial_accumulator_value: float = legal(Real(0.0), 0.1)
    epsilon: float = legal(POSITIVE, 1e-7)

    @property
    def slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}


@OPTIMIZERS.register()
@dataclass(frozen=True)
class RMSprop(OptimizerSpec):
    """s = rho s + (1-rho) g^2, w -= a g / sqrt(s + epsilon); centered takes off the squared mean gradient."""

    learning_rate: float | Schedule = legal(Rate(), 0.001)
    rho: float = legal(BELOW_ONE, 0.9)
    momentum: float = legal(SHARE, 0.0)
    epsilon: float = legal(POSITIVE, 1e-7)
    centered: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        names = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {name: 0.0 for name, kept in names.items() if kept}


@OPTIMIZERS.register()
@dataclass(frozen=True)
class Adam(OptimizerSpec):
    """m += (1-b1)(g-m), v += (1-b2)(g^2-v), w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + epsilon).

    AMSGrad keeps the largest v. Sources: Kingma & Ba 2015; Reddi et al. 2018.
    """

    learning_rate: float | Schedule = legal(Rate(), 0.001)
    beta_1: float = legal(BELOW_ONE, 0.9)
    beta_2: float = legal(BELOW_ONE, 0.999)
    epsilon: float = legal(POSITIVE, 1e-7)
    amsgrad: bool = legal(Flag(), False)

    @property
    def slots(self) -> dict[str, float]:
        names = ("momentum", "velocity", "largest_velocity") if self.amsgrad else ("momentum", "velocity")
        return dict.fromkeys(names, 0.0)


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
