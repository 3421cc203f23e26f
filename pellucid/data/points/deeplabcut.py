"""DeepLabCut: labeled-data/FILM/CollectedData_SCORER.csv beside the frames, with three or four rows of header.

Header  scorer; perhaps individuals; bodyparts; coords (x, y). A frame is one cell (labeled-data/FILM/img001.png) or
        three. An empty cell is a point that is not marked; every individual is an object of its own
Units   pixels counted from 0, as its labelling windows do
Groups  the film a frame is from: frames of one film look alike, so none may be learnt from and scored. Below five films
        they cannot be parted, which is said
Edges   the skeleton of config.yaml, by names; pairs and sigmas of a skeleton.json, or as names tell
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pellucid.data.boxes.found import Places
from pellucid.data.boxes.yolo import yaml_of
from pellucid.data.points.found import Found, Marked
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.skeleton_file import skeleton_beside
from pellucid.data.points.table import NOTHING, picture_of, point_of
from pellucid.data.sources import Source, Tree
from pellucid.data.table_text import Table, read_table
from pellucid.errors import DataError, PellucidError, shown

LEAST_FILMS = 5
LEVELS = ("scorer", "individuals", "bodyparts", "coords")


@dataclass(frozen=True)
class Head:
    """The names of the points, where x and y of each stand (an object's each), and how many cells name the frame."""

    names: tuple[str, ...]
    objects: tuple[dict[str, tuple[int, int]], ...]
    cells: int
    rows: int


def read_deeplabcut(tree: Tree, places: Places, only: Source | None = None) -> Found | None:
    """What DeepLabCut's tables in a tree say, or `only` one of them; None where there is none."""
    once = {source.path: source for source in tree.sources if source.path.lower().endswith(".csv")}
    tables = [(source, table) for source in ([only] if only is not None else once.values())
              if (table := headed(source)) is not None]  # fmt: skip
    if not tables:
        return None
    heads = [head_of(table) for _, table in tables]
    for (source, _), head in zip(tables, heads, strict=True):
        if set(head.names) != set(heads[0].names):
            raise DataError(f"{source.where}: its bodyparts are not those of {tables[0][0].where}. Give all films the "
                            "same points.")
    names = heads[0].names
    skeleton, told = skeleton_beside(tree, names)
    found = Found("DeepLabCut", skeleton, [], [*(source for source, _ in tables), *([told] if told else [])])
    for (source, table), head in zip(tables, heads, strict=True):
        found.marked += read_frames(source, table, head, names, places)
    films = {one.group for one in found.marked}
    if len(films) < LEAST_FILMS:
        found.marked = [replace(one, group=None) for one in found.marked]
        found.notes.append(f"films: {len(films)}, too few to be parted by film: with frames alike in two parts, scores "
                           "look better than on a new film")
    return with_edges(found, tree)


def headed(source: Source) -> Table | None:
    """The table, if its first cell is `scorer`."""
    try:
        table = read_table(bytes(source.read()), source.where, LEVELS)
    except PellucidError:
        return None
    return table if table.columns and table.columns[0].lower() == "scorer" else None


def head_of(table: Table) -> Head:
    """What the rows of the header say. Raises DataError where a level is missing."""
    levels: dict[str, list[str]] = {"scorer": list(table.columns)}
    for _, row in table.rows(3):
        if row[0].strip().lower() in LEVELS:
            levels[row[0].strip().lower()] = [cell.strip() for cell in row]
    missing = next((level for level in ("bodyparts", "coords") if level not in levels), None)
    if missing is not None:
        raise DataError(f"{table.where}: line 1 begins with scorer, as DeepLabCut's tables do, but no row of the "
                        f"header begins with {missing}. Save it from DeepLabCut anew.")
    parts, coords = levels["bodyparts"], [word.lower() for word in levels["coords"]]
    cells = 1 + next((k for k, word in enumerate(coords[1:]) if word), 0)
    people = levels.get("individuals", [""] * len(coords))
    objects: dict[str, dict[str, dict[str, int]]] = {}
    for place in range(cells, min(len(parts), len(coords), len(people))):
        at = objects.setdefault(people[place], {}).setdefault(parts[place], {})
        if coords[place] in at:
            raise DataError(f"{table.where}: columns {at[coords[place]] + 1} and {place + 1} both are {coords[place]} "
                            f"of {shown(parts[place])}. Remove one.")
        at[coords[place]] = place
    places = [{name: (at["x"], at["y"]) for name, at in one.items() if "x" in at and "y" in at}
              for one in objects.values()]  # fmt: skip
    names = tuple(dict.fromkeys(name for one in places for name in one))
    if not names:
        raise DataError(f"{table.where}: the row coords of the header has no x and y. Save it from DeepLabCut anew.")
    return Head(names, tuple(places), cells, len(levels))


def read_frames(source: Source, table: Table, head: Head, names: Sequence[str], places: Places) -> list[Marked]:
    """The objects of a film's frames. Raises DataError naming the line."""
    found = []
    for number, (line, cells) in enumerate(table.rows()):
        if number < head.rows - 1:
            continue
        where = f"{table.where}: line {line}"
        path = "/".join(cell.strip() for cell in cells[: head.cells]).replace("\\", "/")
        beside = str(PurePosixPath(source.path).parent / PurePosixPath(path).name)
        picture = places.by_path.get(beside) or picture_of(path, where, places, source, None)
        for one in head.objects:
            words = [[cells[at].strip() if at < len(cells) else "" for at in one.get(name, ())] or ["", ""]
                     for name in names]  # fmt: skip
            points = [point_of(where, name, x, y, None) for name, (x, y) in zip(names, words, strict=True)]
            half = sum((x.lower() in NOTHING) != (y.lower() in NOTHING) for x, y in words)
            found.append(Marked(picture, points, where, group=str(PurePosixPath(path).parent), missing=half))
    return found


def with_edges(found: Found, tree: Tree) -> Found:
    """The same with the edges that a config.yaml names, where it does. Raises DataError for a name that is no point."""
    for source in tree.sources:
        if PurePosixPath(source.path).name.lower() != "config.yaml":
            continue
        told = yaml_of(source)
        rows = told.get("skeleton") if isinstance(told, dict) and "bodyparts" in told else None
        if not rows:
            continue
        if not isinstance(rows, list):
            raise DataError(f"{source.where}: skeleton must be a list of [from, to], but it is {shown(rows)}. "
                            "Correct it.")
        names = found.skeleton.names
        for row in rows:
            if not isinstance(row, list) or len(row) != 2:
                raise DataError(f"{source.where}: a line of the skeleton must join two bodyparts, but it is "
                                f"{shown(row)}. Correct it.")
            away = next((name for name in row if str(name) not in names), None)
            if away is not None:
                raise DataError(f"{source.where}: the skeleton's {shown(row)} has a point '{shown(away)}' that is not "
                                "among the bodyparts. Correct it.")
        edges = tuple((names.index(str(a)), names.index(str(b))) for a, b in rows)
        skeleton = found.skeleton
        try:
            found.skeleton = Skeleton(names, edges, skeleton.pairs, skeleton.sigmas)
        except DataError as fault:
            raise DataError(f"{source.where}: {fault} Correct it.") from None
    return found
