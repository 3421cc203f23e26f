"""From a tree of files to a data set of boxes, whatever form they have; two forms of equal boxes are read once."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.boxes.coco import read_coco
from pellucid.data.boxes.column import Boxes, notes_of
from pellucid.data.boxes.found import Found, Places, column_of
from pellucid.data.boxes.table import box_table, read_tables
from pellucid.data.boxes.voc import read_voc
from pellucid.data.boxes.yolo import read_yolo
from pellucid.data.dataset import Dataset
from pellucid.data.folders import class_list
from pellucid.data.group_pattern import groups_of
from pellucid.data.header import Header
from pellucid.data.options import Options
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree
from pellucid.data.survey import survey
from pellucid.errors import DataError, shown

NEAR = 1.0                                                   # pixel within which two forms mean one box
MARKS = (".xml", ".json", ".txt", ".csv", ".tsv")
ROBOFLOW = re.compile(r"(.+)\.rf\.[0-9a-f]{32}\.")           # its versions of one photograph share what stands before


def open_boxes(name: str, tree: Tree, options: Options, table: Source | None = None) -> Dataset | None:
    """The data set of boxes in a tree; None where there is none. `table`: a CSV that was named.

    Raises FileError and DataError naming file and line; DataError where two forms mark other boxes.
    """
    if not any(source.path.lower().endswith(MARKS) for source in tree.sources) and table is None:
        return None
    places = Places(tree)
    if not places.pictures:
        return None
    readers: list[Callable[[], Found | None]] = [lambda: read_tables(tree, places, table)] if table is not None else [
        lambda: read_voc(tree, places, class_list(tree)), lambda: read_coco(tree, places),
        lambda: read_yolo(tree, places), lambda: read_tables(tree, places)]  # fmt: skip
    forms = [found for reader in readers if (found := reader()) is not None and found.entries]
    if not forms:
        return None
    columns = [column_of(found, sizes_of(found, options)) for found in forms]
    chosen, notes = choose(tree.where, forms, columns)
    found, column = forms[chosen], columns[chosen]
    if not len(column.corners) and options.learning:
        raise DataError(f"{tree.where}: {found.form} annotations of {len(found.entries):,} pictures were found, but no "
                        "box in them. Mark objects first.")
    return dataset_of_boxes(name, tree, places, found, column, notes, options)


def marks_boxes(table: Source) -> bool:
    """Whether a CSV has the columns of boxes."""
    return box_table(table) is not None


def sizes_of(found: Found, options: Options) -> list[tuple[int, int]]:
    """(height, width) of each picture; of one that cannot be read what its annotation says."""
    told = survey([entry.source for entry in found.entries], max_pixels=options.most_pixels)
    return [(one[0].height, one[0].width) if isinstance(one, tuple) and isinstance(one[0], Header)
            else entry.size or (1, 1) for one, entry in zip(told, found.entries, strict=True)]


def choose(where: str, forms: Sequence[Found], columns: Sequence[Boxes]) -> tuple[int, list[str]]:
    """Which form is read, and why, in notes. Raises DataError where two forms mark other boxes in a picture."""
    if len(forms) == 1:
        return 0, []
    worded = [sum(not re.fullmatch(r"[0-9.]*", name) for name in found.names) for found in forms]
    best = max(range(len(forms)), key=lambda place: (len(forms[place].entries), worded[place]))
    for place, found in enumerate(forms):
        if place == best:
            continue
        both = compare(forms[best], columns[best], found, columns[place])
        if both is not None:
            raise DataError(f"{where}: {forms[best].form} and {found.form} annotations lie here, and they mark other "
                            f"boxes in {shown(both)}. Remove one of the two.")
    others = " and ".join(found.form for place, found in enumerate(forms) if place != best)
    nameless = ", but have no names" if any(words < worded[best] for words in worded) else ""
    return best, [f"{forms[best].form} annotations are read; those in {others} mark the same boxes{nameless}"]


def compare(one: Found, first: Boxes, other: Found, second: Boxes) -> str | None:
    """The first picture of both in which they mark other boxes; None where they agree."""
    places = {entry.source.path: number for number, entry in enumerate(other.entries)}
    for number, entry in enumerate(one.entries):
        at = places.get(entry.source.path)
        if at is None:
            continue
        a = first.corners[first.offsets[number] : first.offsets[number + 1]]
        b = second.corners[second.offsets[at] : second.offsets[at + 1]]
        if len(a) != len(b) or (len(a) and not matched(a, b)):
            return entry.source.path
    return None


def matched(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether each of boxes (K,4) has one of (K,4) for itself, corner by corner."""
    far = np.abs(a[:, None] - b[None]).max(axis=2) > NEAR
    for row in far:
        free = np.flatnonzero(~row)
        if not len(free):
            return False
        far[:, free[0]] = True
    return True


def dataset_of_boxes(name: str, tree: Tree, places: Places, found: Found, column: Boxes, notes: Sequence[str],
                     options: Options) -> Dataset:  # fmt: skip
    """The data set, with what was left out in its notes."""
    divided = any(entry.part is not None for entry in found.entries)
    if divided:
        kept = np.array([entry.part is not None for entry in found.entries])
        if not kept.all():
            lone = next(entry for entry in found.entries if entry.part is None)
            raise DataError(f"{tree.where}: the picture {shown(lone.source.path)} is in no part, while others are in "
                            "train, validation or test. Move it into one of them.")
    paths = [entry.source.path for entry in found.entries]
    groups = groups_of(tree.where, paths, options.group_pattern)
    told: list[str] = []
    if options.group_pattern is None and options.group is None:
        groups, told = photographs(paths)
    samples = [Sample(entry.source, entry.part or "train", group)
               for entry, group in zip(found.entries, groups, strict=True)]
    hashes = {source.path: hashlib.sha256(bytes(source.read())).hexdigest() for source in found.files}
    dataset = dataset_of(name, tree.where, samples, column, found.names, options=options, extra_hashes=hashes,
                         notes=[f"boxes from {found.form} annotations", *notes, *found.notes, *told,
                                *fault_notes(column), *left_out(places, found)])
    return replace(dataset, undivided=not divided)


def photographs(paths: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """Groups by photograph, where the names say that some are versions of one; else none."""
    stems = [ROBOFLOW.match(PurePosixPath(path).name) for path in paths]
    counts = Counter(stem[1] for stem in stems if stem is not None)
    if not any(count > 1 for count in counts.values()):
        return [None] * len(paths), []
    groups: list[str | None] = [path if stem is None else stem[1] for path, stem in zip(paths, stems, strict=True)]
    return groups, [f"groups by photograph, as several files are versions of one: {len(set(groups)):,}"]


def fault_notes(column: Boxes) -> list[str]:
    """A line a kind of fault, with the first places."""
    what = {"zero size": "boxes of zero size, left out",
            "reversed": "boxes with corners the wrong way round, left out",
            "outside": "boxes outside their picture, left out", "cut": "boxes beyond an edge, cut off there",
            "doubled": "boxes that stand twice",
            "another size": "annotations for a picture of another size"}  # fmt: skip
    empty = int((np.diff(column.offsets) == 0).sum())
    return [*notes_of(column.faults, what), *([f"pictures without a box (background): {empty:,}"] if empty else [])]


def left_out(places: Places, found: Found) -> list[str]:
    """A note on pictures that have no annotation."""
    known = {entry.source.path for entry in found.entries}
    left = [source.path for source in places.pictures if source.path not in known]
    return [f"pictures without an annotation, left out: {len(left):,} (such as {shown(left[0])})"] if left else []
