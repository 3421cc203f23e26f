"""Quantizers: what makes one bit of a number, and the slope that stands in for the step's on the way back.

Names, arguments and clip_value are those of larq; what all share: sign(0) = +1, and NaN stays NaN.
Sources: Courbariaux et al. 2016 (ste_sign), Liu et al. 2018 (approx_sign), Rastegari et al. 2016 (magnitude_aware).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.errors import UsageError
from pellucid.spec.base import Member, Spec, Table
from pellucid.spec.legal import OneOf, Optional, Real, legal
from pellucid.spec.operations import Unary

EXACT, DIAGONAL, NONE = "exact", "diagonal", "none"


class Quantizer(Spec):
    """What all quantizers are."""

    kind = "quantizer"

    def function(self) -> Unary:
        """The sign with its slope, entry by entry."""
        raise NotImplementedError

    def __call__(self, x: Any) -> Any:
        """Numbers or tensors, one bit of each."""
        if not ON_NUMBERS:
            raise UsageError("a quantizer on numbers: import pellucid.quantizers first.")
        return ON_NUMBERS[0](self, x)


ON_NUMBERS: list[Callable[..., Any]] = []  # what calculates, once a page that can has been imported
QUANTIZERS: Table[Quantizer] = Table("quantizer")
QUANTIZED = Optional(Member(QUANTIZERS))  # the rule of an argument that takes one


@QUANTIZERS.register("ste_sign")
@dataclass(frozen=True)
class SteSign(Quantizer):
    """q(x) = sign x; dq/dx = 1 where |x| <= clip_value, else 0: straight through."""

    clip_value: float = legal(Real(0.0, open_low=True), 1.0)

    def function(self) -> Unary:
        return Unary("ste_sign", (self.clip_value,))


@QUANTIZERS.register("approx_sign")
@dataclass(frozen=True)
class ApproxSign(Quantizer):
    """q(x) = sign x; dq/dx = 2 - 2 |x| where |x| <= 1, else 0: the slope of a parabola on each side."""

    def function(self) -> Unary:
        return Unary("approx_sign")


@QUANTIZERS.register("magnitude_aware_sign")
@dataclass(frozen=True)
class MagnitudeAwareSign(Quantizer):
    """q(w) = alpha sign w with alpha = mean |w|, over the n weights of a filter, which are nearest to w so.

    The slope is alpha 1[|w| <= clip_value] plus that of alpha: "exact" sign(w_i) / n sum_j g_j sign(w_j) for gradients
    g, "diagonal" g_i / n, its part i = j, "none" as in larq.
    """

    clip_value: float = legal(Real(0.0, open_low=True), 1.0)
    scale_gradient: str = legal(OneOf((EXACT, DIAGONAL, NONE)), EXACT)

    def function(self) -> Unary:
        return Unary("ste_sign", (self.clip_value,))
