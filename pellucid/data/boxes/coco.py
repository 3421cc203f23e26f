"""COCO: one JSON a part with images, annotations and categories; boxes are x, y, width, height in pixels from 0.

Memory   the text and the fields that are read; polygons and masks are passed over without being built
Source   cocodataset.org, format-data; captions and person keypoints of the same pictures are left to their own tasks
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from pellucid.data.boxes.found import Entry, Found, Marked, Places, part_of
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, FileError, shown

Ident = int | str
BEGIN = 64          # bytes in which a JSON object begins, whatever stands before it


class Image(Struct):
    """A picture of the file."""

    id: Ident
    file_name: str
    width: int | float = 0
    height: int | float = 0


class Category(Struct):
    """A class of the file; names may be numbers."""

    id: int
    name: Any
    keypoints: Any = None


class Annotation(Struct):
    """An object of the file."""

    image_id: Ident
    category_id: Ident | float | None = None
    bbox: list[float] | None = None
    iscrowd: int | bool = 0
    area: float | None = None
    id: Any = None


class File(Struct):
    """What is read of a file."""

    images: list[Image]
    annotations: list[Annotation] = []
    categories: list[Category] = []


class Keys(Struct):
    """Which of the three lists a JSON has at its top."""

    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()
    categories: msgspec.Raw = msgspec.Raw()


def read_coco(tree: Tree, places: Places) -> Found | None:
    """What the JSON files of a tree say; None where none of them marks boxes. Raises FileError and DataError."""
    read = [(source, file) for source in tree.sources if source.path.lower().endswith(".json")
            and (file := parsed(source)) is not None]
    if any(not is_keypoints(file) for _, file in read):
        read = [(source, file) for source, file in read if not is_keypoints(file)]
    if not read:
        return None
    names, ids = classes_of(read)
    found = Found("COCO", names, [], [source for source, _ in read], ids)
    numbers = {number: place for place, number in enumerate(ids)}
    taken: dict[str, str] = {}
    for source, file in read:
        part = part_of(source.path)
        entries = pictures_of(source, file, places, part)
        for entry in entries.values():
            if entry.source.path in taken:
                raise DataError(f"{source.where}: the picture {shown(entry.source.path)} is in "
                                f"{taken[entry.source.path]} already. Keep one of the files.")
            taken[entry.source.path] = source.where
        for place, told in enumerate(file.annotations):
            mark(source.where, place, told, entries, numbers)
        found.entries += entries.values()
    return found


def parsed(source: Source) -> File | None:
    """The file, if it is one of boxes: images, annotations, categories, and a box at least or no object at all.

    Raises FileError for one of that form that is broken, with the entry at fault.
    """
    content = bytes(source.read())
    if content[:BEGIN].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return None
    try:
        keys = msgspec.json.decode(content, type=Keys)
    except msgspec.ValidationError:
        return None
    except RecursionError as fault:
        raise FileError(f"{source.where}: lists lie in one another too deep for JSON of annotations. Repair or replace "
                        "the file.") from fault
    except msgspec.DecodeError as fault:
        if b'"images"' not in content or b'"categories"' not in content:
            return None
        raise not_whole(source, fault) from fault
    if not (bytes(keys.images) and bytes(keys.categories)):
        return None
    try:
        file = msgspec.json.decode(content, type=File)
    except msgspec.ValidationError as fault:
        raise misfit(source, fault) from fault
    if file.annotations and all(one.bbox is None for one in file.annotations):
        return None
    return file


def not_whole(source: Source, fault: Exception) -> FileError:
    """What is said of a file that is no JSON, or breaks off."""
    return FileError(f"{source.where}: this is no whole JSON ({shown(fault, 120)}). Repair or replace the file.")


def misfit(source: Source, fault: msgspec.ValidationError) -> FileError:
    """What is said of an entry that is not of the form that COCO describes."""
    what, _, at = str(fault).partition(" - at ")
    return FileError(f"{source.where}: at {at.strip('`').lstrip('$.') or 'the top'}: {what}. Correct it.")


def is_keypoints(file: File) -> bool:
    """Whether all classes have a skeleton, as in person_keypoints_*.json."""
    return bool(file.categories) and all(category.keypoints for category in file.categories)


def classes_of(read: Sequence[tuple[Source, File]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and numbers of the classes of all files, by number; raises DataError where they contradict one another."""
    known: dict[int, str] = {}
    for source, file in read:
        own: set[int] = set()
        for place, category in enumerate(file.categories):
            name = str(category.name)
            if category.id in own:
                raise DataError(f"{source.where}: categories[{place}]: the id {category.id} is given twice. Number "
                                "every category anew.")
            own.add(category.id)
            if known.setdefault(category.id, name) != name:
                raise DataError(f"{source.where}: categories[{place}]: the id {category.id} is '{shown(name)}' here "
                                f"and '{shown(known[category.id])}' in another file. Give them one name.")
    ids = tuple(sorted(known))
    names = tuple(known[number] for number in ids)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{read[0][0].where}: two categories are called '{shown(twice)}'. Give each a name of its own.")
    return names, ids


def pictures_of(source: Source, file: File, places: Places, part: str | None) -> dict[Ident, Entry]:
    """The entries of a file by the number of their picture. Raises DataError for pictures that are not there."""
    entries: dict[Ident, Entry] = {}
    for place, image in enumerate(file.images):
        where = f"{source.where}: images[{place}]"
        if image.id in entries:
            raise DataError(f"{where}: the id {shown(image.id)} is given twice. Number every image anew.")
        meant = places.meant(image.file_name, source.path, part)
        if len(meant) != 1:
            what = "several pictures are called" if meant else "there is no picture called"
            raise DataError(f"{where}: {what} {shown(image.file_name)}. Add the picture, or remove the entry.")
        size = (int(image.height), int(image.width)) if image.height and image.width else None
        entries[image.id] = Entry(meant[0], part, where, size=size)
    return entries


def mark(where: str, place: int, told: Annotation, entries: dict[Ident, Entry], numbers: dict[Any, int]) -> None:
    """Put an annotation to its picture. Raises DataError for one that fits no picture or no class."""
    at = f"{where}: annotations[{place}]" + (f" (id {shown(told.id, 24)})" if told.id is not None else "")
    if told.image_id not in entries:
        raise DataError(f"{at}: there is no image {shown(told.image_id)} in the file. Correct image_id or remove it.")
    if told.bbox is None:
        raise FileError(f"{at} has no bbox. Give it one, or remove it.")
    if len(told.bbox) != 4:
        raise FileError(f"{at}: bbox must be [x, y, width, height], but it has {len(told.bbox)} numbers. Correct it.")
    if told.category_id not in numbers:
        raise DataError(f"{at}: there is no category {shown(told.category_id)} in the file. Declare it, or correct it.")
    x, y, width, height = told.bbox
    marked = Marked(numbers[told.category_id], (x, y, x + width, y + height), at, bool(told.iscrowd),
                    area=told.area)
    entries[told.image_id].marked.append(marked)
