"""The order of samples in an epoch: a permutation that depends on the key and the epoch alone, cut into steps.

Of several processes each takes its share of every step, so that together they see what one would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import ArgumentError, describe
from pellucid.keys import Key


@dataclass(frozen=True)
class Share:
    """Part number `rank` of `count` nearly equal parts."""

    rank: int = 0
    count: int = 1

    def of(self, indices: Array) -> Array:
        """The part of a step's sample numbers: neighbours, and perhaps none."""
        here, there = (len(indices) * at // self.count for at in (self.rank, self.rank + 1))
        return indices[here:there]


def steps_in(samples: int, batch_size: int) -> int:
    """Steps of an epoch; the last batch may be smaller."""
    return -(-samples // batch_size)


def steps(samples: int, *, batch_size: int, key: Key, shuffle: bool, epoch: int, start: int = 0) -> Iterator[Array]:
    """The sample numbers of each step of `epoch`, from step `start` on; what is yielded does not depend on `start`."""
    if shuffle:
        order = key.fold("shuffle", epoch).generator().permutation(samples)
    else:
        order = np.arange(samples)
    for step in range(start, steps_in(samples, batch_size)):
        yield order[step * batch_size : (step + 1) * batch_size]


def check_sizes(where: str, *, samples: int, batch_size: int) -> None:
    """Raise ArgumentError unless there is a sample and the batch size is a positive integer."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ArgumentError(describe(where, "batch_size", "an integer of 1 or more", repr(batch_size)))
    if samples < 1:
        raise ArgumentError(describe(where, "the number of samples", "1 or more", samples))
