"""Points from a CSV: a row an object, a column for its picture, and two or three columns a point.

Columns   x0, y0, x1, y1 ...; NAME_x, NAME_y and perhaps NAME_v; or 0, 1, 2 ... for x0, y0, x1 ...; x1, y1, x2, y2
          beside points with names, or beside a class, are a box, and alone must be told
          perhaps box_x0 box_y0 box_x1 box_y1 (or xmin ymin xmax ymax), group, split, width, height
Units     whole numbers are pixels counted from 0: 12 is the middle of the 13th pixel, 12.5 where it ends
Not marked  a coordinate that is empty, and a visibility of 0; others are 1 hidden, 2 seen, and where a file has no 2,
          its 1 is seen
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pellucid.data.asked_columns import asked_columns
from pellucid.data.boxes.found import Places, part_of
from pellucid.data.boxes.table import CLASS, FILE, SPLIT
from pellucid.data.boxes.table import CORNERS as USUAL_CORNERS
from pellucid.data.naming import part_name
from pellucid.data.points.column import SEEN
from pellucid.data.points.found import HALF, NOWHERE, Found, Marked, Point, seen_of
from pellucid.data.points.skeleton_file import skeleton_beside
from pellucid.data.sources import Source, Tree
from pellucid.data.table_text import Table, listed, read_table
from pellucid.errors import DataError, PellucidError, shown
from pellucid.words import decimal

PICTURE = ("image_name", *FILE, "picture", "image_path", "frame")
CORNERS = tuple((box, *(word for word in words if len(word) > 2)) for box, words in
                zip(("box_x0", "box_y0", "box_x1", "box_y1"), USUAL_CORNERS, strict=True))  # fmt: skip
HEAD = tuple((f"head_{corner}", f"head_{other}") for corner, other in
             zip(("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"), strict=True))  # fmt: skip
GROUP = ("group", "person", "subject", "animal", "individual", "video")
SEEN_WORDS = ("v", "visible", "visibility")
NUMBERED = re.compile(r"(x|y|v)_?([0-9]+)")
NAMED = re.compile(rf"(.+?)[_. -](x|y|{'|'.join(SEEN_WORDS)})")
NOTHING = ("", "nan", "na", "none", "null")


@dataclass(frozen=True)
class PointColumns:
    """Where what stands: for each point (x, y, visibility or None)."""

    names: tuple[str, ...]
    places: tuple[tuple[int, int, int | None], ...]
    picture: int
    corners: tuple[int, ...]
    split: int | None
    group: tuple[int, ...]
    size: tuple[int, ...]
    told: tuple[int, ...] = ()
    head: tuple[int, ...] = ()


def read_tables(tree: Tree, places: Places, group: str | None, only: Source | None = None,
                label: str | None = None, *, asked: bool = False) -> Found | None:  # fmt: skip
    """What the tables of a tree say, those that lie least deep, or `only` one of them; None where none has points.

    Where they are not `asked` for, one point alone is none, unless its table was named.
    """
    once = {source.path: source for source in tree.sources if source.path.lower().endswith((".csv", ".tsv"))}
    found: dict[int, list[tuple[Source, Table, PointColumns]]] = {}
    for source in [only] if only is not None else once.values():
        read = point_table(source, group, 1 if asked or only is not None else 2, label, asked=asked)
        if read is not None:
            found.setdefault(source.path.count("/"), []).append((source, *read))
    if not found:
        return None
    tables = found[min(found)]
    names = tables[0][2].names
    other = next((source for source, _, columns in tables if columns.names != names), None)
    if other is not None:
        raise DataError(f"{tree.where}: {tables[0][0].path} and {other.path} name other points. Type the path of the "
                        "one you mean.")
    marked = [one for source, table, columns in tables for one in read_rows(source, table, columns, places)]
    if not marked:
        raise DataError(f"{tables[0][1].where}: the table has no rows below its header. Add one row an object.")
    if not any(flag == SEEN for one in marked for _, _, flag in one.points):
        marked = [replace(one, points=[(x, y, SEEN * (flag > 0)) for x, y, flag in one.points]) for one in marked]
    notes = [note for _, table, _ in tables for note in table.notes]
    skeleton, told = skeleton_beside(tree, names)
    return Found("CSV", skeleton, marked, [*(source for source, _, _ in tables), *([told] if told else [])], notes,
                 attributes=[tables[0][1].columns[place] for place in tables[0][2].told])  # fmt: skip


def point_table(source: Source, group: str | None, least: int, label: str | None, *, asked: bool,
                ) -> tuple[Table, PointColumns] | None:  # fmt: skip
    """The table and its columns, if it has one for the picture and two for `least` points or more.

    Raises DataError for a group's column that is not there, and for two corners that may be points, unless points are
    `asked` for.
    """
    try:
        table = read_table(bytes(source.read()), source.where, PICTURE)
    except PellucidError:
        return None
    at = table.place_of(PICTURE)
    points = points_among(table.columns)
    corners, head = ([table.place_of(words) for words in every] for every in (CORNERS, HEAD))
    box = corners_among(table, points, asked=asked) if None in corners else ()
    points = {name: places for name, places in points.items() if not {*places} & {*box}}
    if at is None or len(points) < least:
        return None
    table = replace(table, notes=(*table.notes, *odd_columns(table, points, box)))
    corners = list(box) or corners
    usual_group = table.place_of(GROUP)
    groups = asked_columns(table, group) or (() if usual_group is None else (usual_group,))
    size = [place for word in ("height", "width") if (place := table.place_of((word,))) is not None]
    return table, PointColumns(
        tuple(points), tuple(points.values()), at,
        tuple(place for place in corners if place is not None) if None not in corners else (),
        table.place_of(SPLIT), groups, tuple(size) if len(size) == 2 else (),
        asked_columns(table, label),
        tuple(place for place in head if place is not None) if None not in head else ())  # fmt: skip


def points_among(columns: Sequence[str]) -> dict[str, tuple[int, int, int | None]]:
    """The name of each point and the places of its x, y and visibility."""
    found: dict[str, dict[str, int]] = {}
    for place, column in enumerate(columns):
        number, named = NUMBERED.fullmatch(column.lower()), NAMED.fullmatch(column)
        named = named or NAMED.fullmatch(column.lower())
        if number is not None:
            found.setdefault(number[2], {})[number[1]] = place
        elif named is not None and named[1].lower() not in ("box", "bbox"):
            found.setdefault(named[1], {})["v" if named[2] in SEEN_WORDS else named[2]] = place
    if not found:
        bare = [place for place, column in enumerate(columns) if column.isdecimal()]
        if len(bare) % 2 == 0 and [int(columns[place]) for place in bare] == list(range(len(bare))):
            found = {str(k): {"x": bare[2 * k], "y": bare[2 * k + 1]} for k in range(len(bare) // 2)}
    return {name: (at["x"], at["y"], at.get("v")) for name, at in found.items() if "x" in at and "y" in at}


def corners_among(table: Table, points: Mapping[str, tuple[int, int, int | None]], *, asked: bool) -> Sequence[int]:
    """The places of x1, y1, x2, y2 where they are a box: beside points that have names, or a class; else none.

    Raises DataError where nothing says which of the two they are, unless points are `asked` for.
    """
    corners = [place for word in ("x1", "y1", "x2", "y2") if (place := table.place_of((word,))) is not None]
    numbered = [name for name in points if name.isdecimal()]
    if len(corners) < 4 or numbered != ["1", "2"] or any(points[name][2] is not None for name in numbered):
        return ()
    if len(points) > 2 or (not asked and table.place_of(CLASS) is not None):
        return corners
    if not asked and table.place_of(PICTURE) is not None:
        raise DataError(f"{table.where}: x1, y1, x2, y2 may be two points or the corners of a box. Type --task "
                        "keypoints for points, or give each row of boxes a class in a column of that name.")
    return ()


def odd_columns(table: Table, points: Mapping[str, tuple[int, int, int | None]], box: Sequence[int]) -> list[str]:
    """What to say of columns x without y and the other way round. Raises DataError for a coordinate in two columns."""
    taken = {*box, *(place for places in points.values() for place in places if place is not None)}
    first = {table.columns[place].lower(): place for place in taken}
    alone = []
    for place, column in enumerate(table.columns):
        twin = first.get(column.lower(), place)
        if twin != place:
            raise DataError(f"{table.where}: columns {min(place, twin) + 1} and {max(place, twin) + 1} both are "
                            f"{shown(column)}. Remove one, or rename it.")
        found = NUMBERED.fullmatch(column.lower()) or NAMED.fullmatch(column.lower())
        if place not in taken and found and {"x", "y"} & set(found.groups()) and found[1] not in ("box", "bbox"):
            alone.append(column)
    return [f"columns of x without y, or y without x, taken for no point: {listed(alone)}"] if alone else []


def read_rows(source: Source, table: Table, columns: PointColumns, places: Places) -> list[Marked]:
    """The objects of a table. Raises DataError naming the line."""
    of_table = part_of(PurePosixPath(source.path).name)
    return [marked_of(f"{table.where}: line {line}", cells, columns, places, source, of_table)
            for line, cells in table.rows()]


def marked_of(where: str, cells: Sequence[str], columns: PointColumns, places: Places, source: Source,
              of_table: str | None) -> Marked:  # fmt: skip
    """The object of one row."""
    def cell(place: int | None) -> str:
        return cells[place].strip() if place is not None and place < len(cells) else ""

    split = cell(columns.split)
    part = of_table if not split else part_name(split)
    if split and part is None:
        raise DataError(f"{where}: the part must be train, validation or test, but it is '{shown(split)}'.")
    picture = picture_of(cell(columns.picture), where, places, source, part)
    points = [point_of(where, name, cell(x), cell(y), None if v is None else cell(v))
              for name, (x, y, v) in zip(columns.names, columns.places, strict=True)]  # fmt: skip
    half = sum((cell(x).lower() in NOTHING) != (cell(y).lower() in NOTHING) for x, y, _ in columns.places)
    box, head = (four_of(where, [cell(place) for place in every]) for every in (columns.corners, columns.head))
    size = [number for place in columns.size if (number := decimal(cell(place))) is not None]
    if any(not cell(place) for place in columns.group):
        raise DataError(f"{where} has no group. Fill it in, or remove the row.")
    group = "/".join(map(cell, columns.group)) or None
    return Marked(picture, points, where, part, box, None, group,
                  (int(size[0]), int(size[1])) if len(size) == 2 else None, half,
                  head, [cell(place) for place in columns.told])  # fmt: skip


def four_of(where: str, corners: Sequence[str]) -> tuple[float, float, float, float] | None:
    """The corners of a box; None where all are empty. Raises DataError for others than four numbers."""
    numbers = [number for word in corners if (number := decimal(word)) is not None]
    if any(corners) and len(numbers) != 4:
        raise DataError(f"{where}: a box must have four numbers, but it has '{shown(', '.join(corners), 60)}'. Correct "
                        "the row, or leave all four empty.")
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def point_of(where: str, name: str, x: str, y: str, seen: str | None) -> Point:
    """x, y and visibility. Raises DataError for what is neither a number nor nothing, and for a visibility beyond 2."""
    flag = seen_of(where, name, seen) if seen else SEEN
    numbers = []
    for axis, word in (("x", x), ("y", y)):
        number = None if word.lower() in NOTHING else decimal(word)
        if number is None and word.lower() not in NOTHING:
            raise DataError(f"{where}: {axis} of {shown(name)} must be a number of pixels, or empty where the point is "
                            f"not marked, but it is '{shown(word)}'. Correct it.")
        numbers.append(number)
    across, down = numbers
    return NOWHERE if across is None or down is None or not flag else (across + HALF, down + HALF, flag)


def picture_of(name: str, where: str, places: Places, source: Source, part: str | None) -> Source:
    """The picture that a row means. Raises DataError for one that is not there."""
    if not name:
        raise DataError(f"{where} names no picture. Fill it in, or remove the row.")
    meant: Sequence[Source] = places.meant(name, source.path, part)
    if len(meant) != 1:
        what = "several pictures are called" if meant else "there is no picture called"
        raise DataError(f"{where}: {what} {shown(name)}. Add the picture, or remove the row.")
    return meant[0]
