"""Constraints: what a weight is brought back to after each update. Source: Keras 3; Srivastava et al. 2014 (MaxNorm).

Lengths are those of the vectors along `axis`: 0 for a dense kernel (one a unit), (0, 1, 2) for one of maps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import UsageError
from pellucid.spec.base import Member, Spec, Table
from pellucid.spec.legal import Flag, Illegal, Integer, Optional, Real, legal


@dataclass(frozen=True)
class Along:
    """One axis or several."""

    wanted: str = "a whole number or several, which name axes"
    bad: tuple[Any, ...] = ("0", 1.5, (), None)

    def check(self, value: Any) -> int | tuple[int, ...]:
        if isinstance(value, Sequence) and not isinstance(value, str):
            if not value:
                raise Illegal
            return tuple(Integer(-9).check(entry) for entry in value)
        return Integer(-9).check(value)


class Constraint(Spec):
    """What all constraints are."""

    kind = "constraint"

    def __call__(self, w: Any) -> Any:
        """The weight, brought back, on numbers."""
        if not ON_NUMBERS:
            raise UsageError("a constraint on numbers: import pellucid.constraints first.")
        return ON_NUMBERS[0](self, w)


ON_NUMBERS: list[Callable[..., Any]] = []  # what calculates, once a page that can has been imported
CONSTRAINTS: Table[Constraint] = Table("constraint")
BOUND = Optional(Member(CONSTRAINTS))  # the rule of an argument that takes one


@CONSTRAINTS.register("max_norm")
@dataclass(frozen=True)
class MaxNorm(Constraint):
    """Vectors along `axis` are `max_value` long at most."""

    max_value: float = legal(Real(0.0), 2.0)
    axis: int | tuple[int, ...] = legal(Along(), 0)


@CONSTRAINTS.register("non_neg")
@dataclass(frozen=True)
class NonNeg(Constraint):
    """No number is below 0."""


@CONSTRAINTS.register("unit_norm")
@dataclass(frozen=True)
class UnitNorm(Constraint):
    """Vectors along `axis` are 1 long."""

    axis: int | tuple[int, ...] = legal(Along(), 0)


@CONSTRAINTS.register("min_max_norm")
@dataclass(frozen=True)
class MinMaxNorm(Constraint):
    """Vectors along `axis` are from `min_value` to `max_value` long, or go there at `rate`."""

    min_value: float = legal(Real(0.0), 0.0)
    max_value: float = legal(Real(0.0), 1.0)
    rate: float = legal(Real(0.0, 1.0), 1.0)
    axis: int | tuple[int, ...] = legal(Along(), 0)


@CONSTRAINTS.register("weight_clip")
@dataclass(frozen=True)
class WeightClip(Constraint):
    """Every number is from -clip_value to clip_value, as larq's; `zero_mean`: first w loses its mean over axis -2.

    So binary kernels stay where their quantizer has a slope. Source: Courbariaux et al. 2015; the centre is that of the
    authors' code for XNOR-Net: the mean over the input channels, at each place of the kernel.
    """

    clip_value: float = legal(Real(0.0, open_low=True), 1.0)
    zero_mean: bool = legal(Flag(), False)
