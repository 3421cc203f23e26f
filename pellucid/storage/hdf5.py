"""Reading HDF5 files that cannot hurt: plain numbers that lie in the file itself, and nothing else.

Refused   links to other files or places, numbers kept in other files, views of other data sets, Python objects and
          text of any length, filters beyond those of HDF5 itself, trees too deep or too wide.
Source    HDF5 file format specification 3.0; h5py's own types for its features.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError, PellucidError
from pellucid.storage.os_errors import not_read

MAGIC = b"\x89HDF\r\n\x1a\n"
DEEPEST, MOST_ENTRIES = 32, 100_000
KINDS = "biuf"  # bool, whole numbers, floats
FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # deflate, shuffle, checksum, szip, n-bit, scale-offset, lzf: none is loaded
COPY_AGAIN = "Copy it again from where it came"


@contextmanager
def open_hdf5(path: str | os.PathLike[str]) -> Iterator[Any]:
    """The file, an h5py.File that is only read. Raises FileError for anything that is no HDF5 file."""
    import h5py

    path = Path(path)
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
    except OSError as error:
        raise not_read(path, error) from error
    if begin != MAGIC:
        raise FileError(f"{path} is not an HDF5 file{', it is empty' if not begin else ''}. {COPY_AGAIN}.")
    try:
        file = h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise FileError(f"{path} is damaged or cut short ({error}). {COPY_AGAIN}.") from error
    with file, worded(path):
        yield file


@contextmanager
def worded(path: Path) -> Iterator[None]:
    """Turn what h5py says of a broken file into a sentence that names it."""
    try:
        yield
    except PellucidError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise FileError(f"{path} is damaged ({error}). {COPY_AGAIN}.") from error


def datasets(path: str | os.PathLike[str], group: Any, prefix: str = "") -> dict[str, Any]:
    """Every data set below a group by its path, each found to be safe; raises FileError for what is not."""
    import h5py

    found: dict[str, Any] = {}
    pending = [(prefix, group, 0)]
    while pending:
        before, place, depth = pending.pop()
        for name in place:
            full = f"{before}{name}"
            if not isinstance(place.get(name, getlink=True), h5py.HardLink):
                raise FileError(f"{path}: '{full}' is a link to another place, and links are not followed. Copy the "
                                "numbers into the file.")
            entry = place[name]
            if len(found) + len(pending) >= MOST_ENTRIES or depth >= DEEPEST:
                raise FileError(f"{path} holds more than {MOST_ENTRIES:,} entries, or deeper than {DEEPEST}. It is no "
                                "file of weights or data.")
            if isinstance(entry, h5py.Group):
                pending.append((f"{full}/", entry, depth + 1))
            elif isinstance(entry, h5py.Dataset):
                refuse_unsafe(path, full, entry)
                found[full] = entry
    return found


def refuse_unsafe(path: str | os.PathLike[str], name: str, entry: Any) -> None:
    """Raise FileError for a data set that is no plain array in the file itself; fixed-length bytes are plain."""
    if entry.external:
        raise FileError(f"{path}: the numbers of '{name}' lie in another file, which is not read. Copy them in.")
    if entry.is_virtual:
        raise FileError(f"{path}: '{name}' is a view of other data sets, which is not read. Copy the numbers in.")
    if entry.dtype.kind not in KINDS + "S" or entry.dtype.hasobject or entry.dtype.fields is not None:
        raise FileError(f"{path}: '{name}' must hold plain numbers, but its dtype is {entry.dtype}. Save numbers.")
    how = entry.id.get_create_plist()
    strange = {how.get_filter(place)[0] for place in range(how.get_nfilters())} - FILTERS
    if strange:
        raise FileError(f"{path}: '{name}' is packed by filter {min(strange)}, which is not loaded. Save it with gzip.")


def read_array(entry: Any) -> np.ndarray[Any, Any]:
    """The whole of a data set that `datasets` found safe."""
    return np.asarray(entry[()])
