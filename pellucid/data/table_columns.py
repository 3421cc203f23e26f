"""Which column of a table means what: the pictures, their classes, their part, their group.

Known   by name (path, label, split, group and their usual synonyms); the column of pictures also by its cells, which
        name them; classes also as the only other column, or as columns of 0 and 1, one a class (one-hot)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pellucid.data.table_text import Table, listed
from pellucid.errors import DataError

PATH = ("path", "file", "image", "filename", "file_name")
OTHER_PATHS = ("filepath", "file_path", "image_path", "img_path", "image_file", "image_filename", "image_name",
               "img_name", "img", "picture", "photo", "image_id", "imageid", "img_id", "id", "id_code",
               "name")  # fmt: skip
LABEL = ("label", "class")
OTHER_LABELS = ("labels", "class_name", "classname", "label_name", "class_label", "target", "category",
                "category_name", "species", "breed", "diagnosis", "dx")  # fmt: skip
SPLIT = ("split", "part", "subset")
GROUP = ("group",)
USUAL = frozenset((*PATH, *OTHER_PATHS, *LABEL, *OTHER_LABELS, *SPLIT, *GROUP))
LOOKED_AT = 200                 # rows whose cells tell what a column holds
MOST_CLASSES = 10_000           # columns of 0 and 1


@dataclass(frozen=True)
class Columns:
    """Places of the columns in a row: the path, the label (or the one-hot columns), the part and the group."""

    path: int
    labels: tuple[int, ...]
    split: int | None
    group: int | None
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()


def choose_columns(table: Table, *, label: str | None, group: str | None, names_pictures: Callable[[str], bool],
                   ) -> Columns:  # fmt: skip
    """The columns of a table; `label` and `group` are names that the user gave. Raises DataError with what to type."""
    path = path_column(table, names_pictures)
    if path is None:
        raise DataError(f"{table.where}: the table must have a column of paths, called {' or '.join(PATH)}, or one "
                        f"whose cells name pictures, but its columns are {listed(table.columns)}. "
                        "Correct the header line.")
    split = _named(table, SPLIT)
    grouped = _asked(table, group) if group else _named(table, GROUP)
    labels, notes = _label_columns(table, label, path, (split, grouped))
    used = {path, split, grouped, *labels}
    unused = tuple(name for place, name in enumerate(table.columns) if place not in used)
    called = table.columns[path]
    if called.lower() not in PATH:
        notes = (f"pictures from column '{called}'", *notes)
    return Columns(path, labels, split, grouped, unused, notes)


def path_column(table: Table, names_pictures: Callable[[str], bool]) -> int | None:
    """The column of the pictures: called so, else the first whose cells name pictures, usual names before others."""
    called = _named(table, PATH)
    if called is not None:
        return called
    rows = [cells for _, cells in table.rows(LOOKED_AT)]
    small = [name.lower() for name in table.columns]
    order = sorted(range(len(small)), key=lambda place: (small[place] not in OTHER_PATHS, place))
    for place in order:
        cells = [row[place] for row in rows if place < len(row)]
        if cells and 2 * sum(map(names_pictures, cells)) >= len(cells):
            return place
    return next((place for place in order if small[place] in OTHER_PATHS[:-4]), None)


def label_by_name(table: Table) -> int | None:
    """The column that is called as classes are; None when there is none, or more than one that it may be."""
    usual = _named(table, LABEL)
    if usual is not None:
        return usual
    places = [place for place, name in enumerate(table.columns) if name.lower() in OTHER_LABELS]
    return places[0] if len(places) == 1 else None


def _label_columns(table: Table, asked: str | None, path: int, others: Sequence[int | None],
                   ) -> tuple[tuple[int, ...], tuple[str, ...]]:  # fmt: skip
    if asked:
        return (_asked(table, asked),), ()
    place = label_by_name(table)
    if place is None:
        left = [at for at in range(len(table.columns)) if at != path and at not in others]
        if len(left) == 1 and len(table.columns) == 2:
            place = left[0]
        elif 2 <= len(left) <= MOST_CLASSES and _one_hot(table, left):
            names = [table.columns[at] for at in left]
            return tuple(left), (f"classes from {len(left):,} columns of 0 and 1: {listed(names, 5)}",)
    if place is None:
        may_be = [name for name in table.columns if name.lower() in OTHER_LABELS]
        example = may_be[0] if may_be else "COLUMN"
        raise DataError(f"{table.where}: the table must have a column of labels, called {' or '.join(LABEL)}, but its "
                        f"columns are {listed(table.columns)}. Name the column of the classes: --label {example}.")
    called = table.columns[place]
    return (place,), () if called.lower() in LABEL else (f"classes from column '{called}'",)


def _one_hot(table: Table, places: Sequence[int]) -> bool:
    """Whether the cells at these places are 0 or 1 in every row looked at, with some 1."""
    seen = False
    for _, cells in table.rows(LOOKED_AT):
        values = [cells[place].strip() if place < len(cells) else "" for place in places]
        if not {*values} <= {"0", "1", "0.0", "1.0"}:
            return False
        seen = True
    return seen


def _named(table: Table, names: Sequence[str]) -> int | None:
    small = [name.lower() for name in table.columns]
    return next((small.index(name) for name in names if name in small), None)


def _asked(table: Table, name: str) -> int:
    small = [column.lower() for column in table.columns]
    if name.strip().lower() not in small:
        raise DataError(f"{table.where}: the table must have a column '{name}', but its columns are "
                        f"{listed(table.columns)}. Correct the header line.")
    return small.index(name.strip().lower())
