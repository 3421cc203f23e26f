"""What a reader of boxes found: pictures with their objects as the file has them, and how they become a column.

Faults   boxes of zero size, reversed ones and such as lie outside are left out and named; what is beyond an edge is cut
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.boxes.column import Boxes, Fault
from pellucid.data.endings import is_picture
from pellucid.data.images import Array
from pellucid.data.naming import part_name
from pellucid.data.sources import Source, Tree

SLACK = 1.0          # pixels beyond an edge that rounding explains: cut off without a word
IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class Marked:
    """One object: its class, corners x1 y1 x2 y2 in pixels or shares of the picture, and the place in its file."""

    label: int
    corners: tuple[float, float, float, float]
    where: str
    crowd: bool = False
    difficult: bool = False
    area: float | None = None


@dataclass
class Entry:
    """One picture and what its file says of it; `size` is (height, width) where it is told."""

    source: Source
    part: str | None
    where: str
    marked: list[Marked] = field(default_factory=list)
    size: tuple[int, int] | None = None


@dataclass
class Found:
    """All that one form of annotation says of a tree of files."""

    form: str
    names: tuple[str, ...]
    entries: list[Entry]
    files: list[Source]
    ids: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    shares: bool = False             # whether corners are shares of the picture's size


class Places:
    """The pictures of a tree by path and by name."""

    def __init__(self, tree: Tree) -> None:
        self.pictures = [source for source in tree.sources if is_picture(source.path)]
        self.by_path = {source.path: source for source in self.pictures}
        self.by_name: dict[str, list[Source]] = {}
        self.by_stem: dict[str, list[Source]] = {}
        for source in self.pictures:
            name = PurePosixPath(source.path).name
            self.by_name.setdefault(name, []).append(source)
            self.by_stem.setdefault(stem_of(name), []).append(source)

    def meant(self, file: str, beside: str, part: str | None) -> list[Source]:
        """The pictures that `file` may mean in an annotation that lies at `beside`; one where it is sure."""
        file = file.replace("\\", "/").strip()
        name = PurePosixPath(file).name
        direct = self.by_path.get(str(PurePosixPath(beside).parent / file)) if not file.startswith("/") else None
        if direct is not None:
            return [direct]
        found = self.by_name.get(name, [])
        ending = [source for source in found if ("/" + source.path).endswith("/" + file.lstrip("./"))]
        found = ending or found
        if len(found) > 1 and part is not None:
            found = [source for source in found if part_of(source.path) == part] or found
        return found


def stem_of(name: str) -> str:
    """A file's name without its last ending."""
    return name.rpartition(".")[0] or name


def part_of(path: str) -> str | None:
    """The part that one of a path's folders names, or its file as in instances_train2017.json."""
    *folders, name = path.split("/")
    for folder in folders:
        if (part := part_name(folder.rstrip("0123456789"))) is not None:
            return part
    words = stem_of(name).replace("-", "_").split("_")
    return next((part for word in reversed(words) if (part := part_name(word.rstrip("0123456789"))) is not None), None)


def column_of(found: Found, sizes: Sequence[tuple[int, int]]) -> Boxes:
    """The column of these entries, whose pictures have `sizes` (height, width); faulty boxes are left out and told."""
    faults: list[Fault] = []
    rows: list[Marked] = []
    kept: list[tuple[float, float, float, float]] = []
    counts = []
    for entry, (height, width) in zip(found.entries, sizes, strict=True):
        before = len(kept)
        if entry.size is not None and entry.size != (height, width):
            faults.append(Fault("another size", entry.where, f"it is for a picture of {entry.size[0]}x{entry.size[1]}, "
                                f"and the picture is {height}x{width}"))
        scale = (width, height, width, height) if found.shares else (1, 1, 1, 1)
        for marked in entry.marked:
            x1, y1, x2, y2 = (value * by for value, by in zip(marked.corners, scale, strict=True))
            cut = (min(max(x1, 0.0), width), min(max(y1, 0.0), height),
                   min(max(x2, 0.0), width), min(max(y2, 0.0), height))  # fmt: skip
            fault = fault_of((x1, y1, x2, y2), cut, height, width)
            if fault is not None:
                kind, what = fault
                faults.append(Fault(kind, marked.where, f"{what} ({found.names[marked.label]})"))
            if fault is None or fault[0] == "cut":
                rows.append(marked)
                kept.append(cut)
        faults += doubles(rows[before:], kept[before:], found.names)
        counts.append(len(kept) - before)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Boxes(
        np.array(kept, np.float64).reshape(-1, 4), np.array([row.label for row in rows], np.int64),
        np.array([row.crowd for row in rows], bool), np.array([row.difficult for row in rows], bool),
        areas_of(rows, kept), offsets, np.array(sizes, np.int64).reshape(-1, 2),
        np.broadcast_to(IDENTITY, (len(sizes), 2, 3)).copy(), found.names,
        found.ids or tuple(range(len(found.names))), None, tuple(faults), found.form,
    )


def areas_of(rows: Sequence[Marked], corners: Sequence[Sequence[float]]) -> Array:
    """(M,) what a file says of an object's area, else that of its box."""
    return np.array([(x2 - x1) * (y2 - y1) if row.area is None else row.area
                     for row, (x1, y1, x2, y2) in zip(rows, corners, strict=True)], np.float64)  # fmt: skip


def fault_of(corners: Sequence[float], cut: Sequence[float], height: int, width: int) -> tuple[str, str] | None:
    """(kind, in words) of a box that is not as it should be; "cut" is kept without what lies outside."""
    x1, y1, x2, y2 = corners
    told = f"from {x1:g},{y1:g} to {x2:g},{y2:g}"
    if x2 < x1 or y2 < y1:
        return "reversed", f"its corners are the wrong way round, {told}"
    if x2 == x1 or y2 == y1:
        return "zero size", f"it has no area, {told}"
    if not (cut[0] < cut[2] and cut[1] < cut[3]):
        return "outside", f"it lies outside the picture of {width}x{height}, {told}"
    if max(abs(a - b) for a, b in zip(corners, cut, strict=True)) > SLACK:
        return "cut", f"it reaches beyond the picture of {width}x{height}, {told}"
    return None


def doubles(rows: Sequence[Marked], corners: Sequence[Sequence[float]], names: Sequence[str]) -> Iterable[Fault]:
    """A fault for each box that stands in one picture twice, class and all; both are kept."""
    seen: dict[tuple[object, ...], str] = {}
    for row, box in zip(rows, corners, strict=True):
        key = (row.label, *(round(value, 3) for value in box))
        if key in seen:
            yield Fault("doubled", row.where, f"the same box as {seen[key]} ({names[row.label]})")
        seen.setdefault(key, row.where)

