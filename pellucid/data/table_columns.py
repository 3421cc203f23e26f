"""Which column of a table means what: the pictures, their part, their group; table_targets.py says what is learnt.

Known   by name (path, split, group and their usual synonyms); the column of pictures also by its cells, which name them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.data.asked_columns import no_column
from pellucid.data.options import Options
from pellucid.data.table_looks import LOOKED_AT
from pellucid.data.table_targets import LABEL, OTHER_LABELS, Targets, choose_targets
from pellucid.data.table_text import Table, listed
from pellucid.data.wells import well_columns
from pellucid.errors import DataError

PATH = ("path", "file", "image", "filename", "file_name")
OTHER_PATHS = ("filepath", "file_path", "image_path", "img_path", "image_file", "image_filename", "image_name",
               "img_name", "img", "picture", "photo", "image_id", "imageid", "img_id", "id", "id_code",
               "name")  # fmt: skip
SPLIT = ("split", "part", "subset")
GROUP = ("group",)
USUAL = frozenset((*PATH, *OTHER_PATHS, *LABEL, *OTHER_LABELS, *SPLIT, *GROUP))


@dataclass(frozen=True)
class Columns:
    """Places of the columns in a row: the path, what is learnt, the part, the group and the well (several each)."""

    path: int
    targets: Targets
    split: int | None
    group: tuple[int, ...]
    wells: tuple[int, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()


def choose_columns(table: Table, options: Options, *, names_pictures: Callable[[str], bool]) -> Columns:
    """The columns of a table. Raises DataError with what to type."""
    path = path_column(table, names_pictures)
    if path is None:
        raise DataError(f"{table.where}: the table must have a column of paths, called {' or '.join(PATH)}, or one "
                        f"whose cells name pictures, but its columns are {listed(table.columns)}. "
                        "Correct the header line.")
    split = table.place_of(SPLIT)
    grouped = group_columns(table, options.group)
    targets = choose_targets(table, options, (path, split, *grouped))
    wells = well_columns(table, (path, split, *targets.places))
    used = {path, split, *grouped, *wells, *targets.places}
    unused = tuple(name for place, name in enumerate(table.columns) if place not in used)
    called = table.columns[path]
    told = () if called.lower() in PATH else (f"pictures from column '{called}'",)
    return Columns(path, targets, split, grouped, wells, unused, (*told, *targets.notes))


def group_columns(table: Table, asked: str | None) -> tuple[int, ...]:
    """Places of the columns that --group names, one or several with commas; of the one called group without it."""
    whole = table.place_of([asked.strip().lower()] if asked else GROUP)
    if whole is not None or not asked:
        return () if whole is None else (whole,)
    found = [(name, table.place_of([name.strip().lower()])) for name in asked.split(",")]
    for name, place in found:
        if place is None:
            raise no_column(table, name.strip())
    return tuple(dict.fromkeys(place for _, place in found if place is not None))


def path_column(table: Table, names_pictures: Callable[[str], bool]) -> int | None:
    """The column of the pictures: called so, else the first whose cells name pictures, usual names before others."""
    called = table.place_of(PATH)
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
