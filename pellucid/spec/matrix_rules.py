"""Update rules that see a weight as a matrix, not number by number: Adafactor and Muon, with Keras's formulas.

g gradient, w weight, a rate, t updates from 1; rms(x) is the root of the mean of x^2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pellucid.spec.legal import Flag, Integer, Optional, Real, Texts, legal
from pellucid.spec.optimizers import BELOW_ONE, OPTIMIZERS, POSITIVE, SHARE, Adam, OptimizerSpec


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Adafactor(OptimizerSpec):
    """w -= max(e2, rms(w)) min(a, 1/sqrt(t)) u / max(1, rms(u) / clip_threshold), u = g / sqrt(v); with b = 1 - t^d,

    s = b v + (1-b) (g^2 + e1): of a row of numbers v = s; of a matrix v = r c' / mean(r), r and c the means of its rows
    and columns, so that v is known by those. One array is kept for each weight. Source: Shazeer & Stern 2018.
    """

    entrywise = False
    beta_2_decay: float = legal(Real(high=0.0), -0.8)
    epsilon_1: float = legal(Real(0.0), 1e-30)
    epsilon_2: float = legal(Real(0.0), 1e-3)
    clip_threshold: float = legal(POSITIVE, 1.0)
    relative_step: bool = legal(Flag(), True)

    @property
    def slots(self) -> dict[str, float]:
        return {"velocity": 0.0}


@OPTIMIZERS.register()
@dataclass(frozen=True, repr=False)
class Muon(OptimizerSpec):
    """m = momentum m + g; w -= a rms_rate sqrt(max(rows, columns)) o(g + momentum m), or o(m) without nesterov.

    o brings the singular values of a matrix near 1: from x = x / |x|, `ns_steps` times x = muon_a x + (muon_b y +
    muon_c y^2) x, y = x x'. So move weights of two axes; all others, embeddings and those whose names `exclude_layers`
    (patterns) find are Adam's, at adam_lr_ratio of the rate. Sources: Jordan et al. 2024; Liu et al. 2025.
    """

    entrywise = False
    adam_beta_1: float = legal(BELOW_ONE, 0.9)
    adam_beta_2: float = legal(BELOW_ONE, 0.999)
    adam_weight_decay: float | None = legal(Optional(Real(0.0)), 0.004)
    epsilon: float = legal(POSITIVE, 1e-7)
    weight_decay: float | None = legal(Optional(Real(0.0)), 0.004, by_keyword=True)
    exclude_layers: tuple[str, ...] | None = legal(Optional(Texts()), None, by_keyword=True)
    exclude_embeddings: bool = legal(Flag(), True, by_keyword=True)
    muon_a: float = legal(Real(), 3.4445, by_keyword=True)
    muon_b: float = legal(Real(), -4.7750, by_keyword=True)
    muon_c: float = legal(Real(), 2.0315, by_keyword=True)
    adam_lr_ratio: float = legal(Real(0.0), 1.0, by_keyword=True)
    momentum: float = legal(SHARE, 0.95, by_keyword=True)
    ns_steps: int = legal(Integer(1), 5, by_keyword=True)
    nesterov: bool = legal(Flag(), True, by_keyword=True)
    rms_rate: float | None = legal(Optional(Real(0.0)), 0.2, by_keyword=True)

    @property
    def slots(self) -> dict[str, float]:
        return {"momentum": 0.0}

    def part(self, key: str, shape: tuple[int, ...]) -> tuple[OptimizerSpec, float]:
        embedded = self.exclude_embeddings and "embedding" in key.lower()
        if len(shape) == 2 and not embedded and not any(re.search(word, key) for word in self.exclude_layers or ()):
            return self, 1.0
        other: Adam = vars(self).setdefault("_other", Adam(
            beta_1=self.adam_beta_1, beta_2=self.adam_beta_2, epsilon=self.epsilon, undecayed=self.undecayed,
            weight_decay=self.adam_weight_decay,
        ))  # fmt: skip
        vars(other)["_excluded"] = vars(self).get("_excluded", ())
        return other, self.adam_lr_ratio
