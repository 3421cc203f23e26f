"""Where the next trial lies when nothing is learnt from the earlier ones: at random, or evenly spread.

A trial's values depend on the key of its round and its place in the round alone, so they are the same however many
workers there are and however often a search was stopped.
Source    random beats grid: Bergstra & Bengio 2012; Halton points, scrambled: Owen 2017, arXiv:1706.02808.
"""

from __future__ import annotations

from pellucid.keys import Key
from pellucid.search.space import Space, Value

LEARNING = "tpe"  # draws from what the earlier trials came to: Optuna's, see study.py
METHODS = ("random", "qmc", LEARNING)


def drawn(method: str, space: Space, key: Key, place: int) -> dict[str, Value]:
    """The values of the trial at a place of its round, counted from 0, for the methods that do not learn."""
    shares = halton(key, place, len(space)) if method == "qmc" else independent(key, place, len(space))
    return {parameter.name: parameter.at(share) for parameter, share in zip(space, shares, strict=True)}


def independent(key: Key, place: int, dimensions: int) -> list[float]:
    """Shares drawn one by one, each independent of all others."""
    return [float(share) for share in key.fold("trial", place).generator().random(dimensions)]


def halton(key: Key, place: int, dimensions: int) -> list[float]:
    """One point of a scrambled Halton sequence: any first few of them cover the space evenly."""
    from scipy.stats.qmc import Halton

    points = Halton(dimensions, scramble=True, rng=key.fold("halton").generator())
    points.fast_forward(place)
    return [float(share) for share in points.random(1)[0]]
