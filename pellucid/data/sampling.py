"""Sampling: how often each training image is shown in an epoch.

Axes    N images of a part, in strata (its classes, or one for all); D draws of an epoch
Shapes  strata (N,) int, sizes (S,) draws a stratum, weights (N,); draws (D,) = image + N * number of the copy
Rule    image i of stratum s is due  sizes[s] * weights[i] / (sum of the weights in s)  draws; it gets that number
        rounded down or up by chance, and the stratum gets its size exactly
Source  Madow 1949, systematic sampling with unequal probabilities
"""

from __future__ import annotations

import numpy as np

from pellucid.data.images import Array
from pellucid.keys import Key


class Sampler:
    """Draws the images of each epoch from a key; `weights` may be changed from one epoch to the next."""

    def __init__(self, strata: Array, sizes: Array) -> None:
        self.strata, self.sizes = np.asarray(strata), np.asarray(sizes, np.int64)
        self.weights: Array = np.ones(len(self.strata))

    @property
    def size(self) -> int:
        """Draws of an epoch, the same in all."""
        return int(self.sizes.sum())

    def counts(self, key: Key) -> Array:
        """(N,) how often each image is shown."""
        random = key.generator()
        found = np.zeros(len(self.strata), np.int64)
        for stratum, size in enumerate(self.sizes):
            members = random.permutation(np.flatnonzero(self.strata == stratum))
            due = np.cumsum(self.weights[members])
            due *= size / due[-1]
            due[-1] = size
            found[members] = np.diff(np.floor(due + random.random()), prepend=0)
        return found

    def draws(self, key: Key) -> Array:
        """(D,) the images in their order within the part, copies beside one another."""
        counts = self.counts(key)
        images = np.repeat(np.arange(len(counts)), counts)
        copies = np.arange(len(images)) - np.repeat(np.cumsum(counts) - counts, counts)
        return images + len(counts) * copies


def evenly(labels: Array) -> Sampler:
    """Every image once, the classes as they are: a sampler whose weights are still to come."""
    return Sampler(np.zeros(len(labels), np.int64), np.array([len(labels)]))


def by_class(labels: Array, kind: str) -> Sampler:
    """Every class as often as the largest ("over") or as the smallest ("under") that has images; labels (N,)."""
    _, strata, counts = np.unique(labels, return_inverse=True, return_counts=True)
    size = counts.max() if kind == "over" else counts.min()
    return Sampler(strata, np.full(len(counts), size))
