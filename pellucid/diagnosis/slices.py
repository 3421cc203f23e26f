"""Slices: parts of the data (a class, a group, a tag) in which the model is surely worse than in the rest.

Test      one-sided exact test of Fisher: were the mistakes dealt out at random, how often would a slice get so many?
Care      all slices are tried at once, so p is adjusted by Holm: of data sets without a worse slice at most LEVEL show
          one
Least     slices (and rests) of fewer than LEAST samples are not tried, and counted
Source    Fisher 1935; Holm 1979; interval of the difference as in `intervals`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.intervals import difference_interval, wilson_interval
from pellucid.diagnosis.tags import Tags

LEVEL = 0.01
LEAST = 20


@dataclass(frozen=True)
class Slice:
    """n samples with a tag: their error, that of the rest, and the difference, each with its 95 % interval.

    `p` is the chance of so many mistakes in an ordinary slice, adjusted for all slices that were tried.
    """

    tag: str
    kind: str
    n: int
    mistakes: int
    error: float
    error_interval: tuple[float, float]
    rest_error: float
    difference: float
    difference_interval: tuple[float, float]
    p: float


@dataclass(frozen=True)
class WorseSlices:
    """The slices that are worse, the one that is worse by most for sure first; how many were tried or too small."""

    worse: tuple[Slice, ...]
    tried: int
    too_small: int
    level: float
    least: int

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        return asdict(self)


def worse_slices(answers: Answers, tags: Tags, *, level: float = LEVEL, least: int = LEAST) -> WorseSlices:
    """Every tagged part whose error is higher than that of the rest beyond chance."""
    wrong = ~answers.right
    n, total = answers.n, int(wrong.sum())
    sizes = tags.marks.sum(axis=0)
    tried = np.flatnonzero((sizes >= least) & (n - sizes >= least))
    mistakes = (tags.marks & wrong[:, None]).sum(axis=0)
    adjusted = holm(chances(mistakes[tried], sizes[tried], total, n))
    found = [
        _slice(tags, int(place), int(sizes[place]), int(mistakes[place]), n, total, float(p))
        for place, p in zip(tried, adjusted, strict=True) if p <= level
    ]
    found.sort(key=lambda one: (-one.difference_interval[0], one.tag))
    return WorseSlices(tuple(found), len(tried), len(sizes) - len(tried), level, least)


def chances(mistakes: np.ndarray, sizes: np.ndarray, total: int, n: int) -> np.ndarray:
    """How often slices of these sizes (M,) get so many (M,) of the `total` mistakes dealt out among n, or more.

    The tail of the hypergeometric distribution. scipy.stats has it, and takes longer to import than a report to write.
    """
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])  # logarithms

    def ways(among: int, taken: np.ndarray) -> np.ndarray:
        return np.asarray(factorial[among] - factorial[taken] - factorial[among - taken], np.float64)

    tails = np.ones(len(sizes))
    for place, (least, size) in enumerate(zip(mistakes, sizes, strict=True)):
        fewest = max(0, size - (n - total))
        if least > fewest:
            counts = np.arange(least, min(total, size) + 1)
            shares = ways(total, counts) + ways(n - total, size - counts) - ways(n, np.array([size]))
            tails[place] = min(1.0, float(np.exp(shares).sum()))
    return tails


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p of M tests (M,): in ascending order (M - i) p_i, never below the one before, at most 1."""
    order = np.argsort(p, kind="stable")
    factors = len(p) - np.arange(len(p))
    climbing = np.maximum.accumulate(np.minimum(p[order] * factors, 1.0))
    adjusted = np.empty_like(climbing)
    adjusted[order] = climbing
    return adjusted


def _slice(tags: Tags, place: int, size: int, mistakes: int, n: int, total: int, p: float) -> Slice:
    rest, rest_mistakes = n - size, total - mistakes
    return Slice(
        tag=tags.names[place],
        kind=tags.kinds[place],
        n=size,
        mistakes=mistakes,
        error=mistakes / size,
        error_interval=wilson_interval(mistakes, size),
        rest_error=rest_mistakes / rest,
        difference=mistakes / size - rest_mistakes / rest,
        difference_interval=difference_interval(mistakes, size, rest_mistakes, rest),
        p=p,
    )
