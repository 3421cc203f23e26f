"""What a comparison needs of each run, read from its folder alone: record, history and final scores.

A run that is not finished is compared as far as it went: its curves and settings, without a final score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.diagnosis.intervals import difference_interval, interval_of
from pellucid.errors import UsageError
from pellucid.runs.config import read_record
from pellucid.runs.index import row_of
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv

NOT_TOLD = "not told"  # by a record older than the setting
OURS = ("settings", "environment", "command", "format")  # of config.json: not settings in force
NUMBERS = ("accuracy", "n", "loss", "macro_f1", "ece", "best_epoch", "epochs", "parameters", "seconds")
MACHINE = ("machine", "processor", "device", "threads", "processes")


@dataclass(frozen=True)
class Compared:
    """One run: what it is called here, its row of the index, config.json, history.csv and metrics.json."""

    name: str
    row: Mapping[str, Any]
    record: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting, what the data or the engine chose in place of an open one, then the machine and versions."""
        chosen = {name: value for name, value in self.record.items() if name not in OURS}
        found = dict(self.record["settings"])
        for name, value in chosen.items():
            if isinstance(value, Mapping):
                found |= {f"{name}: {key}": inner for key, inner in value.items()}
            elif value is not None:
                found[name] = value
        machine = self.record["environment"]
        libraries = machine.get("libraries")
        found |= {name: machine[name] for name in MACHINE if name in machine}
        return found | (dict(libraries) if isinstance(libraries, Mapping) else {})

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the final accuracy; None without one."""
        return interval_of(self.metrics)


def gather(paths: Sequence[str]) -> list[Compared]:
    """The runs of these folders, each under a name that no other has.

    Raises UsageError for fewer than two runs and for one named twice, FileError for a folder that is none.
    """
    if len(paths) < 2:
        raise UsageError("compare: name two runs or more, e.g. pellucid compare runs/first runs/second")
    places: dict[Path, str] = {}
    for path in paths:
        place = RunFolder.open(path).path.resolve()
        if place in places:
            raise UsageError(f"compare: {path} is the same run as {places[place]}. Name each run once.")
        places[place] = path
    names = [place.name for place in places]
    names = names if len(set(names)) == len(names) else [Path(path).as_posix() for path in paths]
    return [read_run(path, name) for path, name in zip(paths, names, strict=True)]


def read_run(path: str, name: str) -> Compared:
    """One run as its folder tells it. Raises FileError for a file that is damaged."""
    from pellucid.storage.reading import read_json

    folder = RunFolder.open(path)
    history = read_csv(folder.history) if folder.history.exists() else []
    metrics = read_json(folder.metrics) if folder.metrics.exists() else {}
    return Compared(name, row_of(folder.path), read_record(folder), history,
                    metrics if isinstance(metrics, dict) else {})  # fmt: skip


def differing_settings(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """Settings that are not the same in all runs: name, and the values in the order of the runs."""
    tables = [run.settings for run in runs]
    rows = []
    for name in dict.fromkeys(name for table in tables for name in table):
        values = [table.get(name, NOT_TOLD) for table in tables]
        if any(value != values[0] for value in values):
            rows.append({"name": name, "values": values})
    return rows


def notes_on(runs: Sequence[Compared]) -> list[str]:
    """What a reader has to know before believing the table."""
    notes = []
    if not same(runs, lambda run: run.record.get("fingerprint")):
        named = ", ".join(f"{run.name}: {run.row['data'] or 'not known'}" for run in runs)
        what = f"other data ({named})"
        if same(runs, lambda run: run.row["data"]):
            what = f"other images of {runs[0].row['data']} each"
        notes.append(f"The runs were trained on {what}, so their scores do not answer one question.")
    if not same([run for run in runs if run.interval], lambda run: run.metrics.get("split")):
        notes.append("The scores are of different parts of the data: "
                     + ", ".join(f"{run.name} of {run.metrics.get('split')}" for run in runs if run.interval) + ".")
    for run in runs:
        if not run.interval:
            notes.append(f"{run.name} has no final score: {run.row['state']}. Its curves are as far as it came.")
    return notes


def same(runs: Sequence[Compared], told: Any) -> bool:
    """Whether all runs tell the same."""
    return len({str(told(run)) for run in runs}) < 2


def differences(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """How far each scored run is behind the best one, with a 95 % interval; empty where the scores cannot be compared.

    The interval takes the two samples for different ones (Newcombe); the runs answered the same images, so it is too
    wide rather than too narrow, and a difference beyond it is real.
    """
    scored = [run for run in runs if run.interval]
    comparable = same(scored, lambda run: (run.record.get("fingerprint"), run.metrics.get("split"), run.metrics["n"]))
    if len(scored) < 2 or not comparable:
        return []
    best = max(scored, key=lambda run: float(run.metrics["accuracy"]))
    found = []
    for run in scored:
        if run is not best:
            low, high = difference_interval(right(run), run.metrics["n"], right(best), best.metrics["n"])
            found.append({"run": run.name, "than": best.name, "interval": [low, high], "noise": high >= 0,
                          "value": float(run.metrics["accuracy"]) - float(best.metrics["accuracy"])})  # fmt: skip
    return found


def right(run: Compared) -> int:
    """How many images it is right about."""
    return round(float(run.metrics["accuracy"]) * int(run.metrics["n"]))


def score_rows(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """The final numbers of each run; None for what it has not."""
    rows = []
    for run in runs:
        low, high = run.interval or (None, None)
        numbers = {name: usable(run.metrics.get(name)) for name in NUMBERS}
        words = {name: run.row[name] for name in ("state", "data", "split")}
        rows.append({"run": run.name, "low": low, "high": high} | words | numbers)
    return rows


def usable(value: Any) -> int | float | None:
    """A finite number, else None."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return value if number else None
