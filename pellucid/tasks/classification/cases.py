"""Core cases: a few pictures that a model must keep getting right, whatever else gets better.

Table     CSV with the columns path (or file, image), label (or class), and if wanted min_probability and note
Kept      the most likely class is the label, with at least min_probability
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pellucid.data.table_columns import PATH
from pellucid.data.table_targets import LABEL
from pellucid.errors import DataError, FileError, describe
from pellucid.reports.sections import Account, Text
from pellucid.storage.tables import read_csv
from pellucid.tasks.provided import Predict

LEAST, NOTE = "min_probability", "note"


@dataclass(frozen=True)
class Case:
    """One row: the line of the table, the picture's path as written, where it lies, its class, how sure at least."""

    line: int
    path: str
    place: Path
    label: str
    min_probability: float


@dataclass(frozen=True)
class Lost:
    """A case that was lost: what was predicted instead, and the probabilities of both classes; or why nothing was."""

    path: str
    label: str
    predicted: str
    probability: float
    label_probability: float
    min_probability: float
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain values; `error` only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "error" or value}

    def __str__(self) -> str:
        if self.error:
            return self.error
        if self.predicted == self.label:
            return (f"{self.path}: '{self.label}' as wanted, but with probability {self.label_probability:.4f}, and "
                    f"{self.min_probability:g} is the least")
        return (f"{self.path}: wanted '{self.label}' ({self.label_probability:.4f}), but '{self.predicted}' "
                f"({self.probability:.4f}) was predicted")


def judge_cases(file: str, predict: Predict) -> Account:
    """How many core cases are kept, and each that is lost; a picture that cannot be read is a case lost.

    Raises FileError for a table that cannot be read or names a picture that is not there, DataError for a row that
    makes no sense.
    """
    cases = read_cases(file)
    predicted = predict([str(case.place) for case in cases])
    lost = [judged for case, entry in zip(cases, predicted.entries, strict=True)
            if (judged := judge(file, case, entry)) is not None]  # fmt: skip
    kept = len(cases) - len(lost)
    found = {"file": file, "n": len(cases), "kept": kept, "lost": [one.to_json() for one in lost],
             **({"warnings": predicted.warnings} if predicted.warnings else {})}  # fmt: skip
    lines = [*(f"lost  {one}" for one in lost), f"core cases: {kept:,} of {len(cases):,} kept"]
    return Account(found, [Text(line) for line in lines])


def judge(file: str, case: Case, entry: Mapping[str, Any]) -> Lost | None:
    """What was lost; None for a case that is kept. `entry` has all classes, the most likely first, or an error."""
    if "error" in entry:
        return Lost(case.path, case.label, "", 0.0, 0.0, case.min_probability, entry["error"])
    guesses = entry["classes"]
    sure = {str(guess["class"]): float(guess["probability"]) for guess in guesses}
    if case.label not in sure:
        known = f"one of the model's classes ({', '.join(sorted(sure)[:12])}{', ...' if len(sure) > 12 else ''})"
        raise DataError(describe(f"{file}, line {case.line}", "the label", known, repr(case.label), "Mend that row."))
    best = str(guesses[0]["class"])
    if best == case.label and sure[best] >= case.min_probability:
        return None
    return Lost(case.path, case.label, best, sure[best], sure[case.label], case.min_probability)


def read_cases(file: str) -> list[Case]:
    """The rows of a table of core cases; relative paths lie beside it."""
    rows = read_csv(file)
    if not rows:
        raise DataError(f"{file} has no rows below its header. Write a line a picture: path,label")
    columns = {name.strip().lower(): name for name in rows[0]}
    path, label = (next((columns.pop(name) for name in names if name in columns), None) for names in (PATH, LABEL))
    unknown = sorted(set(columns) - {LEAST, NOTE})
    if path is None or label is None or unknown:
        wanted = f"path and label, and if wanted {LEAST} and {NOTE}"
        raise DataError(describe(file, "the columns", wanted, ", ".join(rows[0]), "Mend the header line."))
    least = columns.get(LEAST, "")
    cases = [read_case(file, line, row[path].strip(), row[label].strip(), row.get(least, ""))
             for line, row in enumerate(rows, start=2)]  # fmt: skip
    refuse_doubles(file, cases)
    return cases


def read_case(file: str, line: int, path: str, label: str, least: str) -> Case:
    """One row as a case."""
    where = f"{file}, line {line}"
    if not path or not label:
        raise DataError(f"{where}: a path and a label are wanted, but one of them is empty. Mend or remove that line.")
    place = Path(file).parent / path
    if not place.is_file():
        raise FileError(f"{where}: there is no picture {place.as_posix()}. Paths are relative to the table's folder.")
    try:
        value = float(least) if least.strip() else 0.0
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise DataError(describe(where, LEAST, "from 0 to 1, or empty", repr(least), "Mend that row."))
    return Case(line, path, place, label, value)


def refuse_doubles(file: str, cases: Sequence[Case]) -> None:
    """Raise DataError when a picture is listed twice, for the two may want different things of it."""
    first: dict[Path, int] = {}
    for case in cases:
        place = case.place.resolve()
        if place in first:
            raise DataError(f"{file}: {case.path} is listed twice, on lines {first[place]} and {case.line}. Keep one.")
        first[place] = case.line
