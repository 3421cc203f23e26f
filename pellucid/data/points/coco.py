"""COCO keypoints: a JSON a part whose categories name points and whose annotations hold x, y, visibility of each.

Units    pixels counted from 0 (their middles are 0.5 further here); v = 0 not marked, 1 hidden, 2 seen; bbox as it says
Skeleton edges counted from 1; flip_pairs (from 1) and sigmas of a category, and the group of an annotation, are read
         where somebody put them; else names tell, or the usual skeleton of such names
Area     of the object; 0, which files of points alone have, says nothing: that of its box is taken
Heads    head_box [x, y, width, height] of an annotation, where somebody put one, for PCKh
Crowds   (iscrowd) hold no person that could be told from others: they are left out
Source   cocodataset.org, format-data and keypoints-eval
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from pellucid.data.boxes.coco import BEGIN, Ident, Image, is_keypoints, misfit, not_whole, pictures_of
from pellucid.data.boxes.coco import File as BoxFile
from pellucid.data.boxes.coco import parsed as box_file
from pellucid.data.boxes.found import Places, part_of
from pellucid.data.points.found import FAR, HALF, NOWHERE, Found, Marked, Point, seen_of
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, shown


class Category(Struct):
    """A kind of object, with its points if it has some."""

    id: Any
    name: Any = ""
    keypoints: list[str] = []
    skeleton: list[tuple[int, int]] = []
    flip_pairs: list[tuple[int, int]] | None = None
    sigmas: list[float] | None = None


class Annotation(Struct):
    """An object."""

    image_id: Ident
    category_id: Any = None
    keypoints: list[float] | None = None
    bbox: list[float] | None = None
    area: float | None = None
    iscrowd: int | bool = 0
    id: Any = None
    group: Any = None
    head_box: list[float] | None = None


class File(Struct):
    """What is read of a file."""

    images: list[Image]
    annotations: list[Annotation] = []
    categories: list[Category] = []


def read_coco(tree: Tree, places: Places, *, asked: bool) -> Found | None:
    """What the JSON files of a tree say; None where none of them names points. Raises FileError and DataError.

    Beside boxes of other kinds of objects points are read where they are `asked` for.
    """
    read = [(source, file) for source in tree.sources if source.path.lower().endswith(".json")
            and (file := parsed(source)) is not None]  # fmt: skip
    if not read or (not asked and boxes_beside(tree)):
        return None
    skeletons = [skeleton_of(source.where, file) for source, file in read]
    other = next((place for place, one in enumerate(skeletons) if one.names != skeletons[0].names), None)
    if other is not None:
        raise DataError(f"{read[other][0].where}: its points are not those of {read[0][0].where}. Keep one of the two.")
    found = Found("COCO", skeletons[0], [], [source for source, _ in read])
    crowds = 0
    for source, file in read:
        part = part_of(source.path)
        pictures = pictures_of(source, BoxFile(file.images), places, part)
        found.entries += pictures.values()
        having, known = [one.id for one in file.categories if one.keypoints], [one.id for one in file.categories]
        for place, told in enumerate(file.annotations):
            where = f"{source.where}: annotations[{place}]" + ("" if told.id is None else f" (id {shown(told.id, 24)})")
            if told.image_id not in pictures:
                raise DataError(f"{where}: there is no image {shown(told.image_id)} in the file. Correct image_id or "
                                "remove it.")
            if told.category_id is not None and told.category_id not in known:
                raise DataError(f"{where}: there is no category {shown(told.category_id)} in the file. Declare it, or "
                                "correct category_id.")
            crowds += bool(told.iscrowd)
            entry = pictures[told.image_id]
            if not told.iscrowd and told.keypoints is not None:
                found.marked.append(replace(marked_of(where, told, found.skeleton, entry.source),
                                            part=part, size=entry.size))
            elif told.category_id in having:
                told.keypoints = [0.0] * 3 * len(found.skeleton)
                found.aside.append(replace(marked_of(where, told, found.skeleton, entry.source),
                                           part=part, size=entry.size))
    found.notes += [f"crowds, in which no object can be told from others, left out: {crowds:,}"] if crowds else []
    return found


def boxes_beside(tree: Tree) -> bool:
    """Whether a JSON marks boxes of objects without points."""
    files = (box_file(source) for source in tree.sources if source.path.lower().endswith(".json"))
    return any(file is not None and not is_keypoints(file) for file in files)


def parsed(source: Source) -> File | None:
    """The file, if it is one of points. Raises FileError for one that is broken, with the entry at fault."""
    content = bytes(source.read())
    if content[:BEGIN].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{" or b'"keypoints"' not in content:
        return None
    try:
        file = msgspec.json.decode(content, type=File)
    except msgspec.ValidationError as fault:
        raise misfit(source, fault) from fault
    except (msgspec.DecodeError, RecursionError) as fault:
        raise not_whole(source, fault) from fault
    return file if any(one.keypoints for one in file.categories) else None


def skeleton_of(where: str, file: File) -> Skeleton:
    """The skeleton of the one kind of object that has points. Raises DataError where two have, or for a wrong one."""
    having = [place for place, one in enumerate(file.categories) if one.keypoints]
    if len(having) > 1:
        names = " and ".join(f"'{shown(file.categories[place].name)}'" for place in having[:2])
        raise DataError(f"{where}: the categories {names} both have points, and one kind of object is learnt. Keep "
                        "one.")
    told = file.categories[having[0]]
    try:
        known = usual(told.keypoints)
        return replace(known, edges=counted_from_0(told.skeleton) or known.edges,
                       pairs=known.pairs if told.flip_pairs is None else counted_from_0(told.flip_pairs),
                       sigmas=known.sigmas if told.sigmas is None else tuple(told.sigmas))  # fmt: skip
    except DataError as fault:
        place = f"{where}: categories[{having[0]}]"
        raise DataError(f"{place}: {fault} In the file points are counted from 1.") from None


def counted_from_0(rows: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Pairs of points that are counted from 1."""
    return tuple((a - 1, b - 1) for a, b in rows)


def marked_of(where: str, told: Annotation, skeleton: Skeleton, source: Source) -> Marked:
    """The object of an annotation. Raises DataError for numbers that do not fit."""
    numbers, count = told.keypoints or [], len(skeleton)
    if len(numbers) != 3 * count:
        raise DataError(f"{where}: keypoints must be x, y, visibility of {count} points, {3 * count} numbers, but "
                        f"there are {len(numbers)}. Correct it.")
    points: list[Point] = []
    for k, name in enumerate(skeleton.names):
        x, y, flag = numbers[3 * k : 3 * k + 3]
        points.append((x + HALF, y + HALF, seen) if (seen := seen_of(where, name, flag)) else NOWHERE)
    if told.bbox is not None and len(told.bbox) != 4:
        raise DataError(f"{where}: bbox must be [x, y, width, height], but it has {len(told.bbox)} numbers. Correct "
                        "it.")
    if told.area is not None and not 0 <= told.area <= FAR**2:
        raise DataError(f"{where}: area must be a number of pixels, 0 or more, but it is {told.area:g}. Correct it, or "
                        "leave it out.")
    x, y, width, height = told.bbox or (0.0, 0.0, 0.0, 0.0)
    if told.head_box is not None and len(told.head_box) != 4:
        raise DataError(f"{where}: head_box must be [x, y, width, height], but it has {len(told.head_box)} numbers. "
                        "Correct it.")
    left, top, wide, high = told.head_box or (0.0, 0.0, 0.0, 0.0)
    return Marked(source, points, where, head=None if told.head_box is None else (left, top, left + wide, top + high),
                  box=None if told.bbox is None else (x, y, x + width, y + height),
                  area=told.area or None, group=None if told.group is None else str(told.group))
