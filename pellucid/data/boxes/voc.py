"""Pascal VOC: an XML a picture, corners counted from 1; ImageSets/Main/*.txt divide the pictures into parts.

At the door   x1 = xmin - 1, x2 = xmax: pixel i covers [i - 1, i); a box with xmin = xmax counts as of zero size
Source        Everingham et al., The PASCAL VOC Challenge 2012 Development Kit, section 4
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from pellucid.data.boxes.found import Entry, Found, Marked, Places, part_of, stem_of
from pellucid.data.naming import part_name, some_names, sorted_names
from pellucid.data.sources import Source, Tree
from pellucid.data.xml import Element, parse_xml
from pellucid.errors import DataError, FileError, shown
from pellucid.words import decimal

LISTS = "ImageSets/Main/"
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_voc(tree: Tree, places: Places, classes: Sequence[str] | None) -> Found | None:
    """What the XML files of a tree say; None where there is no annotation among them.

    `classes` are the names that may stand there, of a classes.txt; without it those that do. Raises FileError and
    DataError naming file and line.
    """
    files = [source for source in tree.sources if source.path.lower().endswith(".xml")]
    parsed = [(source, parse_xml(bytes(source.read()), source.where)) for source in files]
    parsed = [(source, root) for source, root in parsed if root.tag == "annotation"]
    if not parsed:
        return None
    read = [one_picture(source, root, places) for source, root in parsed]
    named = {name for _, objects in read for name, _ in objects}
    names = tuple(classes) if classes is not None else sorted_names(named)
    numbers = {name: number for number, name in enumerate(names)}
    entries = []
    for entry, objects in read:
        for name, marked in objects:
            if name not in numbers:
                raise DataError(f"{marked.where}: the class '{shown(name)}' is not in classes.txt, which has "
                                f"{some_names(names)}. Correct the one or the other.")
            entry.marked.append(Marked(numbers[name], marked.corners, marked.where, False, marked.difficult))
        entries.append(entry)
    found = Found("VOC", names, entries, [source for source, _ in parsed])
    found.notes += divide(tree, found)
    return found


def one_picture(source: Source, root: Element, places: Places) -> tuple[Entry, list[tuple[str, Marked]]]:
    """The picture of an annotation, and its objects with the names of their classes."""
    told = root.first("filename")
    part, stem = part_of(source.path), stem_of(PurePosixPath(source.path).name)
    meant = places.meant(told.text, source.path, part) if told is not None and told.text.strip() else []
    if len(meant) != 1:  # renamed pictures keep the name of their annotation
        alike = places.by_stem.get(stem, [])
        meant = [one for one in alike if part_of(one.path) == part] or alike
    if len(meant) != 1:
        line = told.line if told is not None else root.line
        name = shown(told.text.strip()) if told is not None else f"{stem}.jpg"
        what = "several pictures are called" if meant else "there is no picture called"
        raise DataError(f"{source.where}: line {line}: {what} {name}. Add the picture, or remove the annotation.")
    entry = Entry(meant[0], None if "/" not in source.path else part, source.where)
    size = root.first("size")
    if size is not None:
        height, width = (number_of(size, tag, source.where) for tag in ("height", "width"))
        entry.size = (int(height), int(width)) if height and width else None  # 0 stands where nobody looked
    return entry, [one_object(element, source.where) for element in root.inner if element.tag == "object"]


def one_object(element: Element, where: str) -> tuple[str, Marked]:
    """The name of an object's class, and its box."""
    name, box = element.first("name"), element.first("bndbox")
    if name is None or not name.text.strip():
        raise FileError(f"{where}: line {element.line}: an <object> has no <name>. Name its class.")
    if box is None:
        raise FileError(f"{where}: line {element.line}: an <object> has no <bndbox>. Give its corners.")
    x1, y1, x2, y2 = (number_of(box, tag, where) for tag in CORNERS)
    if x1 != x2:
        x1 -= 1
    if y1 != y2:
        y1 -= 1
    difficult = element.first("difficult")
    hard = difficult is not None and difficult.text.strip() == "1"
    return name.text.strip(), Marked(0, (x1, y1, x2, y2), f"{where}: line {box.line}", False, hard)


def number_of(element: Element, tag: str, where: str) -> float:
    """The number in an element below."""
    found = element.first(tag)
    value = None if found is None else decimal(found.text)
    if value is None:
        line = element.line if found is None else found.line
        got = "it is missing" if found is None else f"it is '{shown(found.text.strip())}'"
        raise FileError(f"{where}: line {line}: <{tag}> must be a number, but {got}. Correct it.")
    return value


def divide(tree: Tree, found: Found) -> list[str]:
    """Give the entries the parts that the lists of ImageSets/Main name; what was left out, in notes.

    Raises DataError for a list that names a picture without an annotation.
    """
    lists = {}
    for source in tree.sources:
        head, _, name = ("/" + source.path).rpartition("/")
        if head.endswith("/" + LISTS.rstrip("/")) and (part := part_name(stem_of(name))) is not None:
            lists[part] = source
    if "train" not in lists:
        return []
    by_stem = {stem_of(PurePosixPath(entry.source.path).name): entry for entry in found.entries}
    part_of_stem: dict[str, str] = {}
    for part, source in lists.items():
        for line, text in enumerate(bytes(source.read()).decode("utf-8", "replace").splitlines(), 1):
            stem = text.strip()
            if not stem:
                continue
            if stem not in by_stem:
                raise DataError(f"{source.where}: line {line}: there is no annotation of '{shown(stem)}'. Remove the "
                                "line, or add picture and annotation.")
            if part_of_stem.setdefault(stem, part) != part:
                raise DataError(f"{source.where}: line {line}: '{shown(stem)}' is in the {part_of_stem[stem]} part "
                                f"already, and would be in {part} too. Keep it in one.")
    for stem, entry in by_stem.items():
        entry.part = part_of_stem.get(stem)
    before = len(found.entries)
    found.entries[:] = [entry for entry in found.entries if entry.part is not None]
    found.files += lists.values()
    left = before - len(found.entries)
    return [f"pictures in no list of {LISTS}, left out: {left:,}"] if left else []
