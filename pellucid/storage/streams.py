"""A file that a library fills in its own order (HDF5), whole or not at all.

HDF5 cannot give a file up: when a write fails it tries again as it closes, and ends in a segmentation fault. So the
first refusal of the system is kept, what comes after it goes nowhere, and the library closes a file that it believes
in; then the refusal is told.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pellucid.storage import writer
from pellucid.storage.os_errors import not_written


class Stream:
    """A seekable file for reading and writing; `refused` is the first error of the system, if there was one."""

    def __init__(self, path: Path, file: int) -> None:
        self.path, self.file = path, file
        self.place = self.size = 0
        self.refused: OSError | None = None

    def check(self) -> None:
        """Raise FileError when the system has refused a write."""
        if self.refused is not None:
            raise not_written(self.path, self.refused) from self.refused

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; returns where it now is."""
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        return self.place

    def tell(self) -> int:
        """Where it is, in bytes."""
        return self.place

    def read(self, size: int) -> bytes:
        """So many bytes."""
        found = bytearray(size)
        self.readinto(memoryview(found))
        return bytes(found)

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer; beyond what was written with zeros."""
        wanted = memoryview(buffer).cast("B")
        found = b""
        if self.refused is None:
            os.lseek(self.file, self.place, os.SEEK_SET)
            found = os.read(self.file, len(wanted))
        wanted[:] = found.ljust(len(wanted), b"\0")
        self.place += len(wanted)
        return len(wanted)

    def write(self, data: memoryview) -> int:
        """Write all of it, or keep what the system said and write nothing more."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            if self.refused is None:
                os.lseek(self.file, self.place, os.SEEK_SET)
            while self.refused is None and rest:
                rest = rest[writer.system.write(self.file, rest) :]
        except OSError as error:
            self.refused = error
        self.place += length
        self.size = max(self.size, self.place)
        return length

    def truncate(self, size: int) -> int:
        """Cut or stretch the file."""
        try:
            if self.refused is None:
                writer.system.truncate(self.file, size)
        except OSError as error:
            self.refused = error
        self.size = size
        return size

    def flush(self) -> None:
        """Nothing waits here."""


@contextmanager
def whole_stream(path: str | os.PathLike[str]) -> Iterator[Stream]:
    """A stream that becomes `path` when the block ends well; an older file stays until then.

    Raises FileError, which names the file and the remedy, when the system refuses, and when `path` is a link.
    """
    with writer.replacing(path) as temporary:
        file = writer.system.create(temporary)
        try:
            stream = Stream(Path(path), file)
            yield stream
            stream.check()
            writer.system.sync(file)
        finally:
            writer.system.close(file)
