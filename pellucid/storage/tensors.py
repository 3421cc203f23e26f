"""Named arrays and one JSON record in a safetensors file; the same input gives the same bytes.

Layout    8 bytes: header length, little endian; header: JSON, a name to dtype, shape and offsets; then the numbers.
Record    one metadata key, `pellucid`, a JSON text with sorted keys, an integer `format` and `checksums`. Several
          keys would be written in an order that changes from run to run.
Source    https://huggingface.co/docs/safetensors (format). Nothing in such a file can run code.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, FileError, shown
from pellucid.storage.checksums import checked, text_of, with_checksums
from pellucid.storage.limits import check_ratio
from pellucid.storage.os_errors import not_read
from pellucid.storage.plain import plain
from pellucid.storage.reading import open_regular, parse_json, stored_bytes
from pellucid.storage.writer import write_bytes

FORMAT = 1  # raised by one when an older Pellucid could misread the file
KEY = "pellucid"
LARGEST_HEADER = 16 * 2**20  # bytes
MOST_ENTRIES = 100_000
DTYPES = frozenset(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")
)

# The same kinds as a safetensors header spells them; what else NumPy can hold depends on what else was imported.
CODES = frozenset(("BOOL", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F16", "F32", "F64"))

FOREIGN = (  # first bytes, what the file is
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras .h5)"),
    (b"PK\x03\x04", "a zip archive (PyTorch .pt, NumPy .npz or Keras .keras)"),
    (b"\x80\x02", "a pickle, which can run code when it is opened"),
    (b"\x80\x03", "a pickle, which can run code when it is opened"),
    (b"\x80\x04", "a pickle, which can run code when it is opened"),
    (b"\x80\x05", "a pickle, which can run code when it is opened"),
)
REMEDY = "Give a .safetensors file that Pellucid saved"
COPY_AGAIN = "Copy it again from where it came"


def write_tensors(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray[Any, Any]],
    metadata: Mapping[str, Any],
    *,
    keep_nonfinite: bool = False,
) -> None:
    """Write named arrays of any shape and the record `metadata`, to which `format` and `checksums` are added.

    NaN and infinity in the record are refused unless `keep_nonfinite`; `plain.restored` gives them back.
    Raises ArgumentError for an array of objects or text and for what JSON cannot hold, FileError when the file
    cannot be written.
    """
    from safetensors.numpy import save

    record = plain({**metadata, "format": FORMAT}, where=str(path), keep_nonfinite=keep_nonfinite)
    ready = {name: _storable(name, array) for name, array in arrays.items()}  # saved by dtype and name
    write_bytes(path, save(ready, metadata={KEY: text_of(with_checksums(record, ready))}))


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """The arrays, each C-contiguous and writeable, and the record of a file that `write_tensors` wrote.

    Raises FileError for a file that is missing, cut short, damaged (where it has checksums, by a single bit), too
    large in its header, of another kind, of another program, or of a newer format.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    record = _record(path, header_of(path))
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except (SafetensorError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise FileError(f"{path} is damaged ({shown(error, 160)}). {COPY_AGAIN}.") from error
    except OSError as error:
        raise not_read(path, error) from error
    return arrays, checked(path, record, arrays)


def _storable(name: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array = np.asarray(array)
    if array.dtype.name not in DTYPES:
        raise ArgumentError(f"array '{name}': dtype must be a plain number or bool, but it is {array.dtype}.")
    native = array.dtype.newbyteorder("=")
    return np.asarray(array, native, order="C")  # safetensors.numpy writes memory as it lies


def header_of(path: Path, codes: Collection[str] = CODES) -> dict[str, Any]:
    """The header, after its sizes are found to be safe and the file is found to be whole.

    Raises FileError, also for numbers of a kind that is not among `codes`.
    """
    try:
        with open_regular(path) as file:
            size, stored = os.fstat(file.fileno()).st_size, stored_bytes(file)
            start = file.read(8)
            length = int.from_bytes(start, "little")
            _check_start(path, start, size, length)
            text = file.read(length)
    except FileError:  # an OSError too, but worded already
        raise
    except OSError as error:
        raise not_read(path, error) from error
    try:
        header = parse_json(text.decode("utf-8"), path)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is not a safetensors file (its header is not JSON). {REMEDY}.") from error
    if not isinstance(header, dict):
        raise FileError(f"{path} is not a safetensors file (its header is not a JSON object). {REMEDY}.")
    _check_entries(path, header, size - 8 - length, codes)
    check_ratio(size, stored, path)
    return header


def _check_start(path: Path, start: bytes, size: int, length: int) -> None:
    if size == 0:
        raise FileError(f"{path} is empty. {COPY_AGAIN}.")
    if size < 8 or length > LARGEST_HEADER:  # a small header length may begin like a pickle; such a large one may not
        for magic, kind in FOREIGN:
            if start.startswith(magic):
                raise FileError(f"{path} is {kind}, not a safetensors file. {REMEDY}.")
    if size < 8:
        raise FileError(f"{path} is cut short: it has {size} bytes. {COPY_AGAIN}.")
    if length > LARGEST_HEADER:
        claim = f"its header would take {length:,} bytes, and {LARGEST_HEADER:,} is the most"
        raise FileError(f"{path} is not a safetensors file ({claim}). {REMEDY}.")
    if size < 8 + length:
        raise FileError(f"{path} is cut short: its header ends at byte {8 + length:,} of {size:,}. {COPY_AGAIN}.")


def _check_entries(path: Path, header: dict[str, Any], held: int, codes: Collection[str]) -> None:
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    if len(entries) > MOST_ENTRIES:
        raise FileError(f"{path} names {len(entries):,} arrays, and {MOST_ENTRIES:,} is the most. {REMEDY}.")
    try:
        wanted = max((int(entry["data_offsets"][1]) for entry in entries), default=0)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise FileError(f"{path} is damaged: an array in its header has no place. {COPY_AGAIN}.") from error
    strange = [str(entry.get("dtype")) for entry in entries if str(entry.get("dtype")) not in codes]
    if strange:
        kind = f"numbers of kind {shown(strange[0])}, which Pellucid never writes"
        raise FileError(f"{path} is damaged (it holds {kind}). {REMEDY}.")
    if held < wanted:
        raise FileError(f"{path} is cut short: its arrays need {wanted:,} bytes and it has {held:,}. {COPY_AGAIN}.")


def _record(path: Path, header: dict[str, Any]) -> dict[str, Any]:
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or KEY not in metadata:
        raise FileError(f"{path} was written by another program: it has no '{KEY}' record. {REMEDY}.")
    try:
        record = parse_json(metadata[KEY], f"{path}, its record")
    except (ValueError, TypeError, RecursionError) as error:
        raise FileError(f"{path} is damaged: its '{KEY}' record is not JSON. {COPY_AGAIN}.") from error
    if not isinstance(record, dict) or type(record.get("format")) is not int or record["format"] < 1:
        raise FileError(f"{path} is damaged: its '{KEY}' record has no format number. {COPY_AGAIN}.")
    if record["format"] > FORMAT:
        raise FileError(
            f"{path} has format {record['format']}, and this Pellucid reads formats up to {FORMAT}. "
            "Install a newer Pellucid: pip install --upgrade pellucid"
        )
    return record
