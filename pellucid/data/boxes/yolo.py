"""YOLO: a text a picture, a line an object: class number, centre x, centre y, width, height as shares of the picture.

Layout   images/train/a.jpg with labels/train/a.txt (Ultralytics), train/images/a.jpg with train/labels/a.txt
         (Roboflow), or a.txt beside a.jpg; a picture without a text is background
Names    of data.yaml (a list, or numbers with names), else of a classes.txt or obj.names
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from pellucid.data.boxes.found import Entry, Found, Marked, Places, part_of, stem_of
from pellucid.data.naming import parse_class_list
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import ENTRIES, LEVELS
from pellucid.words import decimal, whole

MOST_TEXT = 16 << 20       # bytes of one picture's annotation
MOST_YAML = 1 << 20        # bytes of a data.yaml
LISTS = ("classes.txt", "obj.names", "_darknet.labels")
SLACK = 1e-6               # beyond 1 that rounding explains


def read_yolo(tree: Tree, places: Places) -> Found | None:
    """What the texts beside pictures say; None where there are none, or nothing names the classes."""
    texts = {source.path: source for source in tree.sources if source.path.lower().endswith(".txt")}
    pairs = [(picture, texts.get(label_path(picture.path)) or texts.get(stem_of(picture.path) + ".txt"))
             for picture in places.pictures]
    labelled = [(picture, text) for picture, text in pairs if text is not None]
    if not labelled:
        return None
    names, named = class_names(tree)
    if named is None and not any(looks_so(text) for _, text in labelled[:20]):
        return None
    folders = {PurePosixPath(picture.path).parent for picture, _ in labelled}
    found = Found("YOLO", names, [], [named] if named is not None else [], shares=True)
    polygons = 0
    for picture, text in pairs:
        if text is None and PurePosixPath(picture.path).parent not in folders:
            continue
        entry = Entry(picture, part_of(picture.path) if "/" in picture.path else None,
                      picture.where if text is None else text.where)
        if text is not None:
            polygons += read_lines(text, entry, len(names) if named is not None else None)
            found.files.append(text)
        found.entries.append(entry)
    if named is None:
        most = max((marked.label for entry in found.entries for marked in entry.marked), default=0)
        found.names = tuple(str(number) for number in range(most + 1))
        found.notes.append("no data.yaml names the classes, so their names are numbers")
    absent = len(found.entries) - len(labelled)
    found.notes += [f"pictures without a text, taken for background: {absent:,}"] if absent else []
    found.notes += [f"outlines read as the boxes around them: {polygons:,}"] if polygons else []
    return found


def label_path(picture: str) -> str:
    """Where Ultralytics and Roboflow put the text of a picture: the last folder `images` is `labels` there."""
    folders = picture.split("/")
    at = next((k for k in range(len(folders) - 2, -1, -1) if folders[k].lower() == "images"), None)
    if at is not None:
        folders[at] = "labels"
    return stem_of("/".join(folders)) + ".txt"


def looks_so(text: Source) -> bool:
    """Whether a text begins with a class number and four shares."""
    first = next((line.split() for line in lines_of(text) if line.strip()), [])
    numbers = [decimal(word) for word in first]
    return len(first) >= 5 and whole(first[0]) is not None and all(n is not None and 0 <= n <= 1 for n in numbers[1:])


def lines_of(text: Source) -> list[str]:
    """The lines of a text. Raises FileError where it is none."""
    content = bytes(text.read())
    if len(content) > MOST_TEXT:
        raise FileError(f"{text.where}: an annotation may be at most {MOST_TEXT:,} bytes, but it is {len(content):,}. "
                        "Is it another file?")
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as fault:
        at = f"{text.where}: an annotation must be text, but byte {fault.start} is not"
        raise FileError(f"{at}. Replace it.") from fault


def read_lines(text: Source, entry: Entry, classes: int | None) -> int:
    """Put the objects of a text into the entry; how many of them were outlines. Raises DataError naming the line."""
    polygons = 0
    for line, words in enumerate(map(str.split, lines_of(text)), 1):
        if not words:
            continue
        where = f"{text.where}: line {line}"
        label = whole(words[0], 0)
        if label is None or (classes is not None and label >= classes):
            known = "a whole number" if classes is None else f"a number from 0 to {classes - 1}, as data.yaml has them"
            raise DataError(f"{where}: the class must be {known}, but it is '{shown(words[0])}'. Correct it or "
                            "data.yaml.")
        ENTRIES.check(label, where, what="a class number")
        shares = [decimal(word) for word in words[1:]]
        if len(shares) < 4 or (len(shares) > 4 and len(shares) % 2) or any(value is None for value in shares):
            raise DataError(f"{where}: an object must be a class number and four numbers (centre x, centre y, width, "
                            f"height), but the line is '{shown(' '.join(words), 60)}'. Correct it.")
        values = [value for value in shares if value is not None]
        if max(values) > 1 + SLACK or min(values) < -SLACK:
            wrong = max(values, key=lambda value: abs(value - 0.5))
            raise DataError(f"{where}: the numbers must be shares of the picture's size, from 0 to 1, but one is "
                            f"{wrong:g}. Divide x and width by the picture's width, y and height by its height.")
        polygons += len(values) > 4
        entry.marked.append(Marked(label, corners_of(values), where))
    return polygons


def corners_of(values: Sequence[float]) -> tuple[float, float, float, float]:
    """x1 y1 x2 y2 of centre and size, or of an outline x y x y ..."""
    if len(values) == 4:
        x, y, width, height = values
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    across, down = values[0::2], values[1::2]
    return min(across), min(down), max(across), max(down)


def class_names(tree: Tree) -> tuple[tuple[str, ...], Source | None]:
    """The names of the classes and the file that names them. Raises FileError and DataError for one that is wrong."""
    yamls = [source for source in tree.sources if source.path.lower().endswith((".yaml", ".yml"))]
    for source in sorted(yamls, key=lambda one: (not one.path.endswith("data.yaml"), one.path.count("/"), one.path)):
        names = names_in(source)
        if names is not None:
            return names, source
    for source in sorted(tree.sources, key=lambda one: one.path.count("/")):
        if PurePosixPath(source.path).name.lower() in LISTS:
            return parse_class_list(bytes(source.read()), source.where), source
    return (), None


def deepest(content: bytes) -> int:
    """How many brackets of a YAML stand open at once; its parser takes the square of that time."""
    opened = most = 0
    for byte in re.findall(rb"[][{}]", content):
        opened += 1 if byte in b"[{" else -1
        most = max(most, opened)
    return most


def yaml_of(source: Source) -> Any:
    """What a YAML holds, None for one that is too large to be a description. Raises FileError for what is none."""
    import yaml

    content = bytes(source.read())
    if len(content) > MOST_YAML:
        return None
    try:
        LEVELS.check(deepest(content), source.where)
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise FileError(f"{source.where}: {line}this is no YAML that can be read. Correct it.") from fault


def names_in(source: Source) -> tuple[str, ...] | None:
    """The names of a data.yaml; None for a YAML of something else."""
    told = yaml_of(source)
    names = told.get("names") if isinstance(told, dict) else None
    if names is None:
        return None
    if isinstance(names, dict):
        if sorted(map(str, names)) != sorted(map(str, range(len(names)))):
            raise DataError(f"{source.where}: names must be numbered 0, 1, 2 ... without a gap. Number them anew.")
        names = [name for _, name in sorted(names.items(), key=lambda pair: int(pair[0]))]
    if not isinstance(names, list) or not all(isinstance(name, (str, int, float)) for name in names) or not names:
        raise DataError(f"{source.where}: names must be a list of the classes' names. Correct it.")
    found = tuple(str(name) for name in names)
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise DataError(f"{source.where}: the class '{shown(twice)}' is listed twice. Keep one.")
    count = told.get("nc")
    if isinstance(count, int) and count != len(found):
        raise DataError(f"{source.where}: nc is {count}, but {len(found)} names are listed. Correct one of them.")
    return found

