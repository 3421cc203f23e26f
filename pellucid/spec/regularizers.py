"""Penalties on weights: l1 * sum |w| + l2 * sum w^2, without the 1/2 of some books (halve l2 to have it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pellucid.errors import UsageError
from pellucid.spec.base import Member, Spec, Table
from pellucid.spec.legal import Optional, Real, legal


class Regularizer(Spec):
    """What all penalties are: two coefficients."""

    kind = "regularizer"
    l1: float
    l2: float

    def __call__(self, x: Any) -> Any:
        """The penalty on numbers."""
        if not ON_NUMBERS:
            raise UsageError("a regularizer on numbers: import pellucid.regularizers first.")
        return ON_NUMBERS[0](self, x)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"l1": self.l1, "l2": self.l2}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The penalty that `get_config` told of."""
        return cls(**config)


ON_NUMBERS: list[Callable[..., Any]] = []  # what calculates, once a page that can has been imported
REGULARIZERS: Table[Regularizer] = Table("regularizer")
OWN = "Calculate your own in compute_loss, or use L1, L2 or L1L2."
PENALTY = Optional(Member(REGULARIZERS, OWN))  # the rule of an argument that takes one


@REGULARIZERS.register("l1_l2")
@dataclass(frozen=True)
class L1L2(Regularizer):
    """l1 * sum |w| + l2 * sum w^2."""

    l1: float = legal(Real(0.0), 0.0)
    l2: float = legal(Real(0.0), 0.0)


def L1(l1: float = 0.01) -> L1L2:
    """l1 * sum |w|."""
    return L1L2(l1=l1)


def L2(l2: float = 0.01) -> L1L2:
    """l2 * sum w^2."""
    return L1L2(l2=l2)


REGULARIZERS.alias("l1", L1)
REGULARIZERS.alias("l2", L2)
