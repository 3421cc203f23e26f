"""Points in a .pts file beside each picture, as 300-W has them: one object, counted from 1.

Form    version: 1, n_points: K, {, K lines of x y, }
Units   pixels counted from 1: half a pixel less is the place here; nan for a point that is not marked
"""

from __future__ import annotations

from pellucid.data.boxes.found import Places, part_of, stem_of
from pellucid.data.boxes.yolo import lines_of
from pellucid.data.points.found import HALF, NOWHERE, Found, Marked, Point
from pellucid.data.points.skeleton_file import skeleton_beside
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, shown
from pellucid.words import decimal, whole


def read_pts(tree: Tree, places: Places) -> Found | None:
    """What the .pts files of a tree say; None where there are none. Raises FileError and DataError naming the line."""
    found: Found | None = None
    told: Source | None = None
    for text in tree.sources:
        if not text.path.lower().endswith(".pts"):
            continue
        pictures = [source for source in places.by_stem.get(stem_of(text.path.rpartition("/")[2]), [])
                    if stem_of(source.path) == stem_of(text.path)]  # fmt: skip
        if not pictures:
            raise DataError(f"{text.where}: there is no picture beside it. Add it, or remove the file.")
        points = points_in(text)
        if found is None:
            skeleton, told = skeleton_beside(tree, tuple(map(str, range(len(points)))))
            found = Found(".pts", skeleton, [], [])
        if len(points) != len(found.skeleton):
            raise DataError(f"{text.where}: it has {len(points)} points, and {found.files[0].where} has "
                            f"{len(found.skeleton)}. All must have as many: keep one kind.")
        found.files.append(text)
        part = part_of(text.path) if "/" in text.path else None
        found.marked.append(Marked(pictures[0], points, text.where, part))
    if found is not None and told is not None:
        found.files.append(told)
    return found


def points_in(text: Source) -> list[Point]:
    """The points of one file. Raises DataError naming the line."""
    points: list[Point] = []
    declared, inside = None, False
    for line, words in enumerate(map(str.split, lines_of(text)), 1):
        where = f"{text.where}: line {line}"
        if not words or words[0].startswith("version") or words[0].startswith("#"):
            continue
        if words[0].startswith("n_points"):
            declared = whole("".join(words).partition(":")[2], 1)
            if declared is None:
                raise DataError(f"{where}: n_points must be a whole number of points, but the line is "
                                f"'{shown(' '.join(words), 40)}'. Correct it.")
        elif words[0] in ("{", "}"):
            inside = words[0] == "{"
        elif inside:
            points.append(point_of(where, words))
    if not points or (declared is not None and declared != len(points)):
        told = "" if declared is None else f" and n_points says {declared}"
        raise DataError(f"{text.where}: there are {len(points)} points between {{ and }}{told}. Correct the file.")
    return points


def point_of(where: str, words: list[str]) -> Point:
    """x and y of a line."""
    numbers = [decimal(word) for word in words]
    if [word.lower() for word in words] == ["nan", "nan"]:
        return NOWHERE
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        raise DataError(f"{where}: a point must be two numbers, x y, but the line is '{shown(' '.join(words), 40)}'. "
                        "Correct it.")
    return numbers[0] - HALF, numbers[1] - HALF, 2
