"""The one writer: every file of Pellucid is written here, whole or not at all, and nowhere but where it was named.

`write_bytes` writes to a temporary name in the same folder, syncs it to the disk and renames it, so a reader or a
crash sees the old file or the new one, never half of it. A link in the place of the file is refused, never followed,
and the folder is held open meanwhile (`entries`). Every call to the operating system goes through `system`, so that a
test can make any of them fail.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.storage.entries import NO_FOLLOW, Entry, enclosing, held
from pellucid.storage.os_errors import not_written
from pellucid.storage.plain import plain

BINARY = getattr(os, "O_BINARY", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # to open a pipe nobody reads would wait for ever
LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # the temporary name beside its file


class System:
    """The calls to the operating system that writing needs, one method each."""

    def create(self, entry: Entry) -> int:
        """Open a new file for writing and reading; it must not exist."""
        return os.open(entry.reach, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY, 0o666, dir_fd=entry.folder)

    def open_again(self, entry: Entry) -> int:
        """Open a file that exists for writing and reading."""
        return os.open(entry.reach, os.O_RDWR | NO_FOLLOW | NO_WAIT | BINARY, dir_fd=entry.folder)

    def open_end(self, entry: Entry) -> int:
        """Open a file for writing at its end; it is made if it does not exist."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW | NO_WAIT | BINARY
        return os.open(entry.reach, flags, 0o666, dir_fd=entry.folder)

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

    def replace(self, source: Entry, target: Entry) -> None:
        """Give source the name of target, in one step."""
        os.replace(source.reach, target.reach, src_dir_fd=source.folder, dst_dir_fd=target.folder)

    def link(self, source: Entry, target: Entry) -> None:
        """Give source a second name, target, which must not exist."""
        os.link(source.reach, target.reach, src_dir_fd=source.folder, dst_dir_fd=target.folder)

    def remove(self, entry: Entry) -> None:
        """Remove a file."""
        os.unlink(entry.reach, dir_fd=entry.folder)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        os.makedirs(path, exist_ok=True)

    def make_inner(self, entry: Entry) -> None:
        """Make a folder in a folder."""
        os.mkdir(entry.reach, dir_fd=entry.folder)

    def sync_folder(self, entry: Entry) -> None:
        """Wait until the names in the folder of `entry` are on the disk."""
        if entry.folder is not None:
            os.fsync(entry.folder)


system = System()


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, whole or not at all; an older file stays until the new one is whole.

    Raises FileError, which names the file and the remedy, when the system refuses, and when `path` is a link.
    """
    with replacing(path) as temporary:
        _fill(system.create(temporary), data)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """A temporary name beside `path`; what the block left there takes the place of `path`, or goes if it failed."""
    named = Path(path)
    try:
        with held(named) as target:
            target.refuse_unplain()
            temporary = _beside(target)
            try:
                yield temporary
                system.replace(temporary, target)
            except BaseException:  # Ctrl-C too: the temporary file goes, the older file stays
                with contextlib.suppress(OSError):
                    system.remove(temporary)
                raise
            with contextlib.suppress(OSError):  # the file is in place; some file systems cannot sync a folder
                system.sync_folder(target)
    except OSError as error:
        if isinstance(error, FileError):  # the block's own, worded already
            raise
        raise not_written(named, error) from error


def write_new(path: str | os.PathLike[str], data: bytes) -> bool:
    """Write `data` to `path`, whole, unless something of that name is there: that stays as it is, and it is False.

    Of any number of processes that write one name at the same time exactly one hears True. Raises FileError, which
    names the file and the remedy, when the system refuses.
    """
    named = Path(path)
    try:
        with held(named) as target:
            temporary = _beside(target)
            try:
                _fill(system.create(temporary), data)
                system.link(temporary, target)
            except FileExistsError:
                return False
            finally:
                with contextlib.suppress(OSError):
                    system.remove(temporary)
            with contextlib.suppress(OSError):  # as above
                system.sync_folder(target)
            return True
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise not_written(named, error) from error


def _beside(target: Entry) -> Entry:
    """The temporary name of a file that is being written."""
    return target.beside(f".{target.name}.{secrets.token_hex(4)}.tmp")


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

    A file that has a second name (a hard link) is written anew, so that what the other name stands for stays as it is.
    Raises FileError, which names the file and the remedy, when the system refuses, and when `path` is a link.
    """
    named = Path(path)
    try:
        with held(named) as entry:
            entry.refuse_unplain()
            file = system.open_end(entry)
            try:
                found = os.fstat(file)
                if found.st_nlink <= 1:
                    _add(file, found.st_size, utf8(text))
                    return
            finally:
                system.close(file)
            before = _content(entry)
        write_bytes(named, before + utf8(text))
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise not_written(named, error) from error


def _add(file: int, end: int, data: bytes) -> None:
    try:
        _write_all(file, data)
    except BaseException:  # half a line would spoil the table
        with contextlib.suppress(OSError):
            system.truncate(file, end)
        raise


def _content(entry: Entry) -> bytes:
    file = os.open(entry.reach, os.O_RDONLY | NO_FOLLOW | NO_WAIT | BINARY, dir_fd=entry.folder)
    with os.fdopen(file, "rb") as opened:
        return opened.read()


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those above it; one that exists is fine. Raises FileError when the system refuses.

    Below an enclosed folder no link is taken for a folder.
    """
    named = Path(path)
    try:
        found = enclosing(named)
        if found is None:
            system.make_folder(named)
        else:
            _make_inner_folders(*found)
    except FileExistsError as error:
        raise FileError(f"{path} is a file, so no folder of that name can be made. Choose another name.") from error
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise not_written(named, error) from error


def _make_inner_folders(root: Path, names: tuple[str, ...]) -> None:
    for count in range(1, len(names) + 1):
        with held(root.joinpath(*names[:count])) as entry:
            found = entry.look()
            if found is not None and stat.S_ISDIR(found.st_mode):
                continue
            entry.refuse_unplain()
            try:
                system.make_inner(entry)
            except FileExistsError:
                now = entry.look()  # another process may have been quicker
                if now is None or not stat.S_ISDIR(now.st_mode):
                    raise


def new_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder that was not there: `path`, or path-2, path-3 ... when that exists; return which one it is.

    Of any number of processes that ask for one name at the same time each gets its own. Raises FileError when the
    system refuses.
    """
    named = Path(path)
    make_folder(named.parent)
    for number in itertools.count(1):
        tried = named if number == 1 else named.with_name(f"{named.name}-{number}")
        try:
            with held(tried) as entry:
                system.make_inner(entry)
            return tried
        except FileExistsError:
            continue
        except OSError as error:
            raise not_written(tried, error) from error
    raise AssertionError("a count has no end")


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files; one that is not there is fine. Raises FileError when the system refuses."""
    for path in paths:
        try:
            with held(path) as entry:
                system.remove(entry)
        except FileNotFoundError:
            continue
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise not_written(path, error) from error


def remove_leftovers(folder: str | os.PathLike[str], *, older: float | None = None) -> None:
    """Remove the temporary files that a killed write left in `folder`; with `older` (seconds) only such.

    Raises FileError when the system refuses.
    """
    place = Path(folder)
    try:
        paths = sorted(path for path in place.iterdir() if LEFTOVER.fullmatch(path.name))
        if older is not None:  # others write there too
            paths = [path for path in paths if time.time() - path.lstat().st_mtime > older]
    except OSError as error:
        raise not_written(place, error) from error
    remove_files(paths)
