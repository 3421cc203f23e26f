"""What the arrays y_train, y_val, y_test of a file hold: classes, or numbers.

Shapes   classes (N,) or (N, 1) of whole numbers; numbers (N,) or (N, K)
Nobody said which: numbers where some have fractions, and where there are several a picture that are not 0 and 1 alone
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.images import Array
from pellucid.errors import DataError


class Target(NamedTuple):
    """An array as it is called in its file, and how many images it stands beside."""

    name: str
    values: Array
    images: int


def annotations_of(path: object, targets: Mapping[str, Target], kind: str | None, notes: list[str],
                   ) -> dict[str, Annotations]:  # fmt: skip
    """The annotations of each part. Raises DataError for a shape, a dtype or a count that does not fit."""
    numbers = kind == "numbers" or (kind is None and any(_are_numbers(target.values) for target in targets.values()))
    if not numbers:
        return {part: Classes(class_numbers(f"{path}: {target.name}", target)) for part, target in targets.items()}
    if kind is None:
        notes.append(f"numbers from {', '.join(target.name for target in targets.values())}, as they are no classes")
    found = {part: _numbers(f"{path}: {target.name}", target) for part, target in targets.items()}
    widths = {part: values.shape[1] for part, values in found.items()}
    if len(set(widths.values())) > 1:
        told = ", ".join(f"{targets[part].name} has {width}" for part, width in widths.items())
        raise DataError(f"{path}: all parts must have as many numbers an image, but {told}. Save them alike.")
    return {part: Numbers(values, *_names(values.shape[1])) for part, values in found.items()}


def class_numbers(where: str, target: Target) -> Array:
    """The labels as (N,) int64. Raises DataError for a shape, a dtype or a count that does not fit."""
    y = target.values
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        one_hot = " One-hot? Save y.argmax(axis=1)." if y.ndim == 2 else ""
        raise DataError(f"{where} must be one label an image, of shape (N,), but its shape is {y.shape}.{one_hot}")
    _check_count(where, "label", target)
    if y.dtype.kind not in "iuf" or (y.dtype.kind == "f" and not np.array_equal(y, np.rint(y))):
        raise DataError(f"{where} must be whole numbers from 0 (the classes), but its dtype is {y.dtype}"
                        f"{' with fractions or NaN' if y.dtype.kind == 'f' else ''}. Save class numbers as int64.")
    return y.astype(np.int64)


def _are_numbers(y: Array) -> bool:
    """Whether an array would be no classes, but numbers."""
    if y.dtype.kind not in "iuf" or y.ndim not in (1, 2):
        return False
    if y.ndim == 2 and y.shape[1] > 1 and not np.isin(y, (0, 1)).all():
        return True
    return y.dtype.kind == "f" and bool((np.isfinite(y) & (y != np.rint(y))).any())


def _numbers(where: str, target: Target) -> Array:
    """The numbers as (N, K) float64, all finite."""
    y = target.values
    if y.ndim not in (1, 2) or 0 in y.shape[1:]:
        raise DataError(f"{where} must be numbers of shape (N,) or (N, K), but its shape is {y.shape}. Reshape it.")
    _check_count(where, "row", target)
    if y.dtype.kind not in "iuf":
        raise DataError(f"{where} must be numbers, but its dtype is {y.dtype}. Save floats.")
    values = y.astype(np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        many = f"{len(bad):,} values are" if len(bad) > 1 else "1 value is"
        first = tuple(map(int, bad[0]))
        raise DataError(f"{where} must be finite, but {many} NaN or infinite, the first at "
                        f"[{', '.join(map(str, first))}] ({values[first]}). Remove those images or correct the values.")
    return values.reshape(len(values), -1)


def _check_count(where: str, what: str, target: Target) -> None:
    if len(target.values) != target.images:
        of = target.name.replace("y_", "x_", 1)
        raise DataError(f"{where} must have one {what} for each of the {target.images} images of {of}, but it has "
                        f"{len(target.values)}. Save images and labels of the same samples.")


def _names(width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns, and no units."""
    return ("y",) if width == 1 else tuple(f"y_{k}" for k in range(1, width + 1)), ("",) * width
