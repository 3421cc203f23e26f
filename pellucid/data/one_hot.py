"""Labels written as rows of zeros and a one, and names written a sample: made class numbers, and names a class.

Shapes   y (N, K) -> (N,); names (N of all parts,), in the order train, validation, test -> (K,)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.data.images import Array
from pellucid.data.npz import NAMES
from pellucid.errors import DataError, shown

ORDER = ("train", "validation", "test")  # in which samples follow one another


def numbered(arrays: Mapping[str, Array], notes: list[str]) -> dict[str, Array]:
    """The arrays with class numbers in place of one-hot labels, if all labels are; a note says so."""
    labels = [name for name in arrays if name.startswith("y_")]
    if not labels or not all(is_one_hot(arrays[name]) for name in labels):
        return dict(arrays)
    width = arrays[labels[0]].shape[1]
    if any(arrays[name].shape[1] != width for name in labels):
        return dict(arrays)
    notes.append(f"labels are one-hot, {width:,} columns: class numbers are made of them")
    return {name: array.argmax(axis=1) if name in labels else array for name, array in arrays.items()}


def is_one_hot(y: Array) -> bool:
    """Whether every row (of at least two) is zeros and one 1."""
    if y.ndim != 2 or y.shape[1] < 2 or not len(y) or y.dtype.kind not in "biuf":
        return False
    return bool((y.astype(bool) == y).all() and (np.count_nonzero(y, axis=1) == 1).all())


def named_by_class(path: object, arrays: Mapping[str, Array], notes: list[str]) -> dict[str, Array]:
    """The arrays with a name a class, where there is one a sample.

    Raises DataError when samples of one class have several names, or one name stands for several classes.
    """
    names = arrays.get("class_names")
    labels = [arrays[f"y_{word}"] for part in ORDER for word in of_part(part) if f"y_{word}" in arrays]
    if names is None or names.ndim != 1 or not labels or any(y.ndim != 1 or y.dtype.kind not in "iu" for y in labels):
        return dict(arrays)
    rows = np.concatenate(labels).astype(np.int64)
    count = int(rows.max(initial=-1)) + 1
    if len(names) != len(rows) or count >= len(rows) or int(rows.min(initial=0)) < 0:
        return dict(arrays)
    found: dict[int, str] = {}
    for number, name in zip(rows.tolist(), map(str, names), strict=True):
        if found.setdefault(number, name) != name:
            raise DataError(f"{path}: classes has a name for each of {len(rows):,} samples, but those of class "
                            f"{number} are called '{shown(found[number])}' and '{shown(name)}'. Save a name a class.")
    notes.append(f"classes has {len(rows):,} names, one a sample: the names of {len(found):,} classes are taken from "
                 "them, by their labels")
    return {**arrays, "class_names": np.array([found.get(number, str(number)) for number in range(count)])}


def of_part(part: str) -> Sequence[str]:
    """How arrays of a part may be called."""
    return [word for word, meant in NAMES.items() if meant == part]


def lacking(arrays: Mapping[str, Array]) -> int:
    """How many classes have no sample in the training part."""
    train = arrays.get("y_train")
    if train is None or train.ndim != 1 or train.dtype.kind not in "iu":
        return 0
    every = np.concatenate([array for name, array in arrays.items() if name.startswith("y_")])
    return len(np.setdiff1d(every, train))
