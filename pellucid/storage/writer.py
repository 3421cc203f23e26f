"""The one writer: every file of Pellucid is written here, whole or not at all.

`write_bytes` writes to a temporary name in the same folder, syncs it to the disk and renames it, so a reader or a
crash sees the old file or the new one, never half of it. Every call to the operating system goes through `system`,
so that a test can make any of them fail.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.storage.os_errors import not_written
from pellucid.storage.plain import plain

LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # the temporary name beside its file


class System:
    """The calls to the operating system that writing needs, one method each."""

    def create(self, path: Path) -> int:
        """Open a new file for writing; it must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)

    def open_end(self, path: Path) -> int:
        """Open a file for writing at its end; it is made if it does not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)

    def write(self, file: int, data: memoryview) -> int:
        """Write a part of data and say how many bytes that was."""
        return os.write(file, data)

    def sync(self, file: int) -> None:
        """Wait until the file is on the disk."""
        os.fsync(file)

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        os.ftruncate(file, size)

    def close(self, file: int) -> None:
        """Close the file."""
        os.close(file)

    def replace(self, source: Path, target: Path) -> None:
        """Give source the name of target, in one step."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        os.makedirs(path, exist_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk."""
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


system = System()


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, whole or not at all; a link is followed, an older file stays until the new one is whole.

    Raises FileError, which names the file and the remedy, when the system refuses.
    """
    with _replacing(path) as temporary:
        _fill(system.create(temporary), data)


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name for a library that writes its files itself; it becomes `path` when the block ends well.

    Raises FileError, which names the file and the remedy, when the system refuses.
    """
    with _replacing(path) as temporary:
        system.close(system.create(temporary))
        yield temporary
        file = system.open_end(temporary)
        try:
            system.sync(file)
        finally:
            system.close(file)


@contextmanager
def _replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name beside `path`; what the block left there takes the place of `path`, or goes if it failed."""
    named = Path(path)
    target = Path(os.path.realpath(named))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            yield temporary
            system.replace(temporary, target)
        except BaseException:  # Ctrl-C too: the temporary file goes, the older file stays
            with contextlib.suppress(OSError):
                system.remove(temporary)
            raise
    except OSError as error:
        if isinstance(error, FileError):  # the block's own, worded already
            raise
        raise not_written(named, error) from error
    with contextlib.suppress(OSError):  # the file is in place; some file systems cannot sync a folder
        system.sync_folder(target.parent)


def _fill(file: int, data: bytes) -> None:
    try:
        _write_all(file, data)
        system.sync(file)
    finally:
        system.close(file)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[system.write(file, rest) :]


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as `utf8` does, line ends as they are. Raises FileError as `write_bytes` does."""
    write_bytes(path, utf8(text))


def utf8(text: str) -> bytes:
    """`text` as UTF-8; a byte of a name that was no UTF-8 becomes \\udcff, which is how JSON spells it too."""
    return text.encode(errors="backslashreplace")


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as JSON: sorted keys, two spaces, a newline at the end.

    Raises ArgumentError for NaN, infinity and what JSON has no word for, FileError as `write_bytes` does.
    """
    known = plain(value, where=str(path))
    write_text(path, json.dumps(known, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def append_text(path: str | os.PathLike[str], text: str) -> None:
    """Add `text` as UTF-8 at the end of `path`, all of it or nothing of it; a crash keeps what was added before.

    Raises FileError, which names the file and the remedy, when the system refuses.
    """
    named = Path(path)
    try:
        file = system.open_end(named)
        try:
            end = os.fstat(file).st_size
            try:
                _write_all(file, utf8(text))
            except BaseException:  # half a line would spoil the table
                with contextlib.suppress(OSError):
                    system.truncate(file, end)
                raise
        finally:
            system.close(file)
    except OSError as error:
        raise not_written(named, error) from error


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those above it; one that exists is fine. Raises FileError when the system refuses."""
    try:
        system.make_folder(Path(path))
    except FileExistsError as error:
        raise FileError(f"{path} is a file, so no folder of that name can be made. Choose another name.") from error
    except OSError as error:
        raise not_written(Path(path), error) from error


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files; one that is not there is fine. Raises FileError when the system refuses."""
    for path in paths:
        try:
            system.remove(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise not_written(path, error) from error


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that a killed write left in `folder`. Raises FileError when the system refuses."""
    place = Path(folder)
    try:
        for path in sorted(place.iterdir()):
            if LEFTOVER.fullmatch(path.name):
                place = path
                system.remove(path)
    except OSError as error:
        raise not_written(place, error) from error
