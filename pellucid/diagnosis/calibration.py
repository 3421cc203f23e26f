"""Calibration: whether a confidence of 0.8 is right eight times in ten.

Axes      N samples, K classes, B bins
Bins      width: B equal stretches of 0..1, each without its lower end (0 joins the first); mass: as many samples in
          each as ties allow. A bin's gap is |accuracy - mean confidence|
ECE       sum over bins of n_bin / N times the gap; never 0 of few samples, so `by_chance` says what a network shows
          whose every confidence is right, in 19 of 20 draws of as many answers
Source    Guo, Pleiss, Sun & Weinberger 2017, eq. 2 to 5; Nixon et al. 2019 (equal-mass bins).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.errors import ArgumentError, describe
from pellucid.keys import Key

BINS = 15
FEWEST = 50  # samples, below which an ECE says nothing, and a temperature is fitted to chance
DRAWS = 200


@dataclass(frozen=True)
class Bin:
    """Samples whose confidence is above `low` and at most `high`: mean confidence and accuracy, None without any."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Reliability:
    """The bins of N samples, their ECE, and the ECE up to which chance alone explains it; `kind`: "width" or "mass"."""

    kind: str
    n: int
    ece: float
    bins: tuple[Bin, ...]
    by_chance: float

    @property
    def earned(self) -> bool:
        """Whether nothing speaks against the confidences."""
        return self.ece <= self.by_chance

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        return asdict(self)


def reliability(answers: Answers, *, kind: str = "width", bins: int = BINS) -> Reliability:
    """Bins and ECE of the most probable class; ask `answers.unsound` first. Raises ArgumentError for another kind."""
    edges = edges_of(answers.confidence, kind, bins)
    place = bin_of(answers.confidence, edges)
    count = np.bincount(place, minlength=len(edges) - 1)
    sure = np.bincount(place, answers.confidence, minlength=len(count))
    right = np.bincount(place, answers.right, minlength=len(count))
    found = [
        Bin(float(low), float(high), int(n), s / n if n else None, r / n if n else None)
        for low, high, n, s, r in zip(edges, edges[1:], count, sure.tolist(), right.tolist(), strict=False)
    ]
    ece = float(np.abs(right - sure).sum() / answers.n)
    return Reliability(kind, answers.n, ece, tuple(found), ece_by_chance(answers.confidence, place, len(count)))


def ece_by_chance(confidence: np.ndarray, place: np.ndarray, bins: int) -> float:
    """The ECE below which 19 of 20 draws stay of answers that are right as often as the confidences (N,) say.

    `place` (N,): the bin of each.
    """
    random = Key.of(0).fold("calibration").generator()
    drawn = np.empty(DRAWS)
    for number in range(DRAWS):
        right = random.random(len(confidence)) < confidence
        drawn[number] = np.abs(np.bincount(place, right - confidence, minlength=bins)).sum() / len(confidence)
    return float(np.quantile(drawn, 0.95))


def edges_of(confidence: np.ndarray, kind: str, bins: int) -> np.ndarray:
    """The edges of the bins: one more than there are bins; of equal mass fewer where many confidences are equal."""
    if bins < 1:
        raise ArgumentError(describe("calibration", "bins", "1 or more", bins))
    if kind == "width":
        return np.linspace(0, 1, bins + 1)
    if kind != "mass":
        raise ArgumentError(describe("calibration", "kind", "'width' or 'mass'", repr(kind)))
    inner = np.quantile(confidence, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.unique([0.0, *inner, max(1.0, float(confidence.max()))])


def bin_of(confidence: np.ndarray, edges: Sequence[float] | np.ndarray) -> np.ndarray:
    """The bin of each confidence (N,)."""
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, len(edges) - 2)


def ece_of_draws(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """The ECE (equal width) of b draws; weights (N,b) say how often a sample was drawn. NaN for no probabilities."""
    if answers.unsound:
        return np.full(weights.shape[1], np.nan)
    place = bin_of(answers.confidence, edges_of(answers.confidence, "width", BINS))
    gaps = np.zeros((BINS, answers.n))
    gaps[place, np.arange(answers.n)] = answers.right - answers.confidence
    return np.asarray(np.abs(gaps @ weights).sum(axis=0) / weights.sum(axis=0))
