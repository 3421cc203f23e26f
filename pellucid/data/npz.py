"""NPZ files: arrays x_train, y_train[, x_val, y_val], x_test, y_test, read without pickle.

Shapes  x (N, H, W) or (N, H, W, C), uint8, uint16 or float; y (N,) or (N, 1) of whole numbers from 0,
        the classes, or (N,) or (N, K) of numbers (array_targets.py); class_names (K,) of text, optional
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pellucid.data.array_targets import Target, annotations_of
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.dataset import Dataset
from pellucid.data.images import Array
from pellucid.data.options import Options
from pellucid.errors import DataError, shown
from pellucid.storage.limits import ENTRIES, PIXELS

CHECKED = 1 << 22  # numbers looked at together
NAMES = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
WANTED = "x_train, y_train[, x_val, y_val], x_test, y_test"


def open_npz(path: Path, options: Options) -> Dataset:
    """Read an NPZ. Raises FileError for a broken file or a pickle, DataError for arrays that are no data set."""
    from pellucid.storage import npz as storage

    with storage.open_npz(path) as arrays:
        return dataset_of_named(path, arrays, options, [], what="an NPZ")


def dataset_of_named(path: Path, arrays: Mapping[str, Array], options: Options, notes: list[str], *,
                     what: str) -> Dataset:
    """The data set of arrays by name, as `what` holds them. Raises DataError for arrays that are no data set."""
    images: dict[str, Array] = {}
    targets: dict[str, Target] = {}
    for word, part in NAMES.items():
        x, y = f"x_{word}", f"y_{word}"
        if (x in arrays) != (y in arrays):
            have, lack = (x, y) if x in arrays else (y, x)
            raise DataError(f"{path}: there is {have} but no {lack}. {what[0].upper()}{what[1:]} needs {WANTED}.")
        if x in arrays:
            images[part] = check_images(f"{path}: {x}", arrays[x], notes)
            targets[part] = Target(y, arrays[y], len(images[part]))
    if not images:
        raise DataError(f"{path}: the arrays must be called {WANTED}, but they are "
                        f"{shown(', '.join(arrays), 200) or 'missing'}. "
                        "Save them under these names.")
    unused = sorted(set(arrays) - {f"{axis}_{word}" for word in NAMES for axis in "xy"} - {"class_names"})
    if unused:
        notes.append(f"arrays not used: {shown(', '.join(unused), 200)}")
    annotations = annotations_of(path, targets, options.annotations, notes)
    names = _class_names(path, arrays["class_names"]) if "class_names" in arrays else None
    if names is not None and next(iter(annotations.values())).kind == "numbers":
        names, notes = None, [*notes, "names of classes not used: these are numbers"]
    return dataset_of_arrays(path.stem, str(path), images, annotations, names, options=options, notes=notes)


def _class_names(path: Path, given: Array) -> tuple[str, ...]:
    ENTRIES.check(given.size, path, what="class_names")
    return tuple(str(name) for name in given.reshape(-1))


def check_images(where: str, x: Array, notes: list[str]) -> Array:
    """The images as (N, H, W, C) of uint8, uint16 or float, all finite. Raises DataError with what came."""
    if x.ndim not in (3, 4) or 0 in x.shape[1:]:
        raise DataError(f"{where} must be images of shape (N, H, W) or (N, H, W, C), but its shape is {x.shape}. "
                        "Reshape it, for example with x.reshape(-1, 28, 28, 1).")
    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] > 4 and x.shape[2] == x.shape[3]:
        raise DataError(f"{where} must have its channels last, (N, H, W, C), but its shape is {x.shape}. "
                        "Channels come first? Save x.transpose(0, 2, 3, 1).")
    PIXELS.check(x.shape[1] * x.shape[2], where)
    x = x[..., np.newaxis] if x.ndim == 3 else x
    if x.dtype.kind == "f":
        return _finite(where, x, notes)
    if x.dtype.kind not in "iub":
        raise DataError(f"{where} must be numbers (uint8, uint16 or float), but its dtype is {x.dtype}. "
                        "Convert it with x.astype('uint8').")
    if x.dtype in (np.uint8, np.uint16):
        return x
    low, high = (int(x.min()), int(x.max())) if x.size else (0, 0)
    if low < 0 or high > 65535:
        raise DataError(f"{where} holds whole numbers from {low} to {high}, but pixels are 0 to 255 or 0 to 65535. "
                        "Save floats if that is meant: x.astype('float32').")
    if x.dtype == np.int8 and high == np.iinfo(np.int8).max:
        notes.append(f"{where.rpartition(' ')[2]}: signed bytes that end at exactly 127: brighter pixels were cut off "
                     "as they were written. Write uint8")
    kept = np.dtype(np.uint8 if high <= 255 else np.uint16)
    notes.append(f"{where.rpartition(' ')[2]}: {x.dtype} kept as {kept} (values {low} to {high})")
    return x.astype(kept)


def _finite(where: str, x: Array, notes: list[str]) -> Array:
    many_bad, first = 0, tuple[int, ...]()
    rows = max(1, CHECKED // max(1, math.prod(x.shape[1:])))
    for start in range(0, len(x), rows):  # x may be larger than the memory
        bad = np.argwhere(~np.isfinite(x[start : start + rows]))
        if len(bad) and not many_bad:
            first = (start + int(bad[0][0]), *map(int, bad[0][1:]))
        many_bad += len(bad)
    if many_bad:
        many = f"{many_bad:,} values are" if many_bad > 1 else "1 value is"
        raise DataError(f"{where} must be finite, but {many} NaN or infinite, the first at "
                        f"[{', '.join(map(str, first))}] ({x[first]}). Remove those images or correct the values.")
    if x.size and float(x.max()) > 1.5:
        notes.append(f"{where.rpartition(' ')[2]}: {x.dtype} from {x.min():g} to {x.max():g}; floats are not scaled")
    return x
