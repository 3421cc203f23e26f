"""HDF5 stores: x_train, y_train[, x_val, y_val], x_test, y_test and classes, as NPZ files have them; also of features.

Shapes   x (N, H, W), (N, H, W, C), or (N, K) for features, which become maps of one pixel (N, 1, 1, K); y (N,), for
         numbers (N, K) too; classes (K,) and groups_train, groups_val, groups_test (N,): text as bytes of fixed length,
         UTF-8
Memory   arrays that lie in one piece are mapped, so that no more than the rows in hand are in memory; packed ones
         (gzip) are unpacked into it, and a note says so
Files    the attribute `pellucid` of a store that Pellucid wrote is JSON that says what the numbers are
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Classes, Numbers
from pellucid.data.dataset import PARTS, Dataset, Part
from pellucid.data.images import Array
from pellucid.data.npz import NAMES, dataset_of_named
from pellucid.data.one_hot import lacking, named_by_class, numbered
from pellucid.data.options import Options
from pellucid.data.store.layout import KIND, RECORD, SHORT, fixed
from pellucid.data.store.reading import open_store
from pellucid.errors import ArgumentError, DataError, ShapeError, shown
from pellucid.storage.hdf5 import attribute, check_mapped, dataset_at, is_long_text, open_hdf5, read_array, read_names
from pellucid.storage.reading import parse_json
from pellucid.storage.streams import Stream, whole_stream

FEATURES = "features"
USED = frozenset(
    (*(f"{axis}_{word}" for axis in "xy" for word in NAMES), *(f"groups_{word}" for word in SHORT.values()),
     "classes", "class_names")
)  # fmt: skip
TEXTS = ("classes", "class_names", *(f"groups_{word}" for word in SHORT.values()))


def open_hdf5_store(path: Path, options: Options) -> Dataset:
    """Read a store. Raises FileError for a broken file or one that could hurt, DataError for arrays that are no set."""
    with open_hdf5(path) as file:
        text = attribute(file.attrs, RECORD)
        record = record_of(path, text)
        if record.get("kind") == KIND:
            written = text.encode() if isinstance(text, str) else bytes(text)
            return open_store(path, file, record, written, options)
        found = {name: dataset_at(path, file, name) for name in file if name in USED}  # the others cost nothing
        notes = [f"{name} is packed and was read into memory" for name, entry in found.items()
                 if name.startswith("x_") and not lies_in_one_piece(entry)]  # fmt: skip
        unused = sorted(set(file) - set(found))
        arrays = {name: array_of(path, name, entry) for name, entry in found.items()}
    if unused:
        notes.append(f"arrays not used: {shown(', '.join(unused), 200)}")
    groups = {part: arrays.pop(f"groups_{word}") for part, word in SHORT.items() if f"groups_{word}" in arrays}
    if "classes" in arrays:
        arrays["class_names"] = arrays.pop("classes")
    if record.get("kind") == FEATURES:
        if options.resize or options.channels:
            raise ArgumentError(f"{path} holds features of images, which have no size or colours. Leave out --resize "
                                "and --channels.")
        arrays = {name: as_maps(array) if name.startswith("x_") else array for name, array in arrays.items()}
        notes.append(f"features: {record.get('layer')} of {record.get('model')} on {record.get('data')}")
    if not record:  # of another program
        arrays, options = as_classes(path, arrays, options, notes)
    if record.get("numbers") and options.annotations is None:
        options = replace(options, annotations=Numbers.kind)  # whole ones would be taken for classes
    dataset = dataset_of_named(path, arrays, options, notes, what="an HDF5 store")
    return with_groups(path, with_named_numbers(path, dataset, record), groups)


def as_classes(path: Path, arrays: Mapping[str, Array], options: Options, notes: list[str],
               ) -> tuple[dict[str, Array], Options]:  # fmt: skip
    """One-hot labels and names a sample as class numbers and names a class, notes on it, and how to go on."""
    if options.annotations not in (None, Classes.kind):
        return dict(arrays), options
    made = named_by_class(path, numbered(arrays, notes), notes)
    changed = any(made[name] is not arrays[name] for name in arrays)
    without = lacking(made) if changed else 0
    if not options.learning or not without:
        return made, options
    notes.append(f"{without:,} classes have no image to learn from, and none of their images can be told")
    return made, replace(options, learning=False)


def record_of(path: Path, text: Any) -> dict[str, Any]:
    """What Pellucid wrote about a store; empty for one of another program."""
    if text is None:
        return {}
    try:
        record = parse_json(text.decode() if isinstance(text, bytes) else str(text), path)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: its '{RECORD}' attribute is not JSON. Write it again.") from error
    return record if isinstance(record, dict) else {}


def lies_in_one_piece(entry: Any) -> bool:
    """Whether a data set's numbers stand in the file as they stand in memory."""
    return entry.id.get_offset() is not None and entry.dtype.isnative


def array_of(path: Path, name: str, entry: Any) -> Array:
    """A data set as an array: mapped from the file where it lies in one piece, else read; text as str."""
    if entry.dtype.kind == "S" or is_long_text(entry):
        if name not in TEXTS:
            raise DataError(f"{path}: '{name}' holds text, but only {', '.join(TEXTS)} may. Save numbers.")
        return np.array(read_names(entry)) if is_long_text(entry) else np.char.decode(read_array(entry), "utf-8")
    if not lies_in_one_piece(entry):
        return read_array(entry)
    check_mapped(entry)
    mapped = np.memmap(path, entry.dtype, "r", entry.id.get_offset(), entry.shape)
    return mapped.view(np.ndarray)


def as_maps(x: Array) -> Array:
    """Features (N, K) as maps of one pixel (N, 1, 1, K); maps as they are."""
    return x.reshape(len(x), 1, 1, -1) if x.ndim == 2 else x


def with_named_numbers(path: Path, dataset: Dataset, record: Mapping[str, Any]) -> Dataset:
    """The data set with the names and units that its store tells of its numbers.

    Raises DataError for a record that is damaged or of as many others.
    """
    told = record.get("numbers")
    if told is None:
        return dataset
    try:
        names, units = (tuple(str(one[key]) for one in told) for key in ("name", "unit"))
        parts = {name: replace(part, annotations=replace(part.annotations, names=names, units=units))
                 for name, part in dataset.parts.items() if isinstance(part.annotations, Numbers)}  # fmt: skip
    except (KeyError, TypeError, ShapeError) as error:
        raise DataError(f"{path} is damaged: its '{RECORD}' attribute does not name its numbers. Write it "
                        "again.") from error
    return replace(dataset, parts={**dataset.parts, **parts})


def with_groups(path: Path, dataset: Dataset, groups: Mapping[str, Array]) -> Dataset:
    """The data set with the group of every sample. Raises DataError unless there is one for each."""
    if not groups:
        return dataset
    parts: dict[str, Part] = {}
    start = 0
    for name in PARTS:
        if name not in dataset.parts:
            continue
        part, given = dataset.parts[name], groups.get(name)
        if given is None or given.ndim != 1 or len(given) <= int(part.ids.max(initial=start)) - start:
            raise DataError(f"{path}: groups_{SHORT[name]} must name the group of every sample of the {name} part.")
        parts[name] = replace(part, groups=given[part.ids - start])
        start += len(given)
    return replace(dataset, parts=parts)


# --- writing ----------------------------------------------------------------------------------------------------------

@contextmanager
def store_written(path: Path, record: Mapping[str, Any], classes: tuple[str, ...]) -> Iterator[Store]:
    """A store to fill, without `classes` one of numbers; it gets its name when it is whole, and an older file stays."""
    import h5py

    with whole_stream(path) as stream, h5py.File(stream, "w") as file:
        file.attrs[RECORD] = np.bytes_(json.dumps(record, sort_keys=True).encode())
        if classes:
            file.create_dataset("classes", data=fixed(classes))
        yield Store(file, stream)


class Store:
    """An HDF5 file that is being written, a part at a time and a batch at a time."""

    def __init__(self, file: Any, stream: Stream) -> None:
        self.file, self.stream = file, stream

    def write_part(self, part: str, targets: Array, groups: Array | None, rows: Iterator[Array]) -> None:
        """x in float32, from the rows of batch after batch, and the targets of all: classes (N,) or numbers (N, K).

        Raises FileError, which names the file and the remedy, when the disk is full.
        """
        word, x, done = SHORT[part], None, 0
        for batch in rows:
            if x is None:
                x = self.file.create_dataset(f"x_{word}", (len(targets), *batch.shape[1:]), np.float32)
            x[done : done + len(batch)] = batch
            done += len(batch)
            self.stream.check()
        kept = np.float64 if targets.dtype.kind == "f" else np.int64
        self.file.create_dataset(f"y_{word}", data=targets.astype(kept))
        if groups is not None:
            self.file.create_dataset(f"groups_{word}", data=fixed(groups.tolist()))

