"""Tars seen as folders: read front to back once, packed or not; members of a packed tar are kept in memory as bytes.

Bounds    what is packed is unpacked a block at a time and may not swell; names, headers, members, and what is kept of
          a packed tar are bounded (storage/limits.py); sparse members, links and devices are refused
Sources   POSIX.1-2017, pax interchange format; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

import os
import posixpath
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from pellucid.data.hidden import is_hidden, system_folders_in
from pellucid.data.naming import readable, readable_names
from pellucid.data.sources import Source, Tree, above
from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import ENTRIES, NAME, TEXT
from pellucid.storage.memory import check_room
from pellucid.storage.reading import open_regular
from pellucid.storage.unpacking import is_packed, unpacked_blocks

SHARD = re.compile(r"(\d{4,6})-of-(\d{4,6})\.tar")
CUT = "The archive is cut short or damaged: copy or download it again."
ASKED = 8 << 20  # bytes more that are kept before the machine is asked again how much room it has
LONGEST_HEADER = 1 << 20  # bytes that a long name or a list of pax records may take


def scan_tar(path: Path) -> Tree:
    """All files in a tar, packed or not, sorted by path. Raises FileError for one that is broken or cut short."""
    with open_regular(path) as file:
        tape = _Tape(path, file)
        stamp = os.fstat(file.fileno()).st_mtime_ns
        found = _Found(path, stamp, tape)
        try:
            with tarfile.open(fileobj=tape, mode="r:") as archive:  # type: ignore[call-overload]
                while (member := archive.next()) is not None:
                    archive.members.clear()  # which would keep every header
                    found.add(member)
        except (tarfile.TarError, OSError, ValueError, RecursionError, OverflowError) as error:
            if isinstance(error, (FileError, DataError)):
                raise
            raise FileError(f"{path}: the archive cannot be read ({shown(error)}). {CUT}") from error
        tape.check_end(len(found.members))
    return found.tree()


def refuse_missing(folder: Path, names: Sequence[str]) -> None:
    """Raise DataError when of tars that say how many there are (0003-of-0012.tar) some are not here."""
    found = [match for match in map(SHARD.fullmatch, names) if match]
    count = max((int(match[2]) for match in found), default=0)
    missing = sorted(set(range(1, min(count, 10**6) + 1)) - {int(match[1]) for match in found})
    if missing:
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise DataError(f"{folder}: of {count:,} shards, number {missing[0]}{more} is missing. Bring it back, or pack "
                        "the data again.")


class _Found:
    """What was met so far."""

    def __init__(self, path: Path, stamp: int, tape: _Tape) -> None:
        self.path, self.stamp, self.tape = path, stamp, tape
        self.members: list[Source] = []
        self.folders: set[str] = set()
        self.system: set[str] = set()
        self.hidden, self.kept = 0, 0

    def add(self, member: tarfile.TarInfo) -> None:
        """One member; the bytes of one in a packed tar are kept."""
        name = posixpath.normpath(member.name)
        NAME.check(len(name.encode("utf-8", "surrogatepass")), self.path)
        ENTRIES.check(len(self.members) + len(self.folders) + self.hidden + 1, self.path)
        if member.isdir():
            self.folders.add(name)
        elif is_hidden(name):
            self.hidden += 1
            self.system.update(system_folders_in([name]))
        elif not member.isfile():
            raise DataError(f"{self.path}:{shown(name)}: the member is a link or a device. Pack the file itself.")
        elif member.issparse():
            raise DataError(f"{self.path}:{shown(name)}: the member is sparse. Pack it without --sparse.")
        else:
            self.members.append(Source(name, self.path, member.size, self.stamp, member.offset_data,
                                       self._content(name, member)))

    def _content(self, name: str, member: tarfile.TarInfo) -> memoryview | None:
        if not self.tape.packed:
            return None
        TEXT.check(member.size, f"{self.path}:{shown(name)}", what="a file in a packed archive")
        before, self.kept = self.kept, self.kept + member.size
        if before // ASKED < self.kept // ASKED:
            check_room(self.kept, self.path, "unpacking it",
                       "Unpack it into a folder, whose pictures are read as needed.")
        return memoryview(self.tape.content(member.offset_data, member.size))

    def tree(self) -> Tree:
        """The files and the folders, also those that no member stands for."""
        names = readable_names([member.path for member in self.members])
        members = [member if member.path == name else replace(member, path=name)
                   for member, name in zip(self.members, names, strict=True)]
        folders = set(map(readable, self.folders)) | {parent for member in members for parent in above(member.path)}
        system = sorted(self.system | {*system_folders_in(sorted(folders))})
        visible = frozenset(name for name in folders - {"."} if not is_hidden(name))
        return Tree(str(self.path), tuple(sorted(members, key=lambda source: source.path)), visible, self.hidden,
                    remarks=(f"hidden system folders left out: {', '.join(system)}",) if system else ())


class _Tape:
    """The bytes of an archive, unpacked on the way; it goes forward only. `tarfile` reads headers from it."""

    def __init__(self, path: Path, file: BufferedReader) -> None:
        self.path, self._file = path, file
        self.packed = is_packed(file.peek(6)[:6])
        self._blocks: Iterator[bytes] = unpacked_blocks(file, path) if self.packed else iter(())
        self._ahead, self._at = memoryview(b""), 0
        self.last = b""  # what was read last

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, whence: int = 0) -> int:
        """Go forward to a byte; one beyond the end is found when it is read."""
        if not self.packed:
            self._at = self._file.seek(place)
            return self._at
        while self._at < place and self._more():
            step = min(len(self._ahead), place - self._at)
            self._ahead, self._at = self._ahead[step:], self._at + step
        return self._at

    def read(self, length: int) -> bytes:
        """A header, or the name or records that belong to one. Raises FileError for very long ones."""
        if length > LONGEST_HEADER:
            raise FileError(f"{self.path}: a name or a header in it takes {length:,} bytes, and {LONGEST_HEADER:,} is "
                            "the most. Pack the files again under shorter names.")
        self.last = self._take(length)
        return self.last

    def content(self, place: int, length: int) -> bytes:
        """The bytes of a member. Raises FileError when the archive ends in it."""
        self.seek(place)
        taken = self._take(length)
        if len(taken) < length:
            raise FileError(f"{self.path}: the archive breaks off at byte {self._at:,}. {CUT}")
        return taken

    def check_end(self, members: int) -> None:
        """tarfile stops without a word at a broken header or at the end of a cut file; a whole tar ends with zeros."""
        if len(self.last) < 512 or any(self.last):
            raise FileError(f"{self.path}: the archive breaks off after {members} files (byte {self._at}). {CUT}")

    def _take(self, length: int) -> bytes:
        if not self.packed:
            taken = self._file.read(length)
            self._at += len(taken)
            return taken
        parts: list[memoryview] = []
        wanted = length
        while wanted and self._more():
            parts.append(self._ahead[:wanted])
            self._ahead = self._ahead[wanted:]
            wanted -= len(parts[-1])
        self._at += length - wanted
        return b"".join(parts)

    def _more(self) -> bool:
        """Whether something lies ahead; the next block is unpacked when nothing does."""
        if not len(self._ahead):
            self._ahead = memoryview(next(self._blocks, b""))
        return bool(len(self._ahead))
