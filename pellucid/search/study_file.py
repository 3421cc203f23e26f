"""The file of a study, looked at before Optuna uses it: it may come from a stranger.

SQLite acts on more than the file it is given. It plays back a journal that lies beside it and removes the file that the
journal's end names (its super-journal); it reads a write-ahead log; it carries out the views, the triggers and the
expressions that the file holds. Of all this a search leaves behind a journal without a name, when it was killed.
Source    sqlite.org/fileformat2.html, sections 1.3 (header), 2.6 (schema) and 3 (rollback journal);
          readSuperJournal in SQLite's pager.c.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import struct
from contextlib import closing
from pathlib import Path

from pellucid.errors import FileError, shown
from pellucid.storage.entries import Entry
from pellucid.storage.limits import STUDY

MAGIC = bytes.fromhex("d9d505f920a163d7")  # begins a journal, and ends one that names another file
VERSIONS = slice(18, 20)  # of a database's header: who may write and read it
WAL = b"\x02\x02"
LEAST_TRAILER = 16  # bytes: length of the name, its sum, the magic
TABLES = frozenset({
    "alembic_version", "studies", "study_directions", "study_system_attributes", "study_user_attributes",
    "trial_heartbeats", "trial_intermediate_values", "trial_params", "trial_system_attributes",
    "trial_user_attributes", "trial_values", "trials", "version_info",
})  # fmt: skip
TABLE = re.compile(r"CREATE TABLE \"?(\w+)\"? ?\(")
INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX \"?(\w+)\"? ON \"?(\w+)\"? \(\"?\w+\"?(?:, ?\"?\w+\"?)*\)")
ONE_VERSION = re.compile(r"CHECK \(version_info_id ?= ?1\)")  # the only condition of Optuna's tables
COMPUTED = re.compile(r"\b(?:AS|CHECK|DEFAULT|GENERATED|COLLATE)\b", re.IGNORECASE)
REMEDY = "Bring the study back from a copy, or choose another --out"


def refuse_harmful(path: Path, patience: float) -> None:
    """Raise FileError that names the file when a study, or what lies beside it, could do more than hold trials.

    `patience` are the seconds to wait while another process writes. Raises sqlite3.Error for what is no database.
    """
    try:
        for name in ("", "-journal", "-wal", "-shm"):
            refuse_shared(path.with_name(path.name + name))
        refuse_log(path)
        refuse_naming_journal(path.with_name(f"{path.name}-journal"))
        if not path.exists():
            return
        STUDY.check(path.stat().st_size, path)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path} cannot be read: {error.strerror}. Check your rights there.") from error
    refuse_other_schema(path, patience)


def refuse_shared(path: Path) -> None:
    """Raise FileError for anything but a plain file of one name: SQLite would write through it."""
    entry = Entry(path, None)
    entry.refuse_unplain()
    found = entry.look()
    if found is not None and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise FileError(f"{path} is a second name of another file, which would be written over. Put a copy in its "
                        "place.")  # fmt: skip


def refuse_log(path: Path) -> None:
    """Raise FileError for a write-ahead log beside a study that was never written with one."""
    versions = b""
    if path.is_file():
        with path.open("rb") as file:
            versions = file.read(VERSIONS.stop)[VERSIONS]
    for name in ("-wal", "-shm"):
        beside = path.with_name(path.name + name)
        if versions != WAL and beside.exists():
            raise FileError(f"{beside} is no file of this study, and SQLite would take its content from there. Remove "
                            f"{beside.name}, or choose another --out.")  # fmt: skip


def refuse_naming_journal(path: Path) -> None:
    """Raise FileError for a journal that names another file, which SQLite would remove with it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LEAST_TRAILER))
            trailer = file.read(LEAST_TRAILER)
            if len(trailer) < LEAST_TRAILER or not trailer.endswith(MAGIC):
                return
            length = struct.unpack(">I", trailer[:4])[0]
            file.seek(max(0, size - LEAST_TRAILER - length))
            named = file.read(min(length, 4096)).decode("utf-8", "replace")
    except FileNotFoundError:  # of another process, which has just ended its transaction
        return
    raise FileError(f"{path} was not left by a search: it names {shown(named)}, which SQLite would remove. Remove "
                    f"{path.name}, or choose another --out.")  # fmt: skip


def refuse_other_schema(path: Path, patience: float) -> None:
    """Raise FileError for views, triggers, computed columns and any table that is not of a study."""
    with closing(sqlite3.connect(path, timeout=patience)) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            if not is_of_a_study(kind, name, sql):
                raise FileError(f"{path} is no study of a search alone: it holds the {shown(kind)} {shown(name)}. "
                                f"{REMEDY}.")  # fmt: skip


def is_of_a_study(kind: object, name: object, sql: object) -> bool:
    """Whether a row of the schema is a table or an index as Optuna makes them, from what SQLite itself reads: `sql`."""
    if kind == "index" and sql is None:
        return str(name).startswith("sqlite_autoindex_")
    if kind == "index":
        made = INDEX.fullmatch(str(sql))
        return made is not None and made[1] == name and made[2] in TABLES
    made = TABLE.match(str(sql))
    return (kind == "table" and made is not None and made[1] == name and name in TABLES
            and not COMPUTED.search(ONE_VERSION.sub("", str(sql))))  # fmt: skip
