"""Class numbers as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, describe


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers (N,) or (N,1) as rows (N, num_classes) of one 1 each, float32.

    Raises ArgumentError for a number that is negative, not whole, or not below num_classes.
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    whole = labels.astype(np.int64) if labels.dtype.kind in "iuf" else np.zeros(0, np.int64)
    if labels.dtype.kind not in "iuf" or (whole != labels).any() or (whole.size and whole.min() < 0):
        raise ArgumentError(describe("to_categorical", "x", "whole class numbers from 0", str(labels.dtype)))
    classes = num_classes or int(whole.max(initial=-1)) + 1
    if whole.size and whole.max() >= classes:
        raise ArgumentError(describe("to_categorical", "x", f"below num_classes={classes}", str(whole.max())))
    return np.eye(classes, dtype=np.float32)[whole]
