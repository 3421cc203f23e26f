"""Watching pictures that a network is asked about: which are unlike those it was trained on, and the sentence for it.

Alone      pictures beyond the distance `far`: more of N than chance gives once in 50 times, were it one in 1,000; and
           any picture beyond three times that distance
Together   of N pictures so many beyond `some` as chance gives once in 10,000 times, were it one in four
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import erfc, exp, lgamma, log, log1p, sqrt

import numpy as np

from pellucid.data.images import Array
from pellucid.model.input.depth import Depth
from pellucid.model.input.typical import PLAIN, Typical, plainly

CHANCE, RARE = 0.25, 1e-4       # up to a quarter of the pictures of one class lay beyond `some` on real test parts
ALONE, SELDOM, GROSS = 0.001, 0.02, 3.0


@dataclass
class Watch:
    """Takes pictures in the depth of the model as they come, and counts those unlike the training pictures."""

    typical: Typical
    depth: Depth
    distances: list[float] = field(default_factory=list)
    plain: dict[int, Array] = field(default_factory=dict)  # of those that a sentence may be about, by place

    def see(self, pixels: Array) -> list[float]:
        """Look at pictures (N, H, W, C); the distance of each, as a share of the one a picture alone must exceed."""
        found = self.typical.distances(self.depth.as_floats(pixels))
        self.note(pixels, found)
        return [distance / self.typical.far for distance in found.tolist()]

    def note(self, pixels: Array, distances: Array) -> None:
        """Count pictures (N, H, W, C) of which the distances (N,) are known."""
        far = np.flatnonzero(distances > self.typical.some)
        if len(far):
            plain = plainly(self.depth.as_floats(pixels[far]))
            self.plain |= zip((len(self.distances) + far).tolist(), plain, strict=True)
        self.distances += distances.tolist()

    @property
    def alone(self) -> int:
        """How many pictures are far from the training pictures by themselves, when these are too many for chance."""
        shares = np.array(self.distances) / self.typical.far
        far = int((shares > 1).sum())
        return far if (shares > GROSS).any() or tail(far, len(shares), ALONE) < SELDOM else 0

    @property
    def together(self) -> int:
        """How many lie beyond what nine of ten training pictures keep, when these are too many for chance; else 0."""
        n, beyond = len(self.distances), sum(distance > self.typical.some for distance in self.distances)
        return beyond if tail(beyond, n, CHANCE) < RARE else 0

    def warning(self) -> str:
        """One sentence with its numbers; empty when the pictures look like those of the training."""
        count = max(self.alone, self.together)
        if not count:
            return ""
        limit = self.typical.some if self.together > self.alone else self.typical.far
        kept = "9 of 10 of each class" if self.together > self.alone else "all but 1 of 1,000"
        far = np.flatnonzero(np.array(self.distances) > limit)
        n = len(self.distances)
        who = ("the picture is" if n == 1 else f"{count:,} of {n:,} pictures are" if count > 1 else
               f"1 of {n:,} pictures is")
        seen, typical = self.typical.n, float(np.median(np.array(self.distances)[far]))
        return (f"{who} unlike the {seen:,} training pictures looked at: distance {typical:.3g}, where {kept} "
                f"have at most {limit:.3g}{self.most_of_all(far)}. The answer may mean nothing.")

    def most_of_all(self, far: Array) -> str:
        """The plain number that differs most, with the range of 99 of 100 training pictures; empty if none does."""
        values = np.median(np.array([self.plain[place] for place in far]), axis=0)
        low, high = self.typical.plain.T
        beyond = np.maximum(low - values, values - high) / np.maximum(high - low, 0.02)
        place = int(np.argmax(beyond))
        if beyond[place] <= 0:
            return ""
        return f"; {PLAIN[place]} {values[place]:.2f}, theirs {low[place]:.2f} to {high[place]:.2f}"


def tail(count: int, n: int, chance: float) -> float:
    """The probability of `count` or more of n, each with this chance; 1 where they are no more than expected."""
    if count <= chance * n:
        return 1.0
    if n * chance > 100:  # normal approximation
        return 0.5 * erfc((count - 0.5 - chance * n) / sqrt(2 * n * chance * (1 - chance)))
    return min(1.0, sum(just(k, n, chance) for k in range(count, min(n, count + 400) + 1)))


def just(count: int, n: int, chance: float) -> float:
    """The probability of just `count` of n."""
    ways = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    return exp(ways + count * log(chance) + (n - count) * log1p(-chance))
