"""Who may write into a run folder: one process at a time, and only where every file lies in the folder itself.

run.lock  {"pid", "started", "host", "boot"} of the process that writes; removed at the end. It is locked in the kernel
          too (flock), so what a killed process left is known for stale at once, in another container of the same
          machine (boot) as well. Where a file system has no such locks the record decides: stale when the process is
          gone, or another one has its number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, shown
from pellucid.storage.entries import NO_FOLLOW, Entry, enclose, held, refuse_unplain_entries
from pellucid.storage.os_errors import not_written

NAME = "run.lock"
LARGEST = 4096  # bytes of a record
ENDED = "ZX"  # states of a process that was killed and whose parent has not asked for its end yet
ATTEMPTS = 100  # a lock can vanish between opening and locking, once for every process that ends just then


class BusyError(FileError):
    """Another process is writing into the folder."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for writing during the block.

    Raises FileError, which names the entry, for a folder that holds links or anything but plain files and folders, and
    FileError that names the process when another one is writing there.
    """
    enclose(folder)
    try:
        refuse_unplain_entries(folder)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise not_written(folder / NAME, error) from error
    with locked(folder / NAME):
        yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that is the file `path` during the block; the file goes at its end.

    Raises BusyError when another process has it, FileError for a link, and when the system refuses.
    """
    with ExitStack() as open_for_the_block:
        try:
            entry = open_for_the_block.enter_context(held(path))
            file = _lock(entry)
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise not_written(path, error) from error
        open_for_the_block.callback(_unlock, entry, file)
        yield


def _lock(entry: Entry) -> int:
    """The open lock file, ours alone."""
    for _ in range(ATTEMPTS):
        file = os.open(entry.reach, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o666, dir_fd=entry.folder)
        try:
            kernel = _locked(file)
            if kernel is False:
                raise _busy(entry, _record(file))
            if os.fstat(file).st_nlink > 1:
                raise FileError(f"{entry.path} is a second name of another file, which would be written over. Remove "
                                "it.")  # fmt: skip
            now = entry.look()
            if now is None or now.st_ino != os.fstat(file).st_ino:  # its owner ended and removed it meanwhile
                os.close(file)
                continue
            record = _record(file)
            gone = kernel is True and record.get("boot") == boot() != ""  # it would have the lock, whatever its number
            if not gone and _is_running(record):
                raise _busy(entry, record)
            _sign(entry, file)
            return file
        except BaseException:
            with suppress(OSError):
                os.close(file)
            raise
    raise _busy(entry, {})


def _sign(entry: Entry, file: int) -> None:
    """Say in the lock whose it is; a lock that cannot be signed (a full disk) goes."""
    try:
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps(_own(), sort_keys=True).encode())
    except BaseException:
        with suppress(OSError):
            os.unlink(entry.reach, dir_fd=entry.folder)
        raise


def _unlock(entry: Entry, file: int) -> None:
    with suppress(OSError):
        os.unlink(entry.reach, dir_fd=entry.folder)
    os.close(file)


def _locked(file: int) -> bool | None:
    """Lock the open file in the kernel; False when another process has it, None where there are no such locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, or a file system without locks: the record decides
        return None
    return True


def _own() -> dict[str, Any]:
    return {"pid": os.getpid(), "started": started(os.getpid()), "host": host(), "boot": boot()}


def boot() -> str:
    """Since which start the kernel runs, the same in all containers of a machine; empty where that is not told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def host() -> str:
    """The name of this machine."""
    import platform  # slow, and not needed for --help

    return platform.node()


def _record(file: int) -> dict[str, Any]:
    """What stands in the lock; empty for one that was never filled, or with something else."""
    try:
        record = json.loads(os.read(file, LARGEST))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and type(record.get("pid")) is int else {}


def _is_running(record: dict[str, Any]) -> bool:
    """Whether the process of a record that nobody holds in the kernel may be running all the same."""
    if not record or (record["pid"] == os.getpid() and record.get("host") == host()):
        return False
    return is_there(record)


def is_there(record: dict[str, Any]) -> bool:
    """Whether the process of a record runs, or is on another machine and cannot be seen from here."""
    now = started(record["pid"])
    return record.get("host") != host() or (now != "" and now == record.get("started"))


def started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when it has ended or the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()  # the 3rd field of proc(5) and on; the name before may hold anything
        return "" if fields[0] in ENDED else fields[19]
    except (OSError, IndexError):
        return ""


def _busy(entry: Entry, record: dict[str, Any]) -> BusyError:
    who = "another process"
    if record:
        elsewhere = record.get("host") != host()
        who = f"process {shown(record['pid'])}" + (f" on {shown(record.get('host'))}" if elsewhere else "")
    return BusyError(f"{entry.parent} is in use: {who} is writing there. Wait for its end, or stop it; if it is not "
                     f"running any more, remove {entry.path}.")  # fmt: skip
