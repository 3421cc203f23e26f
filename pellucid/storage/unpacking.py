"""Unpacking gzip, bzip2 and xz a block at a time, so that a small file cannot fill the memory.

Bounds    1,000 times the packed bytes beyond 64 MB (storage/limits.py), and a total that the caller names.
Source    RFC 1952 (gzip; members may follow each other), bzip2 1.0.8, the .xz file format 1.2.1.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from pellucid.errors import FileError
from pellucid.storage.limits import check_ratio

IN, OUT = 1 << 13, 1 << 20  # packed bytes read and unpacked bytes made at a time
XZ_MEMORY = 256 << 20  # bytes an xz dictionary may take; xz -9 asks for 65 MiB
BROKEN = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, MemoryError)


class _Gzip:
    """zlib's decompressor with the calls of bz2's."""

    def __init__(self) -> None:
        self._inner, self.eof, self.unused_data = zlib.decompressobj(wbits=31), False, b""

    def decompress(self, data: bytes, most: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, most)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data
        return out

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail


MAKERS: dict[bytes, tuple[str, Any]] = {
    b"\x1f\x8b": ("gzip", _Gzip),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ": ("xz", lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)),
}


def is_packed(begin: bytes) -> bool:
    """Whether a file that begins so is gzip, bzip2 or xz."""
    return any(begin.startswith(magic) for magic in MAKERS)


def unpacked_blocks(file: BinaryIO, where: object) -> Iterator[bytes]:
    """The unpacked bytes of an open file, from where it stands, a block at a time.

    Raises FileError for data that are broken, cut short, or swell beyond the ratio.
    """
    begin = file.read(6)
    kind, make = next(maker for magic, maker in MAKERS.items() if begin.startswith(magic))
    machine, pending, taken, given = make(), begin, len(begin), 0
    try:
        while True:
            block = machine.decompress(pending, OUT)
            given += len(block)
            check_ratio(given, taken, where)
            if block:
                yield block
            pending = b""
            if machine.eof:
                pending = machine.unused_data.lstrip(b"\0") or file.read(IN).lstrip(b"\0")  # padding may follow
                if not pending:
                    return
                taken, machine = taken + (0 if machine.unused_data else len(pending)), make()
            elif machine.needs_input:
                pending = file.read(IN)
                taken += len(pending)
                if not pending:
                    raise EOFError("it ends before its end mark")
    except FileError:
        raise
    except BROKEN as error:
        raise FileError(f"{where}: the {kind} data cannot be unpacked ({error}). The file is cut short or damaged: "
                        "copy or download it again.") from error
