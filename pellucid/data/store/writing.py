"""A data set written as an HDF5 store (layout.py), sample by sample, so that a kill costs the last seconds of it.

The file's frame, all that HDF5 keeps beside the numbers, is written first with room for every array; then pixels, their
crc32 and the sha256 they came from are put where they belong. So no moment leaves a file that HDF5 cannot read.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import Array
from pellucid.data.store.layout import CHANNELS, CHECKSUM, CLASSES, FORMAT, KIND, RECORD, SHORT, fixed, sum_of
from pellucid.errors import DataError
from pellucid.storage.resumable import Unfinished, resumable
from pellucid.storage.streams import Stream

AT_ONCE = 16 << 20  # bytes of images that are read together
Told = Callable[[int], Any]  # how many samples are done


@dataclass(frozen=True)
class Frame:
    """Where everything goes: the first byte of each array, and of each sample's pixels by part."""

    arrays: Mapping[str, int]
    pixels: Mapping[str, Array]


def write_hdf5(dataset: Dataset, out: Path, told: Told = lambda done: None) -> int:
    """Write the store; how many samples were there already, from a try before that was ended.

    Raises DataError for annotations that a store does not hold, FileError for a picture that cannot be read or a
    file that cannot be written.
    """
    record, columns = record_of(dataset), columns_of(dataset)
    made_of = sum_of(record + repr((dataset.image_shape, dataset.dtype.str)).encode(), columns)

    def begin(stream: Stream) -> None:
        write_frame(stream, dataset, record, columns)

    with resumable(out, made_of, begin) as file:
        before = file.done
        frame = frame_of(file, dataset, columns)
        for number, (part, row, pixels) in enumerate(samples_of(dataset, before), before):
            word = SHORT[part]
            file.write(int(frame.pixels[part][row]), pixels.data)
            crc = np.array([zlib.crc32(pixels.data)], np.uint32)
            file.write(frame.arrays[f"crc_{word}"] + crc.itemsize * row, crc.data)
            if dataset.parts[part].contents is None:
                digest = hashlib.sha256(pixels.data).hexdigest().encode()
                file.write(frame.arrays[f"contents_{word}"] + 64 * row, memoryview(digest))
            file.count(number + 1)
            told(number + 1)
        whole = {name: np.frombuffer(file.read(frame.arrays[name], column.nbytes), column.dtype).reshape(column.shape)
                 for name, column in columns.items() if name != CHECKSUM}
        file.write(frame.arrays[CHECKSUM], memoryview(sum_of(record, whole).encode()))
    return before


def record_of(dataset: Dataset) -> bytes:
    """What the store says of itself."""
    first = next(iter(dataset.parts.values())).annotations
    told = {"kind": KIND, "format": FORMAT, "name": dataset.name, "fingerprint": dataset.fingerprint,
            "annotations": first.kind, "undivided": dataset.undivided, "reading": dict(dataset.reading),
            "parts": {name: len(part) for name, part in dataset.parts.items()}}  # fmt: skip
    if isinstance(first, Numbers):
        told["numbers"] = [{"name": name, "unit": unit} for name, unit in zip(first.names, first.units, strict=True)]
    return json.dumps(told, sort_keys=True).encode()


def columns_of(dataset: Dataset) -> dict[str, Array]:
    """Every array but x_, those that are known as the pixels are read with room for them."""
    columns: dict[str, Array] = {CHANNELS: fixed(dataset.channel_names), CHECKSUM: np.zeros(1, "S64")}
    if dataset.class_names:
        columns[CLASSES] = fixed(dataset.class_names)
    for name, part in dataset.parts.items():
        word, count = SHORT[name], len(part)
        columns[f"y_{word}"] = targets_of(dataset, part.annotations)
        columns[f"ids_{word}"] = part.ids.astype(np.int64)
        columns[f"names_{word}"] = fixed(part.names)
        columns[f"crc_{word}"] = np.zeros(count, np.uint32)
        known = part.contents
        columns[f"contents_{word}"] = np.zeros(count, "S64") if known is None else np.array(known, "S64")
        if part.groups is not None:
            columns[f"groups_{word}"] = fixed(part.groups.tolist())
    return {name: np.ascontiguousarray(column) for name, column in columns.items()}


def targets_of(dataset: Dataset, annotations: Annotations) -> Array:
    """What is learnt, as an array. Raises DataError for what has no such form."""
    if isinstance(annotations, Classes):
        return annotations.numbers.astype(np.int64)
    if isinstance(annotations, Numbers):
        return annotations.values.astype(np.float64)
    raise DataError(f"{dataset.name}: a store holds classes or numbers, and its pictures have {annotations.kind}. Type "
                    "--to coco or yolo.")


def samples_of(dataset: Dataset, after: int) -> Iterator[tuple[str, int, Array]]:
    """Part, row and pixels (H, W, C) of each sample but the first `after`, a few read at once."""
    each = max(1, math.prod(dataset.image_shape) * dataset.dtype.itemsize)
    before = 0
    for name, part in dataset.parts.items():
        for start in range(max(0, after - before), len(part), max(1, AT_ONCE // each)):
            rows = np.arange(start, min(len(part), start + max(1, AT_ONCE // each)))
            for row, pixels in zip(rows.tolist(), pixels_of(part, rows), strict=True):
                yield name, row, pixels
        before += len(part)


def pixels_of(part: Part, rows: Array) -> Array:
    """Images (B, H, W, C) with the smaller byte first, each in one piece."""
    pixels = part.images.take(rows)
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))


# --- the frame --------------------------------------------------------------------------------------------------------

def write_frame(stream: Stream, dataset: Dataset, record: bytes, columns: Mapping[str, Array]) -> None:
    """The HDF5 file with all but the pixels in it."""
    import h5py

    with h5py.File(stream, "w", libver=("v110", "v110")) as file:
        file.attrs[RECORD] = np.bytes_(record)
        for name, column in columns.items():
            file.create_dataset(name, data=column)
        for name, part in dataset.parts.items():
            how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            how.set_chunk((1, *part.images.shape[1:]))
            how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            how.set_obj_track_times(False)
            kind = h5py.h5t.py_create(part.images.dtype.newbyteorder("<"))
            h5py.h5d.create(file.id, f"x_{SHORT[name]}".encode(), kind, h5py.h5s.create_simple(part.images.shape), how)


def frame_of(file: Unfinished, dataset: Dataset, columns: Mapping[str, Array]) -> Frame:
    """Where the frame has room for each array."""
    import h5py

    from pellucid.storage.hdf5 import places_of

    with h5py.File(file.stream(), "r") as opened:
        return Frame({name: opened[name].id.get_offset() for name in columns},
                     {name: np.asarray(places_of(opened[f"x_{SHORT[name]}"])) for name in dataset.parts})
