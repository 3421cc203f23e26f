"""The folder that jobs come in and results go to, and what may lie where.

SPOOL/incoming/ID.json   a job that waits, or is in somebody's hands: it goes when its result is on the disk
SPOOL/results/ID.json    the result, exactly one an id, never written over
SPOOL/files/             the pictures and data that jobs name
SPOOL/runs/ID/           the run folder of a job that trains
SPOOL/claims/ID.lock     who has a job in hand; ID.tries counts how often one was begun

Whoever leaves a job writes it under another name and renames it, or just writes it: what is no JSON yet and younger
than two seconds is left for the next look.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, shown
from pellucid.storage.claims import locked
from pellucid.storage.entries import enclose
from pellucid.storage.finite import finite
from pellucid.storage.os_errors import not_read
from pellucid.storage.plain import plain
from pellucid.storage.reading import read_bytes
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import append_text, make_folder, remove_files, remove_leftovers, utf8, write_new

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
ENDING = ".json"
YOUNG = 2.0  # seconds in which whoever writes a job may still be writing
STALE = 60.0  # seconds after which nobody is writing a temporary file any more
LARGEST_JOB = 1 << 20  # bytes
LARGEST_RESULT = 1 << 28


@dataclass(frozen=True)
class Spool:
    """The folder and the places in it."""

    path: Path

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Spool:
        """The spool, its folders made where there are none. Raises FileError for a file, and for links in it."""
        spool = cls(Path(path))
        make_folder(spool.path)
        enclose(spool.path)
        for name in ("incoming", "results", "files", "runs", "claims"):
            make_folder(spool.path / name)
        for name in ("results", "claims"):
            remove_leftovers(spool.path / name, older=STALE)
        return spool

    @property
    def incoming(self) -> Path:
        """Jobs that wait."""
        return self.path / "incoming"

    @property
    def files(self) -> Path:
        """What jobs may name."""
        return self.path / "files"

    def result(self, name: str) -> Path:
        """Where the result of a job lies."""
        return self.path / "results" / f"{name}{ENDING}"

    def run(self, name: str) -> RunFolder:
        """The run folder of a job that trains."""
        return RunFolder(self.path / "runs" / name)

    def held(self, name: str) -> AbstractContextManager[None]:
        """Have a job in hand during a block. Raises BusyError when another worker has it."""
        return locked(self.path / "claims" / f"{name}.lock")

    def has_result(self, name: str) -> bool:
        """Whether a job was answered."""
        return os.path.lexists(self.result(name))

    def read_result(self, name: str) -> bytes:
        """The result of a job that was answered."""
        return read_bytes(self.result(name), most=LARGEST_RESULT)

    def keep_result(self, name: str, result: dict[str, Any]) -> None:
        """Put a result on the disk, unless there is one of that id."""
        known = plain(finite(result), where=name)
        write_new(self.result(name), utf8(json.dumps(known, indent=2, sort_keys=True, ensure_ascii=False) + "\n"))

    def begin(self, name: str) -> int:
        """Note that a job is begun; how often it was before, each time without coming to an end."""
        before = 0
        with suppress(OSError):
            before = os.stat(self._tries(name)).st_size
        append_text(self._tries(name), ".")
        return before

    def end(self, name: str) -> None:
        """Forget how often a job was begun."""
        remove_files([self._tries(name)])

    def _tries(self, name: str) -> Path:
        return self.path / "claims" / f"{name}.tries"


@dataclass(frozen=True)
class Waiting:
    """A job that waits: the id its result will have, the file or the entry of Redis that it is, what is wrong with it.

    A job without an id that a file may have is answered under a name that is made for it.
    """

    name: str
    source: str
    fault: str = ""


@dataclass(frozen=True)
class FolderQueue:
    """The jobs in `incoming`, oldest first."""

    spool: Spool

    def waiting(self) -> Iterator[Waiting]:
        """What waits now."""
        for name in names_by_age(self.spool.incoming):
            stem = name.removesuffix(ENDING)
            yield Waiting(stem, name) if ID.fullmatch(stem) else Waiting(
                f"refused-{digest(name)}", name, f"the job's file must be called ID.json, ID of letters, digits, dots, "
                f"dashes and underscores, at most 100, but it is {shown(name)}.")  # fmt: skip

    def content(self, waiting: Waiting) -> bytes | None:
        """What a job says; None when it has been done meanwhile, or somebody may still be writing it.

        Raises FileError for a link, a folder, a pipe, and for one that is too long.
        """
        path = self.spool.incoming / waiting.source
        try:
            age = time.time() - path.lstat().st_mtime
        except OSError:
            return None
        if path.is_symlink():
            raise FileError(f"incoming/{shown(waiting.source)} is a link, and a job must be a file itself.")
        content = read_bytes(path, most=LARGEST_JOB)
        return None if age < YOUNG and not is_json(content) else content

    def forget(self, waiting: Waiting) -> None:
        """Let go of a job whose result is on the disk."""
        remove_files([self.spool.incoming / waiting.source])

    def is_empty(self) -> bool:
        """Whether no job is left, nor in anybody's hands."""
        return not names_by_age(self.spool.incoming)


def names_by_age(folder: Path) -> list[str]:
    """The names of the jobs in a folder, the oldest first. Raises FileError when it cannot be listed."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".")
                if entry.name.endswith(ENDING) and not hidden and not entry.is_dir(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # done meanwhile
                        found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    except OSError as error:
        raise not_read(folder, error) from error
    return [name for _, name in sorted(found)]


def is_json(content: bytes) -> bool:
    """Whether a text is whole."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def digest(name: str) -> str:
    """A short word for a name that no file of ours may have."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]
