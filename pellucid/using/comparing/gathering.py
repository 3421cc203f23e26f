"""What a comparison needs of each run, read from its folder alone: record, history and final scores.

A run that is not finished is compared as far as it went: its curves and settings, without a final score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.diagnosis.intervals import interval_of_difference
from pellucid.errors import FileError, UsageError, shown
from pellucid.reports.scores import Headline, Score, number
from pellucid.runs.config import read_record
from pellucid.runs.index import object_in, row_of
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv
from pellucid.tasks.stored import headline_in, task_in

NOT_TOLD = "not told"  # by a record older than the setting
OURS = ("settings", "environment", "command", "format")  # of config.json: not settings in force
NUMBERS = ("n", "loss", "best_epoch", "epochs", "parameters", "seconds")  # that every run has
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
    def headline(self) -> Headline | None:
        """The final score; None without one."""
        return headline_in(self.metrics)

    @property
    def watched(self) -> Score | None:
        """The score of its curves; None for a task that nobody has registered here."""
        task = task_in(self.record["settings"])
        return None if task is None else task.score()

    @property
    def beside(self) -> Mapping[str, str]:
        """Scores that stand beside the headline, and their titles."""
        task = task_in(self.record["settings"])
        return {} if task is None else task.beside


def gather(paths: Sequence[str]) -> tuple[list[Compared], list[str]]:
    """The runs of these folders, each under a name that no other has, and what is said of those that cannot be read.

    Raises UsageError for fewer than two runs and for one named twice, FileError for a folder that is none, and for one
    that cannot be read where fewer than two are left.
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
    runs, faults = [], {}
    for path, name in zip(paths, names, strict=True):
        try:
            runs.append(read_run(path, name))
        except FileError as fault:
            faults[name] = fault
    if len(runs) < 2:
        raise next(iter(faults.values()))
    return runs, [f"{shown(name)} is left out. {fault}" for name, fault in faults.items()]


def read_run(path: str, name: str) -> Compared:
    """One run as its folder tells it; without a final score where that cannot be read, which its row says.

    Raises FileError for settings or a history that are damaged.
    """
    folder = RunFolder.open(path)
    history = read_csv(folder.history) if folder.history.exists() else []
    return Compared(name, row_of(folder.path), read_record(folder), history, object_in(folder.metrics)[0] or {})


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
    scored = [(run, run.headline) for run in runs if run.headline]
    if len({headline.score for _, headline in scored}) > 1:
        notes.append("The runs are judged by different scores: "
                     + ", ".join(f"{run.name} by {headline.name}" for run, headline in scored) + ".")
    if not same([run for run, _ in scored], lambda run: run.metrics.get("split")):
        notes.append("The scores are of different parts of the data: "
                     + ", ".join(f"{run.name} of {run.metrics.get('split')}" for run, _ in scored) + ".")
    for run in runs:
        if not run.headline:
            notes.append(f"{run.name} has no final score: {run.row['state']}. Its curves are as far as it came.")
    return notes


def same(runs: Sequence[Compared], told: Any) -> bool:
    """Whether all runs tell the same."""
    return len({str(told(run)) for run in runs}) < 2


def differences(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """How far each scored run is behind the best one, with a 95 % interval; empty where the scores cannot be compared.

    The interval takes the two samples for different ones; the runs answered the same images, so it is too wide rather
    than too narrow, and a difference beyond it is real. Where a score has no interval, neither has the difference, and
    whether it is noise is None.
    """
    scored = [(run, run.headline) for run in runs if run.headline]
    asked = {(run.record["fingerprint"], str(run.metrics.get("split")), number(run.metrics.get("n")), headline.score)
             for run, headline in scored}  # fmt: skip
    if len(scored) < 2 or len(asked) > 1:
        return []
    best, ahead = max(scored, key=lambda one: one[1].score.sign * one[1].value)
    found = []
    for run, headline in scored:
        if run is not best:
            interval = interval_between(headline, ahead)
            found.append({"run": run.name, "than": best.name, "interval": interval,
                          "noise": None if interval is None else interval[0] <= 0 <= interval[1],
                          "value": headline.value - ahead.value})  # fmt: skip
    return found


def interval_between(one: Headline, other: Headline) -> list[float] | None:
    """The interval of their difference; None where one of them has none."""
    if one.interval is None or other.interval is None:
        return None
    return list(interval_of_difference((one.value, *one.interval), (other.value, *other.interval)))


def score_rows(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """The final numbers of each run, the headline under its own name too; None for what it has not."""
    names = dict.fromkeys(run.headline.name for run in runs if run.headline)
    rows = []
    for run in runs:
        headline = run.headline
        numbers = {name: number(value) for name, value in run.metrics.items() if number(value) is not None}
        own = {} if headline is None else {headline.name: headline.value}
        rows.append({
            **dict.fromkeys((*names, *run.beside, *NUMBERS)), **numbers, **own, "run": run.name,
            "headline": headline and headline.to_json(), "low": headline and headline.low,
            "high": headline and headline.high, **{name: run.row[name] for name in ("state", "data", "split")},
        })  # fmt: skip
    return rows


def columns_beside(runs: Sequence[Compared]) -> dict[str, str]:
    """The scores beside the headline that any of the runs has, and their titles."""
    return {name: title for run in runs for name, title in run.beside.items()}


def watched_by(runs: Sequence[Compared]) -> list[Score]:
    """The scores of their curves, each once."""
    return list(dict.fromkeys(run.watched for run in runs if run.watched))
