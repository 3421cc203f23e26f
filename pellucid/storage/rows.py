"""N arrays of one shape and dtype that lie at known places of one file, read when they are taken and never sooner.

Shapes   take(indices (B,)) -> (B, *shape[1:]), always a copy; offsets (N,) bytes; checks (N,) crc32, or None
Memory   the rows that are taken and a number a row; the file is opened once a process, so that an object of this kind
         may be handed to another one, and nothing of it is mapped
"""

from __future__ import annotations

import math
import os
import threading
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FileError
from pellucid.storage.os_errors import not_read
from pellucid.storage.reading import open_regular

OPENING = threading.Lock()
AGAIN = "Write it again, or copy it again from where it came"


class StoredRows:
    """Rows of a file. Raises FileError at once for places that are not in it."""

    def __init__(self, path: Path, offsets: np.ndarray[Any, Any], shape: tuple[int, ...], dtype: np.dtype[Any], *,
                 what: str, checks: np.ndarray[Any, Any] | None = None) -> None:
        self.path, self.offsets, self.dtype = Path(path), offsets, dtype
        self._shape, self.what, self.checks = shape, what, checks
        self._checked = np.zeros(len(offsets), bool)
        self._open: tuple[int, int] | None = None  # the process, and its handle
        self.bytes_each = math.prod(shape) * dtype.itemsize
        with open_regular(self.path) as file:
            self.size = os.fstat(file.fileno()).st_size
        if len(offsets) and (int(offsets.min()) < 0 or int(offsets.max()) + self.bytes_each > self.size):
            raise FileError(f"{self.path}: '{what}' reaches beyond the end of the file, which is cut short or damaged. "
                            f"{AGAIN}.")

    @property
    def shape(self) -> Any:
        """(N, ...)."""
        return len(self.offsets), *self._shape

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Copies of the rows at `indices` (B,). Raises FileError for one that is not what was written."""
        rows = np.asarray(indices)
        taken = np.empty((len(rows), *self._shape), self.dtype)
        raw = taken.reshape(len(rows), -1).view(np.uint8) if taken.size else taken
        file = self._handle()
        for place, row in enumerate(rows.tolist()):
            self._fill(file, raw[place], row)
        return taken

    def _fill(self, file: int, into: np.ndarray[Any, Any], row: int) -> None:
        try:
            found = read_at(file, into.data, int(self.offsets[row]))
        except OSError as error:
            raise not_read(self.path, error) from error
        if found < self.bytes_each:
            raise FileError(f"{self.path}: '{self.what}' ends in row {row}: the file was cut short. {AGAIN}.")
        if self.checks is not None and not self._checked[row]:
            if zlib.crc32(into.data) != int(self.checks[row]):
                raise FileError(f"{self.path}: row {row} of '{self.what}' is not what was written. {AGAIN}.")
            self._checked[row] = True

    def _handle(self) -> int:
        """The file, open in this process; threads share it."""
        with OPENING:
            if self._open is None or self._open[0] != os.getpid():
                with open_regular(self.path) as file:
                    self._open = os.getpid(), os.dup(file.fileno())
                weakref.finalize(self, os.close, self._open[1])
            return self._open[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_open": None}


def read_at(file: int, into: memoryview, offset: int) -> int:
    """Fill `into` with what lies at `offset`; the bytes that were there. Several threads may do so at once."""
    done = 0
    while done < len(into):
        if hasattr(os, "preadv"):
            count = os.preadv(file, [into[done:]], offset + done)
        else:
            os.lseek(file, offset + done, os.SEEK_SET)
            block = os.read(file, len(into) - done)
            count = len(block)
            into[done : done + count] = block
        if not count:
            break
        done += count
    return done
