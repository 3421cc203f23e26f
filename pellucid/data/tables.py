"""CSV tables: one row a picture, with columns path|file|image, label|class and optionally split and group.

Paths are relative to the table's folder (or to what a tar beside it holds). Labels that are all whole numbers name
lines of a classes.txt if there is one, else classes are numbered in order of name. Other forms that people have are
read with a note: table_text.py (encodings, separators), table_columns.py (names of columns), row_files.py (paths).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.annotations import Annotations, Classes
from pellucid.data.dataset import Dataset
from pellucid.data.endings import is_picture
from pellucid.data.group_pattern import groups_of
from pellucid.data.naming import one_form, part_name, shown_names, sorted_names
from pellucid.data.number_cells import numbers_of
from pellucid.data.options import Options
from pellucid.data.row_files import RowFiles, as_posix, part_of_table
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree
from pellucid.data.table_columns import USUAL, Columns, choose_columns
from pellucid.data.table_targets import Targets
from pellucid.data.table_text import Table, read_table
from pellucid.data.wells import grouped_by_well
from pellucid.data.where import kept_rows, refuse_none
from pellucid.errors import DataError, shown


@dataclass(frozen=True)
class Row:
    """One line of a table; `line` counts from 1, the header included."""

    line: int
    path: str
    targets: tuple[str, ...]                    # the name of the class, or the cells of numbers
    part: str
    group: str | None
    well: str | None


def open_table(name: str, table: Source, tree: Tree, classes: Sequence[str] | None, options: Options, *,
               notes: Sequence[str] = ()) -> Dataset:
    """Read a table whose pictures lie in `tree`. Raises DataError naming the table and the line at fault."""
    content = bytes(table.read())
    files = RowFiles(tree, part_of_table(PurePosixPath(table.path).name))
    cells = read_table(content, table.where, USUAL)
    columns = choose_columns(cells, options, names_pictures=files.names_a_picture)
    rows = read_rows(cells, columns, options.where)
    sources, how = _find_pictures(rows, table, tree, files)
    annotations, names, told = _annotations(cells, columns.targets, rows, classes)
    groups = groups_of(table.where, [source.path for source in sources], options.group_pattern)
    grouped, parted = grouped_by_well(
        table.where, [row.group or group for row, group in zip(rows, groups, strict=True)], [row.well for row in rows],
        options,
    )
    samples = [Sample(source, row.part, group)
               for row, source, group in zip(rows, sources, grouped, strict=True)]
    unused = [f"columns not used: {', '.join(map(shown, columns.unused))}"] if columns.unused else []
    what = "labels" if names else "numbers"
    used = [*notes, *kept_rows(cells, options.where)[1], f"{what} from {PurePosixPath(table.path).name}", *cells.notes,
            *columns.notes, *how, *told, *parted, *unused, *_unlisted(tree, sources)]
    dataset = dataset_of(name, table.where, samples, annotations, names, options=options, notes=used,
                         extra_hashes={table.path: hashlib.sha256(content).hexdigest()})
    return replace(dataset, undivided=columns.split is None)


def read_rows(table: Table, columns: Columns, where: str | None = None) -> list[Row]:
    """The rows that have the values wanted. Raises DataError naming the line at fault."""
    fits, _ = kept_rows(table, where)
    rows = [_row(table, line, cells, columns) for line, cells in table.rows() if fits(cells)]
    if not rows and where is not None:
        raise refuse_none(table.where, where)
    if not rows:
        raise DataError(f"{table.where}: the table has no rows below its header. Add one row a picture.")
    _refuse_doubles(table.where, rows)
    return rows


def _row(table: Table, line: int, cells: Sequence[str], columns: Columns) -> Row:
    where = f"{table.where}: line {line}"
    places, numbers = columns.targets.places, columns.targets.kind == "numbers"

    def cell(place: int) -> str:
        value = cells[place].strip() if place < len(cells) else ""
        if not value:
            raise DataError(f"{where} has nothing in the column '{shown(table.columns[place])}'. Fill it in or remove "
                            "the row.")
        return value

    if len(cells) > len(table.columns):
        raise DataError(f"{where} has more cells than the header has columns. Quote a cell with a comma in it"
                        f"{', and write 1.5 for 1,5' if numbers else ''}.")
    path = as_posix(cell(columns.path))
    targets = (tuple(map(cell, places)) if numbers or len(places) == 1 else (_hot(table, where, cells, places),))
    group, well = ("/".join(map(cell, places)) or None for places in (columns.group, columns.wells))
    if columns.split is None:
        return Row(line, path, targets, "train", group, well)
    split = cell(columns.split)
    part = part_name(split)
    if part is None:
        raise DataError(f"{where}: the column '{table.columns[columns.split]}' must be train, validation or test, "
                        f"but it is '{shown(split)}'.")
    return Row(line, path, targets, part, group, well)


def _hot(table: Table, where: str, cells: Sequence[str], places: Sequence[int]) -> str:
    """The name of the one column that holds 1."""
    hot = [place for place in places if place < len(cells) and cells[place].strip() in ("1", "1.0")]
    if len(hot) != 1:
        raise DataError(f"{where}: one of the {len(places)} columns of classes must be 1 and the others 0, but "
                        f"{len(hot)} are 1. A picture has one class: correct the row, or type --label COLUMN.")
    return table.columns[hot[0]]


def _refuse_doubles(where: str, rows: Sequence[Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.path in first:
            raise DataError(f"{where}: {shown(row.path, 200)} is listed twice, on lines {first[row.path]} and "
                            f"{row.line}. Keep one row a picture.")
        first[row.path] = row.line


def _find_pictures(rows: Sequence[Row], table: Source, tree: Tree, files: RowFiles) -> tuple[list[Source], list[str]]:
    """The file of each row and how it was found. Raises DataError with the first that is missing and how many are."""
    found, how = files.of([row.path for row in rows])
    missing = [row for row, source in zip(rows, found, strict=True) if source is None]
    if missing:
        path = shown(missing[0].path, 200)
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        alike = files.called_alike(missing[0].path)
        if alike > 1:
            raise DataError(f"{table.where}: line {missing[0].line}: {alike} pictures in {tree.where} may be meant by "
                            f"{path}{more}. Write their paths, relative to the table's folder.")
        raise DataError(f"{table.where}: line {missing[0].line}: there is no file {path}{more} in {tree.where}. "
                        "Paths are relative to the table's folder: correct them or add the files.")
    return [source for source in found if source is not None], [how] if how else []


def _annotations(table: Table, targets: Targets, rows: Sequence[Row], classes: Sequence[str] | None,
                 ) -> tuple[Annotations, tuple[str, ...], list[str]]:  # fmt: skip
    """What is known of each row's picture, the names of the classes, and notes. Raises DataError naming the line."""
    if targets.kind == "numbers":
        found, told = numbers_of(table.where, [table.columns[place] for place in targets.places],
                                 [(row.line, row.targets) for row in rows])
        return found, (), told
    names, numbers, told = _numbered([row.targets[0] for row in rows], classes)
    for row in rows:
        if row.targets[0] not in numbers:
            raise DataError(f"{table.where}: line {row.line}: the label must be one of the {len(names)} names in "
                            f"classes.txt or a number from 0 to {len(names) - 1}, but it is '{shown(row.targets[0])}'. "
                            "Correct the row or classes.txt.")
    return Classes(np.array([numbers[row.targets[0]] for row in rows], np.int64)), names, told


def _numbered(labels: Sequence[str], classes: Sequence[str] | None,
              ) -> tuple[tuple[str, ...], dict[str, int], list[str]]:  # fmt: skip
    """The names of the classes, the number of each label that has one as it is written, and notes."""
    different = set(labels)
    names = tuple(classes) if classes is not None else sorted_names(set(shown_names(different).values()))
    of_form = {one_form(name): number for number, name in enumerate(names)}
    numbers = {label: of_form[one_form(label)] for label in different if one_form(label) in of_form}
    if classes is None or len(numbers) == len(different):
        return names, numbers, []
    values = {label: int(label) for label in different - numbers.keys() if label.isdecimal() and len(label) < 10}
    from_one = bool(values) and not numbers and min(values.values()) == 1 and max(values.values()) == len(names)
    numbers |= {label: value - from_one for label, value in values.items() if value - from_one < len(names)}
    told = ["labels begin with 1: the first line of classes.txt names label 1"] if from_one else []
    return names, numbers, told


def _unlisted(tree: Tree, used: Sequence[Source]) -> list[str]:
    """A note on pictures that no row names."""
    named = {source.path for source in used}
    left = [source.path for source in tree.sources if is_picture(source.path) and source.path not in named]
    return [f"pictures not in the table, left out: {len(left):,} (such as {shown(left[0])})"] if left else []
