"""The arrays of an NPZ, one at a time as they are asked for: mapped where they lie as they are, unpacked where not.

File      a zip whose members NAME.npy are each a header (dtype, shape, order) and the numbers; nothing is unpickled
Bounds    a member's header must claim the bytes that the member holds; what is packed may not swell (limits.py)
Sources   numpy.lib.format; APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12, 4.3.14, 4.3.16.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

import numpy as np

from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import ENTRIES, FREE, NAME, TEXT, check_claim, check_ratio
from pellucid.storage.memory import check_room
from pellucid.storage.reading import BLOCK, open_regular, stored_bytes

Array = np.ndarray[Any, Any]
LONGEST_CONTENTS = 4 << 20  # bytes of a zip's list of members: some 50,000
LONGEST_HEADER = 10_000  # bytes of a member's header, as numpy's own bound
SAVE = "Save plain arrays with numpy.savez(x_train=..., y_train=..., ...)."
AGAIN = "Copy or save it again."
PLAIN, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


@dataclass(frozen=True)
class Head:
    """What the header of a member says; `length` is the bytes it takes."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


class Npz(Mapping[str, Array]):
    """The arrays by name; one is read when it is taken. Raises FileError, which names file and array."""

    def __init__(self, path: Path, file: BufferedReader, archive: zipfile.ZipFile) -> None:
        self.path, self._file, self._archive = path, file, archive
        self._members = _members(path, archive)

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> Array:
        member = self._members[name]
        with _worded(self.path, name):
            with self._archive.open(member) as stream:
                head = read_head(stream, f"{self.path}: '{shown(name)}'")
                self._check(name, member, head)
                if member.compress_type != PLAIN or head.nbytes <= FREE:
                    return _read(stream, head)
                _check_sum(stream)
            return _map(self.path, self._file, member, head)

    def _check(self, name: str, member: zipfile.ZipInfo, head: Head) -> None:
        where = f"{self.path}: '{shown(name)}'"
        if head.dtype.hasobject:
            raise FileError(f"{self.path}: the array '{shown(name)}' holds Python objects (a pickle), which are never "
                            f"read. {SAVE}")
        held = member.file_size - head.length
        if head.nbytes != held:
            raise FileError(f"{where} should hold {head.nbytes:,} bytes of numbers, as its shape says, but it holds "
                            f"{held:,}. {AGAIN}")
        if head.dtype.kind in "US":
            NAME.check(head.dtype.itemsize // (4 if head.dtype.kind == "U" else 1), where, what="a text in an array")
            ENTRIES.check(math.prod(head.shape), where, what="an array of text")
            TEXT.check(head.nbytes, where)
        taken = min(member.compress_size, stored_bytes(self._file))
        if member.compress_type == PLAIN:
            check_claim(head.nbytes, taken, where)
        else:
            check_ratio(member.file_size, taken, where)
            check_room(head.nbytes, where, "unpacking it", "Save it with numpy.savez, whose arrays are read as needed.")


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """The file, open for as long as arrays are taken. Raises FileError for what is no zip, or a broken one."""
    with open_regular(path) as file:
        begin = file.read(8)
        if begin[:2] != b"PK":
            kind = ("it is a pickle, which can run code when it is read" if begin[:1] == b"\x80" else
                    "it is a single array (.npy)" if begin.startswith(b"\x93NUMPY") else
                    "it is empty" if not begin else "it begins otherwise")
            raise FileError(f"{path}: an NPZ is a zip of arrays, but {kind}. {SAVE}")
        with _worded(path, ""):
            _check_contents(path, file)
            archive = zipfile.ZipFile(file)
            arrays = Npz(path, file, archive)
        with archive:
            yield arrays


@contextmanager
def _worded(path: Path, name: str) -> Iterator[None]:
    """Turn what zipfile, zlib and NumPy say of a broken file into one sentence; they raise a dozen kinds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (FileError, DataError):
        raise
    except Exception as error:
        where = f" in '{shown(name)}'" if name else ""
        raise FileError(f"{path}: the file is truncated or corrupt{where} ({shown(error)}). {AGAIN}") from error


def _check_contents(path: Path, file: BufferedReader) -> None:
    """Refuse a list of members that is too long, before `zipfile` reads it."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - 65_557))  # the end record and the longest comment behind it
    tail = file.read(65_557)
    last = len(tail) - 22 if tail[-22:-18] == b"PK\5\6" and tail[-2:] == b"\0\0" else tail.rfind(b"PK\5\6")
    if last < 0:
        raise zipfile.BadZipFile("its list of members is missing")
    length = int.from_bytes(tail[last + 12 : last + 16], "little")
    if last >= 20 and tail[last - 20 : last - 16] == b"PK\6\7":
        length = length if length != 0xFFFFFFFF else 0
        told, before = int.from_bytes(tail[last - 12 : last - 4], "little"), end - len(tail) + last - 20 - 56
        for place in (told, before):  # Python's versions do not agree on which record they read
            file.seek(max(0, min(end, place)))
            length = max(length, int.from_bytes(file.read(56)[40:48], "little"))
    if length > min(end, LONGEST_CONTENTS):
        raise FileError(f"{path}: the list of its members would take {length:,} bytes, and {LONGEST_CONTENTS:,} is the "
                        f"most. {SAVE}")
    file.seek(0)


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        NAME.check(len(name.encode("utf-8", "surrogatepass")), path, what="the name of an array")
        if name in found:
            raise FileError(f"{path} holds two arrays called '{shown(name)}'. Save it again with one of each.")
        if member.compress_type not in (PLAIN, DEFLATED):
            raise FileError(f"{path}: '{shown(name)}' is packed by method {member.compress_type}, which NumPy never "
                            f"uses. {SAVE}")
        found[name] = member
    return found


def read_head(stream: IO[bytes], where: str) -> Head:
    """The header of a .npy file. Raises FileError for none, for a long one, and for a shape that cannot be."""
    begin = stream.read(8)
    version = tuple(begin[6:8])
    readers: dict[tuple[int, ...], tuple[int, Callable[..., Any]]] = {
        (1, 0): (2, np.lib.format.read_array_header_1_0), (2, 0): (4, np.lib.format.read_array_header_2_0)}
    if begin[:6] != b"\x93NUMPY" or version not in readers:
        raise FileError(f"{where}: the member is no NumPy array of plain numbers. {SAVE}")
    width, read = readers[version]
    told = stream.read(width)
    length = int.from_bytes(told, "little")
    if length > LONGEST_HEADER:
        raise FileError(f"{where}: its header would take {length:,} bytes, and {LONGEST_HEADER:,} is the most. {AGAIN}")
    try:
        shape, fortran, dtype = read(io.BytesIO(told + stream.read(length)))
    except Exception as error:  # NumPy reads it as a Python literal, with the faults of a parser
        raise FileError(f"{where}: its header cannot be read ({shown(error)}). {AGAIN}") from error
    if any(type(axis) is not int or axis < 0 or axis >= 2**63 for axis in shape) or len(shape) > 32:
        raise FileError(f"{where}: no array has the shape {shown(shape)}. {AGAIN}")
    return Head(shape, dtype, fortran, 8 + width + length)


def _read(stream: IO[bytes], head: Head) -> Array:
    """The numbers behind the header, into memory of their own; at the end of a member its checksum is looked at."""
    flat = np.empty(math.prod(head.shape), head.dtype)
    into = flat.view(np.uint8).reshape(-1).data if head.nbytes else memoryview(b"")
    done = 0
    while block := stream.read(min(BLOCK, head.nbytes - done) or 1):
        into[done : done + len(block)] = block
        done += len(block)
    if done != head.nbytes:
        raise EOFError(f"{done:,} of {head.nbytes:,} bytes are there")
    return _shaped(flat, head)


def _check_sum(stream: IO[bytes]) -> None:
    """Read a member to its end, where `zipfile` compares the checksum."""
    while stream.read(BLOCK):
        pass


def _map(path: Path, file: BufferedReader, member: zipfile.ZipInfo, head: Head) -> Array:
    """The numbers where they lie in the file."""
    file.seek(member.header_offset)
    local = file.read(30)
    start = member.header_offset + 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    mapped = np.memmap(path, head.dtype, "r", start + head.length, (math.prod(head.shape),))
    return _shaped(mapped.view(np.ndarray), head)


def _shaped(flat: Array, head: Head) -> Array:
    return flat.reshape(head.shape[::-1]).T if head.fortran else flat.reshape(head.shape)
