"""A large file that is written piece by piece and goes on where it was killed: whole under its name, or not there.

NAME.partial        the file as far as it is; its size and what frames the pieces are written first
NAME.partial.json   {"made_of": what it is made of, as one sha256, "done": pieces that are surely on the disk}
Every SYNCED bytes the pieces are synced, then counted. At the end the partial file takes its name in one step. A
partial file that is made of something else begins anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.storage import writer
from pellucid.storage.entries import Entry, held
from pellucid.storage.os_errors import not_written
from pellucid.storage.reading import read_json
from pellucid.storage.rows import read_at
from pellucid.storage.streams import Stream

SYNCED = 64 << 20  # bytes between two syncs


class Unfinished:
    """A file being written; `done` pieces of it were there when it was opened."""

    def __init__(self, path: Path, entry: Entry, file: int, made_of: str, done: int) -> None:
        self.path, self.entry, self.file, self.made_of, self.done = path, entry, file, made_of, done
        self._since = 0

    def write(self, offset: int, data: memoryview) -> None:
        """Put bytes at a place. Raises FileError, which names the file and the remedy, when the system refuses."""
        try:
            os.lseek(self.file, offset, os.SEEK_SET)
            rest = data.cast("B")
            while rest:
                rest = rest[writer.system.write(self.file, rest) :]
        except OSError as error:
            raise kept(self.path, error) from error
        self._since += data.nbytes

    def read(self, offset: int, length: int) -> bytes:
        """What was put at a place."""
        found = bytearray(length)
        read_at(self.file, memoryview(found), offset)
        return bytes(found)

    def stream(self) -> Stream:
        """The same file for a library that finds its own places in it."""
        stream = Stream(self.path, self.file)
        stream.size = os.fstat(self.file).st_size
        return stream

    def count(self, done: int) -> None:
        """So many pieces are written; from time to time that is made sure of."""
        self.done = done
        if self._since >= SYNCED:
            self.sync()

    def sync(self) -> None:
        """Make sure of what is written, then say so in the journal."""
        self._since = 0
        try:
            writer.system.sync(self.file)
        except OSError as error:
            raise kept(self.path, error) from error
        writer.write_json(journal_of(self.path), {"made_of": self.made_of, "done": self.done})


@contextmanager
def resumable(path: Path, made_of: str, begin: Callable[[Stream], None]) -> Iterator[Unfinished]:
    """The file that becomes `path` when the block ends well; `begin` writes what is there before the first piece.

    Raises FileError when the system refuses, when another process writes the same file, and when a link is in its
    place. Whatever ends the block early, the pieces counted so far are kept.
    """
    try:
        with held(path) as target:
            target.refuse_unplain()
            partial = target.beside(f"{target.name}.partial")
            partial.refuse_unplain()
            done = done_of(path, made_of) if partial.look() is not None else None
            if done is None and partial.look() is not None:
                _refuse_strange(path, partial)
                writer.system.remove(partial)
            if done is None:
                writer.write_json(journal_of(path), {"made_of": "", "done": 0})  # now a partial file is ours
            file = writer.system.create(partial) if done is None else writer.system.open_again(partial)
            try:
                lock(path, file)
                sweep(journal_of(path))
                if done is None:
                    _begin(Path(path), file, begin)
                unfinished = Unfinished(Path(path), partial, file, made_of, done or 0)
                if done is None:
                    unfinished.sync()
                yield unfinished
                unfinished.sync()
            finally:
                writer.system.close(file)
            writer.system.replace(partial, target)
            with suppress(OSError):  # some file systems cannot sync a folder
                writer.system.sync_folder(target)
        writer.remove_files([journal_of(path)])
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise not_written(Path(path), error) from error


def _begin(path: Path, file: int, begin: Callable[[Stream], None]) -> None:
    stream = Stream(path, file)
    begin(stream)
    stream.check()


def done_of(path: Path, made_of: str) -> int | None:
    """How many pieces of a file made of this are on the disk; None when there is no such file."""
    try:
        found: Any = read_json(journal_of(path), most=4096)
    except FileError:
        return None
    if not isinstance(found, dict) or found.get("made_of") != made_of:
        return None
    done = found.get("done")
    return done if isinstance(done, int) and done >= 0 else None


def journal_of(path: Path) -> Path:
    """Where it is counted."""
    return Path(path).with_name(f"{Path(path).name}.partial.json")


def sweep(journal: Path) -> None:
    """Remove what a kill in the middle of counting left."""
    left = re.compile(rf"\.{re.escape(journal.name)}\.[0-9a-f]{{8}}\.tmp")
    writer.remove_files(path for path in journal.parent.iterdir() if left.fullmatch(path.name))


def kept(path: Path, error: OSError) -> FileError:
    """The error for a piece that could not be written."""
    return FileError(f"{not_written(path, error)} What is done is kept: the same command goes on from there.")


def _refuse_strange(path: Path, partial: Entry) -> None:
    """Raise FileError for a partial file that is not ours, or that another process is writing."""
    if not os.path.lexists(journal_of(path)):
        raise FileError(f"{partial.path} is in the way, and is none that a conversion left. Remove it, or choose "
                        "another --out.")
    file = writer.system.open_again(partial)
    try:
        lock(path, file)
    finally:
        writer.system.close(file)


def lock(path: Path, file: int) -> None:
    """Hold the open file for this process, as long as it lives. Raises FileError when another one holds it."""
    try:
        import fcntl
    except ImportError:  # Windows lets no two processes open it so
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(f"{path}: another process is writing it. Wait for its end, or choose another --out.") from error
    except OSError:  # a file system without locks
        return
