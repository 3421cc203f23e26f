"""The index of runs: one row a run folder, from config.json and metrics.json, its lock and the end of its log.

A run that was interrupted, or whose files are broken, is a row as well: its state says what is the matter.
Order     data sets by their newest run, within one the runs by the moment they began, the newest last: a terminal shows
          the end of a list
Began     the modification time of config.json, which is written once, when a run begins; no file of a run says a time
          that a resume would have to keep
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, describe, escaped
from pellucid.reports.scores import number
from pellucid.storage import claims
from pellucid.storage.limits import MB
from pellucid.storage.reading import open_regular, read_json
from pellucid.storage.run_folder import FAILED
from pellucid.tasks.stored import headline_in

NUMBERS = ("n", "parameters", "seconds")
UNFINISHED, RUNNING = "unfinished", "running"
END_OF_LOG, RECORD = 4096, 64 * MB  # bytes that are read at most


def list_runs(folder: str | Path) -> list[dict[str, Any]]:
    """Rows for the folder itself, if it is a run, and for each run directly below it, in the order of this page.

    Every row has name, state, began (ISO 8601, UTC), data, model, engine, split, headline, n, epochs, parameters,
    seconds and path, and the value of each score that is the headline of one of them, under its name; what a run does
    not say is None. state is what metrics.json says; without one "running" while a
    process has the run's lock, "failed: ..." when that is the last line of its log, else "unfinished"; "broken: ..."
    when a file cannot be read. Raises FileError when the folder is missing or is a file.
    """
    folder = Path(folder)
    try:
        below = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        raise FileError(f"{folder} does not exist. Give the folder that holds run folders, e.g. runs.") from None
    except NotADirectoryError:
        raise FileError(f"{folder} is a file. Give the folder that holds run folders, e.g. runs.") from None
    except OSError as fault:
        raise FileError(describe("runs", f"the folder {folder}", "readable", f"not ({fault.strerror})")) from None
    rows = [row_of(path) for path in (folder, *below) if _is_run(path)]
    scores = [{row["headline"]["name"]: row["headline"]["value"]} if row["headline"] else {} for row in rows]
    names = dict.fromkeys(name for own in scores for name in own)
    return in_order([dict.fromkeys(names) | own | row for own, row in zip(scores, rows, strict=True)])


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one data set together, sets and runs by time, the newest last; those without data or time first."""
    newest: dict[Any, str] = {}
    for row in rows:
        newest[row["data"]] = max(newest.get(row["data"], ""), row["began"] or "")
    return sorted(rows, key=lambda row: (newest[row["data"]], row["data"] or "", row["began"] or "", row["name"]))


def _is_run(path: Path) -> bool:
    try:
        return (path / "config.json").is_file() or (path / "metrics.json").is_file()
    except OSError:  # a folder that may not be looked into: say so in its row
        return True


def row_of(path: Path) -> dict[str, Any]:
    """The row of one run folder."""
    config, fault = object_in(path / "config.json")
    metrics, second_fault = object_in(path / "metrics.json")
    fault = fault or second_fault or ("" if config is not None else "config.json is missing")
    config, finished, metrics = config or {}, metrics is not None, metrics or {}
    state = _text(metrics.get("state")) or ("finished" if finished else _without_an_end(path))
    row: dict[str, Any] = {"name": path.resolve().name, "state": f"broken: {fault}" if fault else state}
    row["began"] = _began(path / "config.json")
    row |= {key: _text(config.get(key)) for key in ("data", "model", "engine")}
    row["split"] = _text(metrics.get("split"))
    row["engine"] = _text(metrics.get("engine")) or row["engine"]
    headline = headline_in(metrics)
    row["headline"] = None if headline is None else headline.to_json()
    row |= {key: number(metrics.get(key)) for key in NUMBERS}
    row["epochs"] = number(config.get("epochs"))
    row["path"] = path.as_posix()
    return row


def _without_an_end(path: Path) -> str:
    """The state of a run that has no metrics.json: a process is at it, a fault ended it, or it can be resumed."""
    if _is_running(path):
        return RUNNING
    try:
        with open_regular(path / "log.txt") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - END_OF_LOG))
            lines = log.read(END_OF_LOG).decode(errors="replace").splitlines()
    except OSError:
        return UNFINISHED
    return lines[-1] if lines and lines[-1].startswith(FAILED) else UNFINISHED


def _is_running(path: Path) -> bool:
    """Whether the process that the run's lock names is there, or is on another machine and cannot be seen from here."""
    try:
        record = read_json(path / claims.NAME, most=claims.LARGEST)
        return claims.is_there({"pid": int(record["pid"]), "host": record["host"], "started": record["started"]})
    except (OSError, KeyError, TypeError, ValueError):
        return False


def _began(path: Path) -> str | None:
    try:
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat()
    except (OSError, ValueError, OverflowError):
        return None


def object_in(path: Path) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object in a file, or None and what is wrong with it; a missing file is not a fault."""
    if not os.path.lexists(path):
        return None, ""
    try:
        found = read_json(path, most=RECORD)
    except FileError as fault:
        return None, escaped(str(fault).removeprefix(f"{path.parent}/").partition(". ")[0].rstrip("."))
    return (found, "") if isinstance(found, dict) else (None, f"{path.name} holds no JSON object")


def _text(value: Any) -> str | None:
    """Short values as text; a model given as a graph is named by its own name, if it has one."""
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, str) and value else None
