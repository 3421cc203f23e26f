"""From a tree of files to a data set of people: a sample a picture, with all objects that have points in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data.boxes.column import notes_of
from pellucid.data.boxes.found import IDENTITY, Entry
from pellucid.data.dataset import Dataset
from pellucid.data.group_pattern import groups_of
from pellucid.data.header import Header
from pellucid.data.options import Options
from pellucid.data.people.column import People
from pellucid.data.points.found import Found, Marked, column_of
from pellucid.data.points.opening import FAULTS, by_name, found_in
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree
from pellucid.data.survey import survey
from pellucid.errors import DataError, shown


def open_people(name: str, tree: Tree, options: Options, table: Source | None = None) -> Dataset | None:
    """The data set of people in a tree; None where there is none. `table`: a CSV that was named.

    Raises FileError and DataError naming file and line.
    """
    found = found_in(tree, options, table)
    if found is None:
        return None
    pictures = pictures_of(found)
    divided = any(one.part is not None for one in pictures)
    lone = next((one for one in pictures if one.part is None), None)
    if divided and lone is not None:
        raise DataError(f"{lone.where}: the picture {shown(lone.source.path)} is in no part, while others are in "
                        "train, validation or test. Name one.")
    people = people_of(found, pictures, sizes_of(pictures, options))
    paths = [one.source.path for one in pictures]
    groups = groups_of(tree.where, paths, options.group_pattern)
    told: list[str] = []
    if not any(groups):
        groups, told = by_name(paths)
    samples = [Sample(one.source, one.part or "train", group) for one, group in zip(pictures, groups, strict=True)]
    hashes = {source.path: hashlib.sha256(bytes(source.read())).hexdigest() for source in found.files}
    aside = int((~people.counted).sum())
    apart = [f"crowds and people without a marked point, which neither teach nor count: {aside:,}"] if aside else []
    dataset = dataset_of(name, tree.where, samples, people, (), options=options, extra_hashes=hashes,
                         notes=[f"people from {found.form} annotations", *apart, *told,
                                *notes_of(people.objects.faults, FAULTS)])
    return replace(dataset, undivided=not divided)


def pictures_of(found: Found) -> list[Entry]:
    """Every picture, also those without people where the form tells of them."""
    if found.entries:
        return found.entries
    first: dict[str, Marked] = {}
    for one in found.marked:
        first.setdefault(one.source.path, one)
    return [Entry(one.source, one.part, one.where, size=one.size) for one in first.values()]


def sizes_of(pictures: Sequence[Entry], options: Options) -> list[tuple[int, int]]:
    """(height, width) of each; of one that cannot be read what its annotation says."""
    told = survey([one.source for one in pictures], max_pixels=options.most_pixels)
    return [(header[0].height, header[0].width) if isinstance(header, tuple) and isinstance(header[0], Header)
            else one.size or (1, 1) for header, one in zip(told, pictures, strict=True)]


def people_of(found: Found, pictures: Sequence[Entry], sizes: Sequence[tuple[int, int]]) -> People:
    """The column of these pictures; objects with neither a point nor a box say nothing, and are left out."""
    places = {one.source.path: number for number, one in enumerate(pictures)}
    every = [(one, False) for one in found.marked] + [(one, True) for one in found.aside]
    rows = [(one, crowd) for one, crowd in every if one.box is not None or any(flag for _, _, flag in one.points)]
    rows.sort(key=lambda row: places[row[0].source.path])
    at = [places[one.source.path] for one, _ in rows]
    objects = column_of(replace(found, marked=[one for one, _ in rows]), [sizes[number] for number in at])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(np.array(at, np.int64), minlength=len(pictures)))])
    return People(objects, np.array([crowd for _, crowd in rows], bool), offsets.astype(np.int64),
                  np.array(sizes, np.int64).reshape(-1, 2), np.broadcast_to(IDENTITY, (len(sizes), 2, 3)).copy())
