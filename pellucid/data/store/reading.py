"""An HDF5 store that Pellucid wrote (layout.py) as a data set whose pixels stay in the file until they are taken.

Labels, names, groups and the like are read and held against the checksum, pixels against the crc32 that was written
with them, the first time they are taken. So the fingerprint in the record is that of what is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.arrays import conversion_notes, converted
from pellucid.data.channels import names_of
from pellucid.data.dataset import PARTS, Dataset, Part
from pellucid.data.fingerprint import fingerprint_files
from pellucid.data.fitting import FITS
from pellucid.data.images import Array, Images
from pellucid.data.learnable import learnable
from pellucid.data.options import ALPHAS, Options
from pellucid.data.samples import cut, cut_notes
from pellucid.data.stacks import STACK, parse_pattern
from pellucid.data.store.layout import CHANNELS, CHECKSUM, CLASSES, FORMAT, OF_ALL, OF_PART, SHORT, sum_of
from pellucid.errors import ArgumentError, FileError, ShapeError, shown
from pellucid.storage.hdf5 import dataset_at, is_long_text, places_of, read_array
from pellucid.storage.limits import NAME, PIXELS
from pellucid.storage.rows import StoredRows

PIXEL_KINDS = ("u1", "u2", "f2", "f4", "f8")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
AGAIN = "Write it again with pellucid data convert"


def open_store(path: Path, file: Any, record: Mapping[str, Any], text: bytes, options: Options) -> Dataset:
    """The data set in a store. Raises FileError for one that is damaged, cut short or was changed, DataError."""
    sizes = sizes_of(path, record)
    columns = columns_of(path, file, record, text)
    pixels = {part: pixels_of(path, file, part, count) for part, count in sizes.items()}
    if len({(rows.shape[1:], rows.dtype) for rows in pixels.values()}) != 1:
        raise damaged(path, "its parts have images of several sizes")
    for part, rows in pixels.items():
        rows.checks = column_of(path, columns, f"crc_{SHORT[part]}", len(rows))
    known, names, begun = learnable(
        str(path), {part: annotations_of(path, record, columns, part, count) for part, count in sizes.items()},
        text_of(columns[CLASSES]) if CLASSES in columns else None, learning=options.learning,
    )
    kept = {part: cut(str(path), known[part], options.limit) for part in sizes}
    channels = text_of(column_of(path, columns, CHANNELS, pixels[next(iter(sizes))].shape[3]))
    images = {part: converted(str(path), rows, options, channels) for part, rows in pixels.items()}
    parts = {part: part_of(path, images[part], known[part], SHORT[part], columns) for part in sizes}
    less = any(len(kept[part]) < count for part, count in sizes.items())
    parts = {part: found.subset(kept[part]) if less else found for part, found in parts.items()}
    first = next(iter(sizes))
    return Dataset(
        name=record["name"],
        parts=parts,
        class_names=names,
        channel_names=channels if options.channels is None else names_of(options.channels),
        fingerprint=fingerprint_of(parts) if less else record["fingerprint"],
        notes=(*begun, *conversion_notes(pixels[first], images[first]), *cut_notes(known, kept)),
        undivided=record.get("undivided") is True,
        reading=reading_of(path, record),
    )


def sizes_of(path: Path, record: Mapping[str, Any]) -> dict[str, int]:
    """How many samples each part has. Raises FileError for a record that is damaged or newer."""
    if record.get("format") != FORMAT:
        raise FileError(f"{path} was written by a newer Pellucid (format {shown(record.get('format'))}, and {FORMAT} "
                        "is known here). Install a newer one: pip install --upgrade pellucid.")
    name, mark = record.get("name"), record.get("fingerprint")
    if not isinstance(name, str) or not isinstance(mark, str) or not FINGERPRINT.fullmatch(mark):
        raise damaged(path, "its record does not tell name and fingerprint")
    NAME.check(len(name.encode("utf-8", "surrogatepass")), path, what="the name of the data in a store")
    told = record.get("parts")
    counts = told if isinstance(told, dict) else {}
    if not counts or not all(part in SHORT and type(count) is int and count > 0 for part, count in counts.items()):
        raise damaged(path, "its record does not tell its parts")
    return {part: counts[part] for part in PARTS if part in counts}


def reading_of(path: Path, record: Mapping[str, Any]) -> dict[str, str]:
    """How pictures came to their size and depth. Raises FileError for words that mean nothing."""
    told = record.get("reading", {})
    known = {"fit": FITS, "alpha": ALPHAS}
    if not isinstance(told, dict) or not all(
        word in known[name] if name in known else name == STACK and _is_pattern(word) for name, word in told.items()
    ):
        raise damaged(path, "its record does not tell how its pictures were read")
    return told


def _is_pattern(word: Any) -> bool:
    with suppress(ArgumentError):
        return isinstance(word, str) and bool(parse_pattern(word))
    return False


def columns_of(path: Path, file: Any, record: Mapping[str, Any], text: bytes) -> dict[str, Array]:
    """Every array but the pixels. Raises FileError unless they are, with the record, what was written."""
    known = (*OF_ALL, *(f"{column}_{SHORT[part]}" for part in sizes_of(path, record) for column in OF_PART))
    columns = {name: column_at(path, file, name) for name in known if name in file}
    told = columns.pop(CHECKSUM, np.zeros(0, "S64"))
    if told.shape != (1,) or told[0] != sum_of(text, columns).encode():
        raise damaged(path, "its labels, names or record are not what was written (checksum)")
    return columns


def column_at(path: Path, file: Any, name: str) -> Array:
    """One of them. Raises FileError for what is no plain array."""
    entry = dataset_at(path, file, name)
    if is_long_text(entry):
        raise damaged(path, f"'{name}' holds text of any length")
    return read_array(entry)


def pixels_of(path: Path, file: Any, part: str, count: int) -> StoredRows:
    """The images of a part. Raises FileError for a size that the record does not tell, or that is not in the file."""
    name = f"x_{SHORT[part]}"
    if name not in file:
        raise damaged(path, f"it has no '{name}'")
    entry = dataset_at(path, file, name)
    if entry.ndim != 4 or entry.shape[0] != count or 0 in entry.shape or entry.dtype.str[1:] not in PIXEL_KINDS:
        raise damaged(path, f"'{name}' is no list of {count:,} images")
    each = math.prod(entry.shape[1:]) * entry.dtype.itemsize
    if each > (size := Path(path).stat().st_size):
        raise damaged(path, f"an image of '{name}' takes {each:,} bytes, and the file has {size:,}")
    PIXELS.check(entry.shape[1] * entry.shape[2], f"{path}: '{name}'")
    places = places_of(entry)
    if places is None:
        raise FileError(f"{path}: '{name}' is packed, or not kept image by image. {AGAIN}.")
    return StoredRows(path, places, entry.shape[1:], entry.dtype, what=name)


def annotations_of(path: Path, record: Mapping[str, Any], columns: Mapping[str, Array], part: str,
                   count: int) -> Annotations:  # fmt: skip
    """What is known of the images of a part."""
    values = column_of(path, columns, f"y_{SHORT[part]}", count)
    if record.get("annotations") == Classes.kind:
        return Classes(values.astype(np.int64))
    told = record.get("numbers")
    try:
        names, units = (tuple(str(one[key]) for one in told or []) for key in ("name", "unit"))
        return Numbers(values.astype(np.float64), names, units)
    except (KeyError, TypeError, ShapeError) as error:
        raise damaged(path, "its record does not name its numbers") from error


def part_of(path: Path, images: Images, annotations: Annotations, word: str, columns: Mapping[str, Array]) -> Part:
    """A part, whole."""
    ids, names, contents = (column_of(path, columns, f"{name}_{word}", len(images))
                            for name in ("ids", "names", "contents"))
    groups = None
    if f"groups_{word}" in columns:
        groups = np.array(text_of(column_of(path, columns, f"groups_{word}", len(images))), str)
    return Part(images, annotations, text_of(names), ids.astype(np.int64), groups, text_of(contents))


def column_of(path: Path, columns: Mapping[str, Array], name: str, count: int) -> Array:
    """A column of so many entries. Raises FileError for another."""
    found = columns.get(name)
    if found is None or len(found) != count:
        raise damaged(path, f"'{name}' must have {count:,} entries")
    return found


def text_of(column: Array) -> tuple[str, ...]:
    """Text as it was before it was bytes."""
    return tuple(text.decode("utf-8", "replace") for text in column.tolist())


def fingerprint_of(parts: Mapping[str, Part]) -> str:
    """That of the samples that --limit leaves."""
    return fingerprint_files({name: content for part in parts.values()
                              for name, content in zip(part.names, part.contents or (), strict=True)})  # fmt: skip


def damaged(path: Path, why: str) -> FileError:
    """The error for a store that is not as it was written."""
    return FileError(f"{path} is damaged: {why}. {AGAIN}.")
