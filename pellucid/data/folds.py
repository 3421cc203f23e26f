"""Folds: every sample in one of K equal parts, each class spread evenly over them, no group in two.

Without groups the samples of each class are dealt out one by one in a random order, so that folds differ by one sample
at most; with groups whole groups are dealt out by scikit-learn's StratifiedGroupKFold.
"""

from __future__ import annotations

import warnings

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.images import Array
from pellucid.errors import ArgumentError, DataError, describe
from pellucid.keys import Key


def fold_numbers(part: Part, folds: int, *, key: Key, where: str) -> Array:
    """The fold of each sample (N,), from 0. Raises ArgumentError for too few folds or more than there are samples."""
    if not 2 <= folds <= len(part):
        raise ArgumentError(describe(where, "--folds", f"from 2 to {len(part)}, the images there are", folds))
    random = key.fold("folds", folds).generator()
    if part.groups is None:
        order = random.permutation(len(part))
        order = order[np.argsort(part.annotations.strata[order], kind="stable")]
        numbers = np.empty(len(part), np.int64)
        numbers[order] = np.arange(len(part)) % folds
        return numbers
    groups = len(np.unique(part.groups))
    if groups < folds:
        remedy = f"Type --folds {groups}." if groups > 1 else "Add groups."
        raise DataError(describe(where, "--folds", f"at most the number of groups, {groups}", folds, remedy))
    return _grouped(part, folds, int(random.integers(2**31)))


def _grouped(part: Part, folds: int, seed: int) -> Array:
    from sklearn.model_selection import StratifiedGroupKFold

    numbers, strata = np.empty(len(part), np.int64), part.annotations.strata
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class may have fewer samples than folds
        for number, (_, held_out) in enumerate(split.split(strata, strata, part.groups)):
            numbers[held_out] = number
    return numbers
