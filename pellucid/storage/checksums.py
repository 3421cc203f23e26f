"""Checksums of a file of arrays: one sha256 over the arrays, one over the record beside them.

They stand in the record as `checksums: {"record", "tensors"}`, so that a Pellucid that does not know them opens the
file all the same, and a file without them, from before there were any, opens here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError

KEY = "checksums"
RECORD, TENSORS = "record", "tensors"
BAD = "It was changed or spoilt after it was written: copy it again from where it came"


def sha256_of_arrays(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """sha256 (hex) over the name, dtype, shape and bytes of each array, in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name}\n{array.dtype.str}\n{array.shape}\n".encode())
        total.update(array.view(np.uint8).reshape(-1).data if array.size else b"")
    return total.hexdigest()


def text_of(record: Mapping[str, Any]) -> str:
    """A record as its one text: sorted keys, no spaces. Raises ValueError for NaN and infinity."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)


def with_checksums(record: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """The record with the checksums of both."""
    return {**record, KEY: {RECORD: _sha256_of_record(record), TENSORS: sha256_of_arrays(arrays)}}


def checked(path: Path, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """The record without its checksums, when they hold or there are none.

    Raises FileError that says which part is not what was written.
    """
    rest = {name: value for name, value in record.items() if name != KEY}
    found = record.get(KEY)
    if found is None and not any(_looks_like_checksums(value) for value in rest.values()):
        return rest
    if not (isinstance(found, dict) and found.get(RECORD) == _sha256_of_record(rest)):
        raise FileError(f"{path} is damaged: its record is not what was written (checksum). {BAD}.")
    if found.get(TENSORS) != sha256_of_arrays(arrays):
        raise FileError(f"{path} is damaged: its numbers are not what was written (checksum). {BAD}.")
    return rest


def _sha256_of_record(record: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(text_of(record).encode()).hexdigest()
    except ValueError:  # NaN, or half of a surrogate pair: never written
        return ""


def _looks_like_checksums(value: Any) -> bool:
    """Also under a name that is not theirs any more, so that one wrong letter does not pass for an older file."""
    return isinstance(value, dict) and {RECORD, TENSORS} <= set(value)
