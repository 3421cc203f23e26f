"""The seed of models made in a program: `set_random_seed(n)` makes all that follows repeat."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator

from pellucid.errors import ArgumentError, describe
from pellucid.keys import Key


class Root:
    """Hands each new model a key of its own, counted from the last seed."""

    def __init__(self) -> None:
        self.plant(secrets.randbits(32))

    def plant(self, seed: int) -> None:
        self.seed = seed
        self.numbers: Iterator[int] = itertools.count()

    def next_key(self) -> Key:
        return Key.of(self.seed).fold("model", next(self.numbers))


ROOT = Root()


def set_random_seed(seed: int) -> None:
    """Make every model built from here on, its training included, repeat from run to run."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ArgumentError(describe("set_random_seed", "seed", "an integer >= 0", repr(seed)))
    ROOT.plant(seed)
