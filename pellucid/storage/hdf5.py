"""Reading HDF5 files that cannot hurt: plain numbers that lie in the file itself, and nothing else.

Refused   links to other files or places, numbers kept in other files, views of other data sets, Python objects and
          text of any length, filters beyond those of HDF5 itself, trees too deep or too wide.
Source    HDF5 file format specification 3.0; h5py's own types for its features.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError, PellucidError, shown
from pellucid.storage.limits import ENTRIES, NAME, TEXT, check_claim, check_ratio
from pellucid.storage.memory import check_room
from pellucid.storage.reading import open_regular, read_start, stored_bytes

MAGIC = b"\x89HDF\r\n\x1a\n"
DEEPEST, MOST_ENTRIES = 32, 100_000
KINDS = "biuf"  # bool, whole numbers, floats
DEFLATE = 1
MOST_SWELLING, UNCHECKED, SLACK = 1032, 300 << 20, 1 << 20  # zlib's greatest ratio; bytes
FILTERS = {DEFLATE, 2, 3, 4, 5, 6, 32000}  # deflate, shuffle, checksum, szip, n-bit, scale-offset, lzf: none is loaded
COPY_AGAIN = "Copy it again from where it came"


@contextmanager
def open_hdf5(path: str | os.PathLike[str]) -> Iterator[Any]:
    """The file, an h5py.File that is only read. Raises FileError for anything that is no HDF5 file."""
    import h5py

    path = Path(path)
    begin = read_start(path, len(MAGIC))
    if begin != MAGIC:
        raise FileError(f"{path} is not an HDF5 file{', it is empty' if not begin else ''}. {COPY_AGAIN}.")
    try:
        file = h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError) as error:
        raise FileError(f"{path} is damaged or cut short ({shown(error)}). {COPY_AGAIN}.") from error
    with file, worded(path):
        yield file


@contextmanager
def worded(path: Path) -> Iterator[None]:
    """Turn what h5py says of a broken file into a sentence that names it."""
    try:
        yield
    except PellucidError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, AttributeError) as error:
        raise FileError(f"{path} is damaged ({shown(error)}). {COPY_AGAIN}.") from error


def datasets(path: str | os.PathLike[str], group: Any, prefix: str = "") -> dict[str, Any]:
    """Every data set below a group by its path, each found to be safe; raises FileError for what is not."""
    import h5py

    found: dict[str, Any] = {}
    pending, seen = [(prefix, group, 0)], {address(group)}
    while pending:
        before, place, depth = pending.pop()
        for name in place:
            NAME.check(len(name.encode("utf-8", "surrogatepass")), path, what="the name of an array or group")
            full = f"{before}{name}"
            refuse_link(path, place, name, full)
            entry = place[name]
            if len(found) + len(pending) >= MOST_ENTRIES or depth >= DEEPEST:
                raise FileError(f"{path} holds more than {MOST_ENTRIES:,} entries, or deeper than {DEEPEST}. It is no "
                                "file of weights or data.")
            if isinstance(entry, h5py.Group):
                if address(entry) in seen:  # two ways to each group of a chain are 2^n ways to the last
                    raise FileError(f"{path}: several ways lead to '{shown(full)}', and a file of weights or data is a "
                                    "tree. Copy the numbers into a file of their own.")
                seen.add(address(entry))
                pending.append((f"{full}/", entry, depth + 1))
            elif isinstance(entry, h5py.Dataset):
                refuse_unsafe(path, full, entry)
                found[full] = entry
    return found


def refuse_link(path: str | os.PathLike[str], group: Any, name: str, full: str) -> None:
    """Raise FileError for an entry of a group that is only a way to another."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise FileError(f"{path}: '{shown(full)}' is a link to another place, and links are not followed. Copy the "
                        "numbers into the file.")


def address(group: Any) -> int:
    """Where a group lies in its file."""
    import h5py

    return int(h5py.h5o.get_info(group.id).addr)


def group_at(path: str | os.PathLike[str], group: Any, place: str) -> Any:
    """The entry at a place below a group, a/b/c, no link on the way to it. Raises FileError for any other."""
    for name in place.split("/"):
        if not name or name not in group:
            raise FileError(f"{path} is damaged: it has no '{shown(place)}'. {COPY_AGAIN}.")
        refuse_link(path, group, name, place)
        group = group[name]
    return group


def dataset_at(path: str | os.PathLike[str], group: Any, name: str) -> Any:
    """One data set, found to be safe, or to hold text of any length. Raises FileError for what is neither."""
    import h5py

    refuse_link(path, group, name, name)
    entry = group[name]
    if not isinstance(entry, h5py.Dataset):
        raise FileError(f"{path}: '{name}' must be an array, but it is a group. Save the array under this name.")
    refuse_unsafe(path, name, entry, long_text=True)
    if entry.shape is None:
        raise FileError(f"{path}: '{name}' must be an array, but it holds nothing. Save the array under this name.")
    return entry


def is_long_text(entry: Any) -> bool:
    """Whether a data set holds text of any length, as h5py writes lists of names."""
    import h5py

    text = h5py.check_string_dtype(entry.dtype)
    return text is not None and text.length is None


def read_names(entry: Any) -> list[str]:
    """Text of any length, one after the other: each may claim as much as the whole file, so that few are held."""
    where = f"{entry.file.filename}: '{shown(entry.name.lstrip('/'))}'"
    if entry.ndim != 1 or len(entry) > MOST_ENTRIES:
        raise FileError(f"{where} must be a list of at most {MOST_ENTRIES:,} names. Save numpy.array(names, 'S').")
    names: list[str] = []
    for place in range(len(entry)):
        name = entry[place]
        NAME.check(len(name), where)
        names.append(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name))
    return names


def refuse_unsafe(path: str | os.PathLike[str], name: str, entry: Any, *, long_text: bool = False) -> None:
    """Raise FileError for a data set that is no plain array in the file itself; fixed-length bytes are plain."""
    if entry.external:
        raise FileError(f"{path}: the numbers of '{name}' lie in another file, which is not read. Copy them in.")
    if entry.is_virtual:
        raise FileError(f"{path}: '{name}' is a view of other data sets, which is not read. Copy the numbers in.")
    if is_long_text(entry):
        if long_text:
            return
        raise FileError(f"{path}: '{name}' holds text of any length, which is not read. Save numpy.array(names, 'S').")
    if entry.dtype.kind not in KINDS + "S" or entry.dtype.hasobject or entry.dtype.fields is not None:
        raise FileError(f"{path}: '{name}' must hold plain numbers, but its dtype is {entry.dtype}. Save numbers.")
    how = entry.id.get_create_plist()
    strange = {how.get_filter(place)[0] for place in range(how.get_nfilters())} - FILTERS
    if strange:
        raise FileError(f"{path}: '{name}' is packed by filter {min(strange)}, which is not loaded. Save it with gzip.")


def attribute(attributes: Any, name: str) -> Any:
    """An attribute, None when there is none. Raises FileError when it is longer than metadata may be."""
    if name not in attributes:
        return None
    place = attributes.get_id(name)
    claimed = math.prod(place.shape) * place.dtype.itemsize
    if claimed:  # of an empty list h5py takes the size for a fault
        TEXT.check(max(int(place.get_storage_size()), claimed), f"the attribute '{shown(name)}'")
    return attributes[name]


def read_array(entry: Any) -> np.ndarray[Any, Any]:
    """The whole of a data set that `datasets` found safe, in memory.

    Raises FileError when it would take far more memory than it takes in the file, or more than there is.
    """
    where = f"{entry.file.filename}: '{shown(entry.name.lstrip('/'))}'"
    stored = stored_of(entry)
    if entry.dtype.kind == "S":
        NAME.check(entry.dtype.itemsize, where, what="a text in an array")
        ENTRIES.check(entry.size, where, what="an array of text")
        TEXT.check(entry.nbytes, where)
    check_ratio(entry.nbytes, stored, where)
    check_room(entry.nbytes, where, "reading it", "Save it without chunks and compression: then it is read as needed.")
    if stored == 0 and entry.size:  # never written: no need to look at every piece
        return np.full(entry.shape, entry.fillvalue, entry.dtype)
    if entry.chunks is not None:
        _check_chunks(entry, where)
    return np.asarray(entry[()])


def stored_of(entry: Any) -> int:
    """Bytes that a data set takes on the disk; a file full of holes takes few."""
    with open_regular(entry.file.filename) as file:
        return min(int(entry.id.get_storage_size()), stored_bytes(file))


def check_mapped(entry: Any) -> None:
    """Raise FileError for numbers that are read as needed, but were hardly ever written."""
    where = f"{entry.file.filename}: '{shown(entry.name.lstrip('/'))}'"
    check_claim(entry.nbytes, stored_of(entry), where)


def places_of(entry: Any) -> np.ndarray[Any, Any] | None:
    """The first byte of each row (N,) in the file, -1 for one never written; None where rows do not lie there as such.

    Raises FileError for more rows than a data set may have.
    """
    rows, where = entry.shape[0] if entry.ndim else 0, f"{entry.file.filename}: '{shown(entry.name.lstrip('/'))}'"
    ENTRIES.check(rows, where)
    if not rows or not entry.dtype.isnative:
        return None
    if (first := entry.id.get_offset()) is not None:
        each = math.prod(entry.shape[1:]) * entry.dtype.itemsize
        return np.asarray(int(first) + np.arange(rows, dtype=np.int64) * each)
    if entry.chunks != (1, *entry.shape[1:]) or entry.id.get_create_plist().get_nfilters():
        return None
    places = np.full(rows, -1, np.int64)

    def found(chunk: Any) -> None:
        places[chunk.chunk_offset[0]] = chunk.byte_offset

    entry.id.chunk_iter(found)
    return places


def _check_chunks(entry: Any, where: str) -> None:
    """HDF5 takes memory for whole chunks, however few of their numbers are asked for, and unpacks without a bound."""
    whole = math.prod(entry.chunks) * entry.dtype.itemsize
    check_ratio(whole, stored_of(entry), where)
    pieces = math.prod(-(-axis // piece) for axis, piece in zip(entry.shape, entry.chunks, strict=True))
    ENTRIES.check(pieces, where, what="the number of chunks")
    how = entry.id.get_create_plist()
    if DEFLATE not in {how.get_filter(place)[0] for place in range(how.get_nfilters())}:
        return
    large: list[Any] = []
    entry.id.chunk_iter(lambda chunk: large.append(chunk) if chunk.size * MOST_SWELLING > UNCHECKED else None)
    for chunk in large:
        machine, made = zlib.decompressobj(), 0
        packed = entry.id.read_direct_chunk(chunk.chunk_offset)[1]
        while packed and made <= whole + SLACK and not machine.eof:
            made += len(machine.decompress(packed, SLACK))
            packed = machine.unconsumed_tail
        if made > whole + SLACK:
            raise FileError(f"{where}: a chunk of {whole:,} bytes unpacks to more. {COPY_AGAIN}.")
