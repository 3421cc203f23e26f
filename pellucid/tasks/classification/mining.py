"""Hard-negative mining: the training images that are still wrong are shown more often, round by round.

The epochs are divided into R + 1 rounds of nearly equal length. After each round but the last the network judges the
training part as it is, not augmented: the weight of an image that is wrong doubles, up to 16, that of one that is right
halves, down to 1. An epoch keeps its size; an image is shown in proportion to its weight (within its class when a
sampler evens the classes out).
Source    Sung & Poggio 1998 (bootstrapping: train, collect what is wrong, train on more of it)
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.data.sampling import Sampler
from pellucid.training.events import Event, Progress

LOG = logging.getLogger("pellucid")
MOST_DOUBLINGS = 4


class Mining(Event):
    """Changes the weights of a sampler after the epochs `ends`; remembers how often each image's was doubled."""

    def __init__(self, sampler: Sampler, ends: list[int], wrong: Callable[[Progress], np.ndarray]) -> None:
        self.sampler, self.ends, self.wrong = sampler, ends, wrong
        self.doublings = np.zeros(len(sampler.weights), np.int64)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        if row["epoch"] not in self.ends:
            return
        wrong = self.wrong(progress)
        self._set(np.clip(self.doublings + np.where(wrong, 1, -1), 0, MOST_DOUBLINGS))
        number, most = self.ends.index(row["epoch"]) + 1, 2 ** int(self.doublings.max())
        LOG.info("mining %d of %d: %s of %s training images are wrong; the hardest are now shown %d times as often as "
                 "the easiest", number, len(self.ends), f"{int(wrong.sum()):,}", f"{len(wrong):,}", most)

    def _set(self, doublings: np.ndarray) -> None:
        self.doublings, self.sampler.weights = doublings, 2.0**doublings

    def memory(self) -> dict[str, Any]:
        return {"doublings": "".join(map(str, self.doublings))}  # a digit an image

    def recall(self, memory: dict[str, Any]) -> None:
        self._set(np.array([int(digit) for digit in memory["doublings"]], np.int64))
