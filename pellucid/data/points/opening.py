"""From a tree of files to a data set of points, whatever form they have: a sample an object.

Groups   the column `group`, or those that --group names; --group-pattern; else what stands before the number in the
         names of pictures, where that joins some and parts many (frames of one film, photographs of one person)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.boxes.column import notes_of
from pellucid.data.boxes.found import Places, stem_of
from pellucid.data.dataset import Dataset
from pellucid.data.group_pattern import groups_of
from pellucid.data.header import Header
from pellucid.data.images import Array
from pellucid.data.options import Options, margin_of
from pellucid.data.points.coco import read_coco
from pellucid.data.points.column import Points
from pellucid.data.points.cropping import margin_for, noisy, windows_of
from pellucid.data.points.deeplabcut import read_deeplabcut
from pellucid.data.points.found import Found, column_of, refuse_second
from pellucid.data.points.pts import read_pts
from pellucid.data.points.table import read_tables
from pellucid.data.points.yolo import read_yolo
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree
from pellucid.data.survey import survey
from pellucid.errors import ArgumentError, DataError, shown

MARKS = (".csv", ".tsv", ".json", ".yaml", ".yml", ".pts")
NUMBER = re.compile(r"[ _.-]*\(?[0-9]+\)?$")
LEAST_GROUPS = 5                                # found by names: fewer cannot be parted well
FAULTS = {"outside": "objects with points outside their picture", "half": "points of which only x or only y is given, "
          "taken as not marked, in objects", "another size": "objects marked in a picture of another size"}  # fmt: skip


def open_points(name: str, tree: Tree, options: Options, table: Source | None = None) -> Dataset | None:
    """The data set of points in a tree; None where there is none. `table`: a CSV that was named.

    Raises FileError and DataError naming file and line, ArgumentError for --group, --label and --box-noise that are
    about nothing here.
    """
    whole = found_in(tree, options, table)
    if whole is None:
        return None
    found, notes = without_empty(tree.where, whole)
    column = column_of(found, sizes_of(found, options))
    margin = margin_for(column, options)
    alone = np.array([one.box is None for one in found.marked]) & ((column.visible > 0).sum(axis=1) == 1)
    if alone.all() and margin is not None:
        raise ArgumentError(f"{tree.where}: --crop cuts out objects by their points, but each has one point alone and "
                            "no box. Leave it out, or give each a box.")
    refuse_second(found, cropped=margin is not None)
    if margin is None and options.box_noise:
        raise ArgumentError(f"{tree.where}: --box-noise is about the boxes that objects are cut out by, but whole "
                            "pictures are taken here; leave it out, or type --crop 0.25.")
    return dataset_of_points(name, tree, Places(tree), found, replace(column, box_noise=options.box_noise),
                             [*notes, *size_notes(found, alone), *crop_notes(column, margin, options)],
                             options if margin is None else replace(options, crop=f"{margin:g}", fit="letterbox"))


def found_in(tree: Tree, options: Options, table: Source | None) -> Found | None:
    """What the one form of annotation in a tree says; None where there is none.

    Raises DataError for two forms, ArgumentError for --group and --label that name nothing here.
    """
    if table is None and not any(source.path.lower().endswith(MARKS) for source in tree.sources):
        return None
    places = Places(tree)
    if not places.pictures:
        return None
    asked = options.annotations is not None
    readers: list[Callable[[], Found | None]] = [
        lambda: read_deeplabcut(tree, places, table),
        lambda: read_tables(tree, places, options.group, table, options.label, asked=asked)]  # fmt: skip
    if table is None:
        readers += [lambda: read_coco(tree, places, asked=asked), lambda: read_yolo(tree, places),
                    lambda: read_pts(tree, places)]  # fmt: skip
    forms = [found for reader in readers if (found := reader()) is not None and found.marked]
    if not forms:
        return None
    if len(forms) > 1:
        raise DataError(f"{tree.where}: points lie here as {' and as '.join(found.form for found in forms)}. Remove "
                        "all forms but one.")
    found = forms[0]
    if options.group is not None and found.form != "CSV":
        raise ArgumentError(f"{tree.where}: --group names a column of a CSV table, but points are read from "
                            f"{found.form} here. Leave it out, or type --group-pattern.")
    if options.label and not found.attributes:
        raise ArgumentError(f"{tree.where}: --label names columns of a CSV table, to be learnt beside the points, but "
                            f"points are read from {found.form} here. Leave it out.")
    return found


def without_empty(where: str, found: Found) -> tuple[Found, list[str]]:
    """The objects that have a point; raises DataError where none has."""
    kept = [one for one in found.marked if any(flag for _, _, flag in one.points)]
    if not kept:
        raise DataError(f"{where}: {found.form} annotations of {len(found.marked):,} objects were found, but no point "
                        "in them is marked. Mark some first.")
    empty = [one for one in found.marked if not any(flag for _, _, flag in one.points)]
    unmarked = [one for one in kept if not all(flag for _, _, flag in one.points)]
    notes = [f"objects without a marked point, left out: {len(empty):,} (first: {empty[0].where})"] if empty else []
    if unmarked:
        count = sum(not flag for one in unmarked for _, _, flag in one.points)
        notes.append(f"points that are not marked, which teach nothing: {count:,} of {len(unmarked):,} objects "
                     f"(first: {unmarked[0].where})")
    return replace(found, marked=kept), notes


def sizes_of(found: Found, options: Options) -> list[tuple[int, int]]:
    """(height, width) of each object's picture; of one that cannot be read what its annotation says."""
    told = survey([one.source for one in found.marked], max_pixels=options.most_pixels)
    return [(header[0].height, header[0].width) if isinstance(header, tuple) and isinstance(header[0], Header)
            else one.size or (1, 1) for header, one in zip(told, found.marked, strict=True)]


def dataset_of_points(name: str, tree: Tree, places: Places, found: Found, column: Points, notes: Sequence[str],
                      options: Options) -> Dataset:  # fmt: skip
    """The data set, with what was left out in its notes."""
    divided = any(one.part is not None for one in found.marked)
    lone = next((one for one in found.marked if one.part is None), None)
    if divided and lone is not None:
        raise DataError(f"{lone.where}: the picture {shown(lone.source.path)} is in no part, while others are in "
                        "train, validation or test. Name one.")
    paths = [one.source.path for one in found.marked]
    groups = [one.group or group for one, group in
              zip(found.marked, groups_of(tree.where, paths, options.group_pattern), strict=True)]  # fmt: skip
    told: list[str] = []
    if not any(groups) and not divided:  # parts that are given are not held against a guess
        groups, told = by_name(paths)
    samples = [Sample(source, one.part or "train", group) for source, one, group in
               zip(sources_of(found, column, options), found.marked, groups, strict=True)]  # fmt: skip
    hashes = {source.path: hashlib.sha256(bytes(source.read())).hexdigest() for source in found.files}
    dataset = dataset_of(name, tree.where, samples, column, (), options=options, extra_hashes=hashes,
                         notes=[f"points from {found.form} annotations", *found.notes, *notes, *told,
                                *notes_of(column.faults, FAULTS), *left_out(places, paths)])
    told_of = {} if margin_of(options.crop) is None else {"crop": options.crop, "fit": options.fit}
    return replace(dataset, undivided=not divided, reading=told_of)


def sources_of(found: Found, column: Points, options: Options) -> list[Source]:
    """The picture of each object, or what a window shows of it."""
    margin = margin_of(options.crop)
    if margin is None:
        return [one.source for one in found.marked]
    windows = windows_of(noisy(column.boxes, options.box_noise), column.sizes, margin, options.resize)
    return [replace(one.source, window=window) for one, window in zip(found.marked, windows, strict=True)]


def size_notes(found: Found, alone: Array) -> list[str]:
    """What objects that have one point alone and no box are taken for."""
    if alone.all():
        return ["each object has one point alone and no box: errors are shares of sqrt(width height) of its picture"]
    first = found.marked[int(alone.argmax())].where
    told = f"objects with one point alone and no box, taken to be as large as the others: {int(alone.sum()):,}"
    return [f"{told} (first: {first})"] if alone.any() else []


def crop_notes(column: Points, margin: float | None, options: Options) -> list[str]:
    """How objects are cut out, and by whose boxes."""
    if margin is None:
        return []
    whose = "boxes of the data" if column.from_box else "boxes around the true points (oracle boxes)"
    noise = f", shifted and scaled at random by up to {options.box_noise:g}" if options.box_noise else ""
    return [f"objects cut out by the {whose}{noise}, with {margin:g} of the longer side around them"]


def by_name(paths: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """Groups by what stands before the number in the names of pictures, where that makes sense; else none."""
    stems = stems_of(paths)
    if stems is None:
        return [None] * len(paths), []
    told = f"groups by name, less the number at its end: {len(set(stems)):,} (such as {shown(stems[0])})"
    return list(stems), [f"{told}; others with --group or --group-pattern"]


def stems_of(paths: Sequence[str]) -> list[str] | None:
    """What stands before the number in each name, where that joins some pictures and parts many."""
    stems = [NUMBER.sub("", stem_of(PurePosixPath(path).name)) for path in paths]
    return stems if all(stems) and LEAST_GROUPS <= len(set(stems)) < len(set(paths)) else None


def left_out(places: Places, paths: Sequence[str]) -> list[str]:
    """A note on pictures that no object lies in."""
    known = set(paths)
    left = [source.path for source in places.pictures if source.path not in known]
    return [f"pictures without points, left out: {len(left):,} (such as {shown(left[0])})"] if left else []
