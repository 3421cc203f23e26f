"""The index of runs: one row a run folder, from config.json and metrics.json alone.

A run that was interrupted, or whose files are broken, is a row as well: its state says what is the matter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, describe

NUMBERS = ("accuracy", "n", "parameters", "seconds")
UNFINISHED = "unfinished"


def list_runs(folder: str | Path) -> list[dict[str, Any]]:
    """Rows for the folder itself, if it is a run, and for each run directly below it, sorted by name.

    Every row has name, state, data, model, engine, accuracy, n, epochs, parameters, seconds and path; what a run does
    not say is None. state is what metrics.json says, "unfinished" without one, and "broken: ..." when a file cannot
    be read. Raises FileError when the folder is missing or is a file.
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
    return [_row(path) for path in (folder, *below) if _is_run(path)]


def _is_run(path: Path) -> bool:
    try:
        return (path / "config.json").is_file() or (path / "metrics.json").is_file()
    except OSError:  # a folder that may not be looked into: say so in its row
        return True


def _row(path: Path) -> dict[str, Any]:
    config, fault = _read(path / "config.json")
    metrics, second_fault = _read(path / "metrics.json")
    fault = fault or second_fault or ("" if config is not None else "config.json is missing")
    config, finished, metrics = config or {}, metrics is not None, metrics or {}
    state = f"broken: {fault}" if fault else _text(metrics.get("state")) or ("finished" if finished else UNFINISHED)
    row: dict[str, Any] = {"name": path.resolve().name, "state": state}
    row |= {key: _text(config.get(key)) for key in ("data", "model", "engine")}
    row["engine"] = _text(metrics.get("engine")) or row["engine"]
    row |= {key: _number(metrics.get(key)) for key in NUMBERS}
    row["epochs"] = _number(config.get("epochs"))
    row["path"] = path.as_posix()
    return row


def _read(path: Path) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object in a file, or None and what is wrong with it; a missing file is not a fault."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None, ""
    except OSError as fault:
        return None, f"{path.name} cannot be read ({fault.strerror})"
    except (ValueError, RecursionError):
        return None, f"{path.name} is not JSON"
    return (found, "") if isinstance(found, dict) else (None, f"{path.name} holds no JSON object")


def _text(value: Any) -> str | None:
    """Short values as text; a model given as a graph is named by its own name, if it has one."""
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int | float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return value if usable else None
