"""Boxes from a CSV: a row an object, columns filename, class, xmin, ymin, xmax, ymax (others are left alone).

Corners are taken as they say, in pixels from 0 with the far edge exclusive. A row with a file alone is background.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from pellucid.data.boxes.found import Entry, Found, Marked, Places, part_of
from pellucid.data.naming import part_name, sorted_names
from pellucid.data.sources import Source, Tree
from pellucid.data.table_text import Table, read_table
from pellucid.errors import DataError, PellucidError, shown
from pellucid.words import decimal

FILE = ("filename", "file", "image", "path", "image_path", "image_id")
CLASS = ("class", "label", "category", "name")
CORNERS = (("xmin", "x1", "x_min", "left"), ("ymin", "y1", "y_min", "top"),
           ("xmax", "x2", "x_max", "right"), ("ymax", "y2", "y_max", "bottom"))  # fmt: skip
SPLIT = ("split", "part", "subset")
USUAL = frozenset(word for words in (FILE, CLASS, *CORNERS, SPLIT) for word in words)


def read_tables(tree: Tree, places: Places, only: Source | None = None) -> Found | None:
    """What the tables at the top of a tree say, or `only` one of them; None where none has such columns."""
    at_top = [source for source in tree.sources
              if "/" not in source.path and source.path.lower().endswith((".csv", ".tsv"))]  # fmt: skip
    tables = [(source, table) for source in ([only] if only is not None else at_top)
              if (table := box_table(source)) is not None]
    if not tables:
        return None
    entries: dict[str, Entry] = {}
    marked: dict[str, list[tuple[str, Marked]]] = {}
    for source, table in tables:
        read_rows(source, table, places, entries, marked)
    names = sorted_names({name for rows in marked.values() for name, _ in rows})
    numbers = {name: number for number, name in enumerate(names)}
    for path, rows in marked.items():
        entries[path].marked = [Marked(numbers[name], one.corners, one.where) for name, one in rows]
    found = Found("CSV", names, list(entries.values()), [source for source, _ in tables])
    found.notes += [note for _, table in tables for note in table.notes]
    return found


def box_table(source: Source) -> Table | None:
    """The table, if it has a column for the file, the class and each corner."""
    try:
        table = read_table(bytes(source.read()), source.where, USUAL)
    except PellucidError:
        return None
    return table if all(table.place_of(words) is not None for words in (FILE, CLASS, *CORNERS)) else None


def read_rows(source: Source, table: Table, places: Places, entries: dict[str, Entry],
              marked: dict[str, list[tuple[str, Marked]]]) -> None:  # fmt: skip
    """Add the objects of a table. Raises DataError naming the line."""
    file, label, split = (table.place_of(words) for words in (FILE, CLASS, SPLIT))
    corners = [table.place_of(words) for words in CORNERS]
    height, width = table.place_of(("height",)), table.place_of(("width",))
    of_table = part_of(PurePosixPath(source.path).name)
    for line, cells in table.rows():
        where = f"{table.where}: line {line}"
        cell = [cells[at].strip() if at is not None and at < len(cells) else "" for at in
                (file, label, *corners, split, height, width)]  # fmt: skip
        part = of_table if not cell[6] else part_name(cell[6])
        if cell[6] and part is None:
            raise DataError(f"{where}: the part must be train, validation or test, but it is '{shown(cell[6])}'.")
        entry = entry_of(cell[0], where, places, source, part, entries)
        if decimal(cell[7]) and decimal(cell[8]):
            entry.size = (int(float(cell[7])), int(float(cell[8])))
        rows = marked.setdefault(entry.source.path, [])
        if not any(cell[1:6]):
            continue
        numbers = [decimal(word) for word in cell[2:6]]
        if any(number is None for number in numbers) or not cell[1]:
            raise DataError(f"{where}: an object must have a class and four numbers (xmin, ymin, xmax, ymax), but it "
                            f"has '{shown(', '.join(cell[1:6]), 60)}'. Correct the row.")
        x1, y1, x2, y2 = (number for number in numbers if number is not None)
        rows.append((cell[1], Marked(0, (x1, y1, x2, y2), where)))


def entry_of(name: str, where: str, places: Places, source: Source, part: str | None,
             entries: dict[str, Entry]) -> Entry:  # fmt: skip
    """The picture of a row, made when it is met first. Raises DataError for one that is not there."""
    meant: Sequence[Source] = places.meant(name, source.path, part) if name else []
    if len(meant) != 1:
        what = "several pictures are called" if meant else "there is no picture called"
        raise DataError(f"{where}: {what} {shown(name)}. Add the picture, or remove the row.")
    path = meant[0].path
    entry = entries.setdefault(path, Entry(meant[0], part or part_of(path) if "/" in path or part else None, where))
    if part is not None and entry.part != part:
        raise DataError(f"{where}: {shown(name)} is in the {entry.part} part already. Keep it in one.")
    return entry
