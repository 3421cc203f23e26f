"""Initialisers: how a weight starts, as data. Each engine draws the numbers.

Fan in and fan out are Keras's: for a kernel (U,V,C,F) they are U*V*C and U*V*F.
Sources: Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from pellucid.errors import UsageError
from pellucid.spec.base import Member, Spec, Table, rules
from pellucid.spec.constants import Constant as Number
from pellucid.spec.constants import Numbers
from pellucid.spec.legal import Integer, OneOf, Optional, Real, legal


class Initializer(Spec):
    """What all initialisers are."""

    kind = "initializer"

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Fresh numbers of this shape; the same ones for the same `seed`."""
        if not ON_NUMBERS:
            raise UsageError("an initializer on numbers: import pellucid.initializers first.")
        return ON_NUMBERS[0](self, shape, dtype)

    def to_config(self) -> dict[str, Any]:
        """As a file keeps it."""
        found = super().to_config()
        return {name: value for name, value in found.items() if name != "seed" or value is not None}

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {name: getattr(self, name) for name in rules(type(self))}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The initializer that `get_config` told of."""
        return cls(**config)


ON_NUMBERS: list[Callable[..., Any]] = []  # what draws, once a page that can has been imported
SEED = Optional(Integer(-(1 << 63)))
INITIALIZERS: Table[Initializer] = Table("initializer")
OWN = "Draw the numbers yourself and pass them to layer.set_weights."
INITIAL = Member(INITIALIZERS, OWN)  # the rule of an argument that takes one


@INITIALIZERS.register()
@dataclass(frozen=True)
class Constant(Initializer):
    """Every entry is `value`."""

    value: Number = legal(Numbers(), 0.0)


@INITIALIZERS.register("random_normal")
@dataclass(frozen=True)
class RandomNormal(Initializer):
    """Normal numbers; the small normal of the books is stddev=0.01."""

    mean: float = legal(Real(), 0.0)
    stddev: float = legal(Real(0.0), 0.05)
    seed: int | None = legal(SEED, None)


@INITIALIZERS.register("truncated_normal")
@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """Normal numbers, drawn again while beyond two standard deviations."""

    mean: float = legal(Real(), 0.0)
    stddev: float = legal(Real(0.0), 0.05)
    seed: int | None = legal(SEED, None)


@INITIALIZERS.register("random_uniform")
@dataclass(frozen=True)
class RandomUniform(Initializer):
    """Numbers spread evenly from minval to maxval."""

    minval: float = legal(Real(), -0.05)
    maxval: float = legal(Real(), 0.05)
    seed: int | None = legal(SEED, None)


@INITIALIZERS.register()
@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Variance scale/fan, with fan_in, fan_out or their mean; a truncated normal is widened to keep it."""

    scale: float = legal(Real(0.0, open_low=True), 1.0)
    mode: str = legal(OneOf(("fan_in", "fan_out", "fan_avg")), "fan_in")
    distribution: str = legal(OneOf(("truncated_normal", "untruncated_normal", "uniform")), "truncated_normal")
    seed: int | None = legal(SEED, None)


@INITIALIZERS.register("orthogonal", "orthogonal_initializer")
@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Rows or columns at right angles, `gain` long; all axes but the last count as rows. Source: Saxe et al. 2014."""

    gain: float = legal(Real(), 1.0)
    seed: int | None = legal(SEED, None)


@INITIALIZERS.register("identity", "identity_initializer")
@dataclass(frozen=True)
class Identity(Initializer):
    """`gain` on the diagonal of a square weight, 0 elsewhere."""

    gain: float = legal(Real(), 1.0)


Zeros = partial(Constant, 0.0)
Ones = partial(Constant, 1.0)
GlorotUniform = partial(VarianceScaling, 1.0, "fan_avg", "uniform")
GlorotNormal = partial(VarianceScaling, 1.0, "fan_avg", "truncated_normal")
HeNormal = partial(VarianceScaling, 2.0, "fan_in", "truncated_normal")
HeUniform = partial(VarianceScaling, 2.0, "fan_in", "uniform")
LecunNormal = partial(VarianceScaling, 1.0, "fan_in", "truncated_normal")
LecunUniform = partial(VarianceScaling, 1.0, "fan_in", "uniform")

WORDS: dict[str, Callable[[], Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "lecun_normal": LecunNormal,
    "lecun_uniform": LecunUniform,
}
for word, create in WORDS.items():
    INITIALIZERS.alias(word, create)
