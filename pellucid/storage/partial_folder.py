"""A folder that is made beside its place by one process, and takes its name when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pellucid.storage.os_errors import not_written
from pellucid.storage.resumable import lock

LOCK = ".lock"


@contextmanager
def claimed(partial: Path, out: Path) -> Iterator[None]:
    """Hold the folder for this process. Raises FileError when another one does."""
    path = partial / LOCK
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        lock(out, file)
        yield
        with suppress(FileNotFoundError):
            path.unlink()
    finally:
        os.close(file)


def emptied(partial: Path) -> None:
    """Remove all that is in the folder but its lock. Raises FileError when the system refuses."""
    try:
        for path in partial.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise not_written(partial, error) from error


def take_place(partial: Path, out: Path) -> None:
    """Give the folder its name. Raises FileError when the system refuses."""
    try:
        os.rename(partial, out)
    except OSError as error:
        raise not_written(out, error) from error
