"""Tags that a person gives: a table of mistakes to look at, and a table of tags to read back.

Sheet   id,path,true,predicted,confidence,tags: about a hundred mistakes drawn at random, the last column empty
Table   a column path or id, then tags (words separated by ;) or columns of one's own (`tags.column_tags`); the columns
        true, predicted and confidence are read over. A sample may stand on several lines
Source  Ng, "Machine Learning Yearning", chapters 13 to 19 (looking at a hundred mistakes).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.tags import Tags, column_tags
from pellucid.errors import DataError, describe
from pellucid.keys import Key
from pellucid.storage.tables import read_csv, write_csv

SAMPLE = 100
KEYS = ("path", "id", "file", "image", "name")
OURS = {"true", "predicted", "confidence"}
SEPARATOR = ";"


def sample_mistakes(answers: Answers, count: int = SAMPLE, *, key: Key | None = None) -> np.ndarray:
    """Sorted numbers of at most `count` wrong samples, drawn at random: the most confident ones would mislead."""
    wrong = np.flatnonzero(~answers.right)
    random = (key or Key.of(0)).fold("mistakes").generator()
    return np.sort(random.permutation(wrong)[:count])


def write_sheet(
    path: str | os.PathLike[str], answers: Answers, chosen: np.ndarray, *, names: Sequence[str], ids: np.ndarray
) -> None:
    """Write the sheet of the `chosen` samples (M,); raises FileError when it cannot be written."""
    rows = [
        {
            "id": int(ids[i]),
            "path": names[i],
            "true": answers.class_names[int(answers.labels[i])],
            "predicted": answers.class_names[int(answers.predicted[i])],
            "confidence": round(float(answers.confidence[i]), 4),
            "tags": "",
        }
        for i in chosen.tolist()
    ]
    write_csv(path, rows)


def read_tags(path: str | os.PathLike[str], *, names: Sequence[str], ids: np.ndarray) -> Tags:
    """The tags of N samples with these names and ids (N,); lines about other samples are left out.

    Raises DataError when no line is about one of them or a column is missing, FileError when it cannot be read.
    """
    rows = read_csv(path)
    columns = list(rows[0]) if rows else []
    found = [column for column in columns if column.strip().lower() in KEYS]
    if not found:
        remedy = "Write the header line first, e.g. id,tags."
        got = ",".join(columns) or "missing"
        raise DataError(describe(os.fspath(path), "its columns", "path or id, then tags", got, remedy))
    by_id = next((column for column in found if column.strip().lower() == "id"), None)
    keys = [str(int(number)) for number in ids] if by_id else [str(name) for name in names]
    lines = _lines(rows, by_id or found[0], keys)
    if not lines:
        wanted = f"about a sample of this part, e.g. {keys[0]}"
        raise DataError(describe(os.fspath(path), "a line", wanted, f"none of {len(rows)}"))
    used = [column for column in columns if column not in found and column.strip().lower() not in OURS]
    return Tags.joined([_tags_of(column, lines, len(keys)) for column in used] or [Tags.of("given", {}, len(keys))])


def _lines(rows: list[dict[str, str]], column: str, keys: Sequence[str]) -> list[tuple[int, Mapping[str, str]]]:
    """The rows about our samples, each with the sample's place."""
    places = {key: place for place, key in enumerate(keys)}
    told = [(row[column].strip().replace("\\", "/").removeprefix("./"), row) for row in rows]
    return [(places[key], row) for key, row in told if key in places]


def _tags_of(column: str, lines: Sequence[tuple[int, Mapping[str, str]]], n: int) -> Tags:
    if column.strip().lower() not in ("tag", "tags"):
        cells = [""] * n
        for place, row in lines:
            cells[place] = row[column] or cells[place]
        return column_tags(column.strip(), cells)
    marks: dict[str, np.ndarray] = {}
    for place, row in lines:
        for word in row[column].split(SEPARATOR):
            if word.strip():
                marks.setdefault(word.strip(), np.zeros(n, bool))[place] = True
    return Tags.of("given", dict(sorted(marks.items())), n)
