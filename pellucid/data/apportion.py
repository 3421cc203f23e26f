"""Choosing samples so that every class keeps its share (stratified), by the method of largest remainders.

Shapes  labels (N,) int64; the result is a sorted array of indices into it
"""

from __future__ import annotations

import numpy as np

from pellucid.data.images import Array
from pellucid.keys import Key


def shares(counts: Array, total: int, *, least: Array, most: Array) -> Array:
    """Divide `total` over the classes in proportion to `counts` (K,), each share within `least` and `most`.

    The shares add up to `total` exactly whenever least.sum() <= total <= most.sum().
    """
    wanted = counts * (total / max(int(counts.sum()), 1))
    given = np.clip(np.floor(wanted).astype(np.int64), least, most)
    while given.sum() != total:
        step = 1 if given.sum() < total else -1
        open_ = given < most if step > 0 else given > least
        if not open_.any():
            break
        debt = np.where(open_, (wanted - given) * step, -np.inf)
        given[int(debt.argmax())] += step                       # the class furthest from its due; ties: the first
    return given


def stratified_sample(labels: Array, count: int, *, key: Key, keep: int = 0) -> Array:
    """Sorted indices of `count` samples, each class in proportion; at least `keep` of every class stay behind.

    With keep=0 (a cut) every class is present in the sample whenever `count` allows it.
    """
    classes, counts = np.unique(labels, return_counts=True)
    most = np.maximum(counts - keep, 0)
    least = np.zeros_like(counts) if keep or count < len(classes) else np.ones_like(counts)
    given = shares(counts, count, least=np.minimum(least, most), most=most)
    random = key.generator()
    chosen = [random.permutation(np.flatnonzero(labels == k))[:n] for k, n in zip(classes, given, strict=True)]
    return np.sort(np.concatenate(chosen))
