"""Classes of a data set called as a model calls them, by a table of two columns (--class-map)."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from pellucid.data.boxes.column import Boxes
from pellucid.data.dataset import Dataset
from pellucid.data.naming import some_names
from pellucid.data.table_text import decoded
from pellucid.errors import DataError, shown
from pellucid.storage.reading import read_bytes

MOST_MAP = 4 << 20  # bytes


def renamed(dataset: Dataset, file: str) -> Dataset:
    """The data set with the names of its classes replaced. Raises DataError naming the line, FileError."""
    table = class_map(file)
    strange = [name for name in table if name not in dataset.class_names]
    if len(strange) == len(table):
        raise DataError(f"{file}: none of its names is a class of {dataset.name}, which has "
                        f"{some_names(dataset.class_names)}. The first column names classes of the data.")
    names = tuple(table.get(name, name) for name in dataset.class_names)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{file}: two classes of {dataset.name} would be called '{shown(twice)}'. Give each a name of "
                        "its own.")
    parts = {part: replace(found, annotations=replace(found.annotations, names=names))
             if isinstance(found.annotations, Boxes) else found for part, found in dataset.parts.items()}  # fmt: skip
    return replace(dataset, parts=parts, class_names=names)


def class_map(file: str) -> dict[str, str]:
    """The rows of the table."""
    text, _ = decoded(bytes(read_bytes(Path(file), most=MOST_MAP)), file)
    found: dict[str, str] = {}
    for line, row in enumerate(csv.reader(text.splitlines(), skipinitialspace=True), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 2 or not all(cells):
            raise DataError(f"{file}: line {line}: a row must be a name of the data and a name of the model, but it is "
                            f"'{shown(', '.join(cells), 60)}'.")
        if cells[0] in found:
            raise DataError(f"{file}: line {line}: '{shown(cells[0])}' stands there twice. Keep one row.")
        found[cells[0]] = cells[1]
    return found
