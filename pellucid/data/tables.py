"""CSV tables: one row a picture, with columns path|file|image, label|class and optionally split and group.

Paths are relative to the table's folder (or to what a tar beside it holds). Labels that are all whole numbers name
lines of a classes.txt if there is one, else classes are numbered in order of name.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pellucid.data.dataset import Dataset
from pellucid.data.naming import part_name, sorted_names
from pellucid.data.options import Options
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree, file_source
from pellucid.errors import DataError, FileError

PATH = ("path", "file", "image", "filename", "file_name")
LABEL = ("label", "class")
SPLIT = ("split", "part", "subset")
GROUP = ("group",)


@dataclass(frozen=True)
class Row:
    """One line of a table; `line` counts from 1, the header included."""

    line: int
    path: str
    label: str
    part: str
    group: str | None


def is_picture_table(content: bytes) -> bool:
    """Whether the first line of a CSV names a column of paths and one of labels."""
    header = content[:4096].decode("utf-8-sig", errors="replace").splitlines()[:1]
    columns = [cell.strip().lower() for cell in (next(csv.reader(header), []) if header else [])]
    return any(name in columns for name in PATH) and any(name in columns for name in LABEL)


def open_table(name: str, table: Source, tree: Tree, classes: Sequence[str] | None, options: Options, *,
               part: str | None = None, notes: Sequence[str] = ()) -> Dataset:
    """Read a table whose pictures lie in `tree`. Raises DataError naming the table and the line at fault."""
    content = bytes(table.read())
    rows, unused = read_rows(content, table.where, options)
    sources = _find_pictures(rows, table, tree)
    names = _class_names([row.label for row in rows], classes)
    numbers = {word: number for number, word in enumerate(names)}
    samples = []
    for row, source in zip(rows, sources, strict=True):
        label = _label_number(row, numbers, classes, table.where)
        samples.append(Sample(source, label, row.part, row.group))
    used = (*notes, f"labels from {PurePosixPath(table.path).name}",
            *([f"columns not used: {', '.join(unused)}"] if unused else []))
    return dataset_of(name, table.where, samples, names, options=options, notes=used,
                      extra_hashes={table.path: hashlib.sha256(content).hexdigest()})


def read_rows(content: bytes, where: str, options: Options) -> tuple[list[Row], list[str]]:
    """The rows, and the columns that mean nothing to us. Raises DataError naming the line at fault."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{where}: a table must be UTF-8 text, but byte {error.start} is not. "
                        "Save it as UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        columns = {cell.strip().lower(): cell for cell in reader.fieldnames or ()}
        path = _column(where, columns, PATH, "of paths")
        label = _column(where, columns, LABEL, "of labels", options.label)
        split = _column(where, columns, SPLIT, "", required=False)
        group = _column(where, columns, GROUP, "of groups", options.group, required=False)
        rows = [_row(where, reader.line_num, cells, (path, label, split, group)) for cells in reader]
    except csv.Error as error:
        raise DataError(f"{where}: line {reader.reader.line_num} cannot be read ({error}). "
                        "Quote the cell or correct it.") from error
    if not rows:
        raise DataError(f"{where}: the table has no rows below its header. Add one row a picture.")
    _refuse_doubles(where, rows)
    used = {path, label, split, group}
    return rows, [cell for cell in columns.values() if cell not in used]


def _column(where: str, columns: dict[str, str], usual: Sequence[str], what: str, asked: str | None = None, *,
            required: bool = True) -> str | None:
    for name in [asked.strip().lower()] if asked else usual:
        if name in columns:
            return columns[name]
    if not (required or asked):
        return None
    wanted = f"'{asked}'" if asked else f"{what}, called {' or '.join(usual)}"
    remedy = "Separate the columns by commas." if len(columns) == 1 else "Correct the header line."
    raise DataError(f"{where}: the table must have a column {wanted}, but its columns are "
                    f"{', '.join(columns.values()) or 'missing'}. {remedy}")


def _row(where: str, line: int, cells: dict[str | None, str | None], names: tuple[str | None, ...]) -> Row:
    def cell(name: str | None) -> str | None:
        if name is None:
            return None
        value = cells.get(name)
        if value is None or not value.strip():
            raise DataError(f"{where}: line {line} has nothing in the column '{name}'. Fill it in or remove the row.")
        return value.strip()

    if None in cells:
        raise DataError(f"{where}: line {line} has more cells than the header has columns. "
                        "Quote a cell with a comma in it.")
    path, label, split, group = (cell(name) for name in names)
    part = "train" if split is None else part_name(split)
    if part is None:
        raise DataError(f"{where}: line {line}: the column '{names[2]}' must be train, validation or test, "
                        f"but it is '{split}'.")
    return Row(line, (path or "").replace("\\", "/").removeprefix("./"), label or "", part, group)


def _refuse_doubles(where: str, rows: Sequence[Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.path in first:
            raise DataError(f"{where}: {row.path} is listed twice, on lines {first[row.path]} and {row.line}. "
                            "Keep one row a picture.")
        first[row.path] = row.line


def _find_pictures(rows: Sequence[Row], table: Source, tree: Tree) -> list[Source]:
    """The file of each row. Raises DataError with the first path that is missing and how many are."""
    by_path = {source.path: source for source in tree.sources}
    tops = {PurePosixPath(path).parts[0] for path in by_path if "/" in path}
    below = {source.path.partition("/")[2]: source for source in tree.sources if "/" in source.path}
    found: list[Source] = []
    missing: list[Row] = []
    for row in rows:
        source = by_path.get(row.path) or (below.get(row.path) if len(tops) == 1 else None)
        if source is None and Path(row.path).is_absolute() and Path(row.path).is_file():
            source = file_source(row.path, Path(row.path))
        if source is None:
            missing.append(row)
        else:
            found.append(source)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(f"{table.where}: line {missing[0].line}: there is no file {missing[0].path}{more} in "
                        f"{tree.where}. Paths are relative to the table's folder: correct them or add the files.")
    return found


def _class_names(labels: Sequence[str], classes: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(classes) if classes is not None else sorted_names(set(labels))


def _label_number(row: Row, numbers: dict[str, int], classes: Sequence[str] | None, where: str) -> int:
    if row.label in numbers:
        return numbers[row.label]
    if row.label.isdecimal() and classes is not None and int(row.label) < len(classes):
        return int(row.label)
    raise DataError(f"{where}: line {row.line}: the label must be one of the {len(numbers)} names in classes.txt or a "
                    f"number from 0 to {len(numbers) - 1}, but it is '{row.label}'. Correct the row or classes.txt.")
