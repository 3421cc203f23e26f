"""What a model of numbers did on one part of a data set.

Axes      N samples, K numbers
Shapes    truth, predicted (N,K), both in the numbers' own units
Scores    of each number: MAE mean |p - t|, RMSE sqrt(mean (p - t)^2), R2 1 - sum (p - t)^2 / sum (t - mean t)^2;
          of all: the means of the numbers' MAE, RMSE and R2
Interval  the middle 95 % of the scores of draws of the part from itself (Efron & Tibshirani 1993, chapter 13)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.diagnosis.resampling import resamples_for
from pellucid.keys import Key
from pellucid.reports.scores import LESS, LONGEST_NAME, Headline, Score
from pellucid.storage.finite import finite_number
from pellucid.tasks.evaluation import WithTruth

SCORES = ("mae", "rmse", "r2")
MAE = Score("mae", LESS)
CHUNK = 1 << 22  # numbers drawn at once
FAR = 1.0        # standard deviations of the training numbers, from which on an answer is wrong


@dataclass(frozen=True, eq=False)
class Evaluation(WithTruth):
    """True and predicted numbers of one part, and the scores that follow from them; `scale` (K,) is their spread.

    ids (N,) are the global sample numbers, if there are any.
    """

    split: str
    truth: np.ndarray
    predicted: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    scale: np.ndarray
    origins: Sequence[str]
    loss: float
    ids: np.ndarray | None = None

    @property
    def outputs(self) -> np.ndarray:
        """The predicted numbers (N,K)."""
        return self.predicted

    @property
    def errors(self) -> np.ndarray:
        """Predicted less true (N,K), in float64."""
        return np.asarray(self.predicted.astype(np.float64) - self.truth)

    @cached_property
    def scores(self) -> np.ndarray:
        """MAE, RMSE and R2 (3,K)."""
        return _scores(np.ones((1, self.n)), self.errors, self.truth)[:, 0]

    @cached_property
    def intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends (2, 3,K) of each number's scores, and (2, 3) of their means over the numbers."""
        random = Key.of(0).fold("regression", "intervals").generator()
        at_once = max(1, CHUNK // self.n)
        draws = []
        for start in range(0, resamples_for(self.n), at_once):
            count = min(at_once, resamples_for(self.n) - start)
            picked = random.integers(0, self.n, (count, self.n))
            weights = np.stack([np.bincount(row, minlength=self.n) for row in picked]).astype(np.float64)
            draws.append(_scores(weights, self.errors, self.truth))
        found = np.concatenate(draws, axis=1)                                         # (3, draws, K)
        ends = (0.025, 0.975)
        return np.nanquantile(found, ends, axis=1), np.nanquantile(found.mean(axis=2), ends, axis=1)

    @property
    def headline(self) -> Headline:
        """The mean absolute error, in the numbers' own units."""
        low, high = (float(value) for value in self.intervals[1][:, 0])
        unit = self.units[0] if len(set(self.units)) == 1 else ""
        return replace(MAE, unit=unit[:LONGEST_NAME]).headline(float(self.scores[0].mean()), (low, high))

    def wrong(self) -> np.ndarray:
        """Which samples (N,) are a standard deviation away in any number."""
        return np.asarray((np.abs(self.errors) > FAR * self.scale).any(axis=1))

    def worst(self, count: int) -> np.ndarray:
        """Indices of at most `count` samples, the largest error in standard deviations first."""
        far = (np.abs(self.errors) / self.scale).max(axis=1)
        return np.argsort(-far, kind="stable")[:count]

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        """The scores as plain JSON values; None for what is not defined (R2 of one value)."""
        low, high = self.intervals[1]
        return {
            "split": self.split,
            "n": self.n,
            "loss": finite_number(self.loss),
            **{name: finite_number(self.scores[place].mean()) for place, name in enumerate(SCORES)},
            **{f"{name}_interval": [finite_number(low[place]), finite_number(high[place])]
               for place, name in enumerate(SCORES)},
            "numbers": [self._number(place) for place in range(len(self.names))],
        }

    def _number(self, place: int) -> dict[str, Any]:
        """The scores of one number, and what the best constant answer would come to."""
        (low, high), truth = self.intervals[0][:, :, place], self.truth[:, place]
        columns = zip(SCORES, self.scores[:, place], low, high, strict=True)
        scores = {name: {"value": finite_number(score), "low": finite_number(least), "high": finite_number(most)}
                  for name, score, least, most in columns}  # fmt: skip
        return {
            "name": self.names[place], "unit": self.units[place], **scores,
            "mean_error": finite_number(self.errors[:, place].mean()),
            "constant_mae": finite_number(np.abs(truth - np.median(truth)).mean()),
        }  # fmt: skip

    def large(self) -> dict[str, Any]:
        """Nothing more."""
        return {}


def _scores(weights: np.ndarray, errors: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """MAE, RMSE and R2 (3,B,K) for weights (B,N) that add up to N; R2 is NaN where all true numbers are one."""
    n = errors.shape[0]
    square = weights @ errors**2 / n
    spread = weights @ truth**2 / n - (weights @ truth / n) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(spread > 1e-12 * np.maximum(1e-300, (truth**2).mean(axis=0)), 1 - square / spread, np.nan)
    return np.stack([weights @ np.abs(errors) / n, np.sqrt(square), r2])
