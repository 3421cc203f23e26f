"""Where the bytes of a picture lie: a file of its own, or a stretch of a tar; and all the files below one place.

A `Tree` is a folder or a tar seen alike: sources with relative POSIX paths, the folders (empty ones too), and how many
hidden files were left out. A tar is read front to back once; members of a packed tar are kept in memory as bytes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.errors import DataError, FileError

TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
PACKED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}
CUT = "The archive is cut short or damaged: copy or download it again."


@dataclass(frozen=True)
class Source:
    """The bytes of one file: all of `file`, or `size` bytes of it (of `unpacked`, if packed) from `offset` on."""

    path: str                                   # relative, POSIX
    file: Path
    size: int
    stamp: int = 0                              # time of the last change, ns
    offset: int | None = None
    unpacked: memoryview | None = field(default=None, repr=False, compare=False)

    @property
    def where(self) -> str:
        """How messages name it: the file, and the member after a colon."""
        return str(self.file) if self.offset is None else f"{self.file}:{self.path}"

    def read(self) -> bytes | memoryview:
        """The bytes. Raises FileError when the file is gone or cannot be read."""
        if self.unpacked is not None:
            return self.unpacked
        try:
            with open(self.file, "rb") as file:
                if self.offset is None:
                    return file.read()
                file.seek(self.offset)
                return file.read(self.size)
        except OSError as error:
            raise FileError(f"{self.where}: the file cannot be read ({error.strerror or error}).") from error


@dataclass(frozen=True)
class Tree:
    """All files below one place (a folder or a tar)."""

    where: str
    sources: tuple[Source, ...]
    folders: frozenset[str] = frozenset()       # relative POSIX paths, empty folders too
    hidden: int = 0


def is_tar(name: str) -> bool:
    """Whether a file name ends as those of tars do."""
    return name.lower().endswith(TAR_ENDINGS)


def stem(name: str) -> str:
    """`train` of `train.tar.gz`."""
    return next((name[: -len(end)] for end in sorted(TAR_ENDINGS, key=len, reverse=True) if name.lower().endswith(end)),
                Path(name).stem)


def is_hidden(path: str) -> bool:
    """Files that systems leave behind: names that begin with a dot, __MACOSX, Thumbs.db, desktop.ini."""
    words = path.split("/")
    left_behind = words[-1].lower() in ("thumbs.db", "desktop.ini")
    return left_behind or any(word == "__MACOSX" or (word.startswith(".") and word != ".") for word in words)


def above(path: str) -> Iterator[str]:
    """The folders a path lies in: `a/b/c.png` -> `a`, `a/b`."""
    return (path[:at] for at, letter in enumerate(path) if letter == "/")


def scan_folder(folder: Path) -> Tree:
    """All files below `folder`, sorted by path. Raises FileError for a folder that cannot be listed."""
    def fail(error: OSError) -> None:
        raise FileError(f"{error.filename}: the folder cannot be read ({error.strerror}).") from error

    sources: list[Source] = []
    folders: set[str] = set()
    hidden = 0
    for root, names, files in os.walk(folder, onerror=fail, followlinks=False):
        inner = Path(root).relative_to(folder).as_posix()
        prefix = "" if inner == "." else inner + "/"
        folders.update(prefix + name for name in names if not is_hidden(prefix + name))
        for name in files:
            path = prefix + name
            if is_hidden(path):
                hidden += 1
                continue
            sources.append(file_source(path, Path(root, name)))
    return Tree(str(folder), tuple(sorted(sources, key=lambda source: source.path)), frozenset(folders), hidden)


def file_source(path: str, file: Path) -> Source:
    """One file as a source. Raises FileError for a link that leads nowhere."""
    try:
        status = file.stat()
    except OSError as error:
        raise FileError(f"{file}: the file cannot be read ({error.strerror}). Repair or remove the link.") from error
    return Source(path, file, status.st_size, status.st_mtime_ns)


def scan_tar(path: Path) -> Tree:
    """All files in a tar, packed or not, sorted by path. Raises FileError for one that is broken or cut short."""
    unpacked = _unpacked(path)
    stamp = path.stat().st_mtime_ns
    members: list[Source] = []
    folders: set[str] = set()
    hidden = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked)) if unpacked else tarfile.open(path, "r:") as archive:
            for member in archive:
                name = posixpath.normpath(member.name)
                if member.isdir():
                    folders.add(name)
                elif not member.isfile():
                    raise DataError(f"{path}:{name}: the member is a link or a device. Pack the file itself.")
                elif is_hidden(name):
                    hidden += 1
                else:
                    start, size = member.offset_data, member.size
                    data = None if unpacked is None else unpacked[start : start + size]
                    members.append(Source(name, path, size, stamp, start, data))
            end = archive.offset
    except (tarfile.TarError, OSError) as error:
        raise FileError(f"{path}: the archive cannot be read ({error}). {CUT}") from error
    _check_end(path, unpacked, end, len(members))
    folders |= {parent for member in members for parent in above(member.path)}
    visible = frozenset(name for name in folders - {"."} if not is_hidden(name))
    return Tree(str(path), tuple(sorted(members, key=lambda source: source.path)), visible, hidden)


def _unpacked(path: Path) -> memoryview | None:
    """The unpacked bytes of a packed archive, or None for a plain one."""
    try:
        with open(path, "rb") as file:
            begin = file.read(6)
            for magic, unpack in PACKED.items():
                if begin.startswith(magic):
                    return memoryview(unpack(begin + file.read()))
    except (EOFError, zlib.error, lzma.LZMAError, ValueError, OSError) as error:
        raise FileError(f"{path}: the archive cannot be unpacked ({error}). {CUT}") from error
    return None


def _check_end(path: Path, unpacked: memoryview | None, end: int, members: int) -> None:
    """tarfile stops without a word at a broken header or at the end of a cut file; a whole tar ends with zeros."""
    if unpacked is not None:
        block = bytes(unpacked[end : end + 512])
    else:
        with open(path, "rb") as file:
            file.seek(end)
            block = file.read(512)
    if len(block) < 512 or any(block):
        raise FileError(f"{path}: the archive breaks off after {members} files (byte {end}). {CUT}")
