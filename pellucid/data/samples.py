"""From a list of labelled picture files to a data set: what folders, tars and tables have in common at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.apportion import stratified_sample
from pellucid.data.broken import refuse_emptied
from pellucid.data.dataset import PARTS, Dataset, Part, numbered
from pellucid.data.fingerprint import fingerprint_files
from pellucid.data.images import Array
from pellucid.data.labels import check_labels
from pellucid.data.options import Options
from pellucid.data.pictures import open_pictures
from pellucid.data.sources import Source
from pellucid.errors import ArgumentError, DataError
from pellucid.keys import Key


@dataclass(frozen=True)
class Sample:
    """One labelled picture file. `label` is the number of its class."""

    source: Source
    label: int
    part: str = "train"
    group: str | None = None


def dataset_of(name: str, where: str, samples: Sequence[Sample], class_names: Sequence[str], *, options: Options,
               notes: Sequence[str], extra_hashes: Mapping[str, str] | None = None) -> Dataset:
    """The data set of these samples, in this order within each part.

    Raises DataError or FileError naming `where` or the picture. `extra_hashes` are other files the fingerprint covers.
    """
    parts = {part: chosen for part in PARTS if (chosen := [sample for sample in samples if sample.part == part])}
    if not parts:
        raise DataError(f"{where}: there is no picture. Put pictures into it, or check the path.")
    labels = {part: np.array([sample.label for sample in chosen], np.int64) for part, chosen in parts.items()}
    names = check_labels(where, labels, class_names, learning=options.learning)
    ids = numbered({part: len(chosen) for part, chosen in parts.items()})
    kept = {part: cut(where, labels[part], options.limit) for part in parts}
    pictures = open_pictures(where, {part: [chosen[i].source for i in kept[part]] for part, chosen in parts.items()},
                             options)
    read = {part: kept[part][pictures.kept[part]] for part in parts if len(pictures.kept[part])}
    learnt = "train" if "train" in parts else next(iter(parts))
    refuse_emptied(where, labels[learnt][kept[learnt]], labels[learnt][read.get(learnt, kept[learnt][:0])], names)
    return Dataset(
        name=name,
        parts={part: Part(pictures.images[part], Classes(labels[part][rows]),
                          tuple(parts[part][i].source.path for i in rows), ids[part][rows],
                          _groups([parts[part][i] for i in rows]),
                          [pictures.hashes[parts[part][i].source.path] for i in rows]) for part, rows in read.items()},
        class_names=names,
        channel_names=pictures.channel_names,
        fingerprint=fingerprint_files({**pictures.hashes, **(extra_hashes or {})}),
        notes=(*notes, *pictures.notes, *cut_notes(labels, kept)),
    )


def cut(where: str, labels: Array, limit: int | None) -> Array:
    """Sorted indices of at most `limit` samples, every class in proportion and none left out."""
    classes = len(np.unique(labels))
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    if limit < classes:
        raise ArgumentError(f"{where}: --limit must leave at least one image of each of {classes} classes, but it is "
                            f"{limit}. Type --limit {classes} or more.")
    return stratified_sample(labels, limit, key=Key.of(0).fold("limit"))


def cut_notes(before: Mapping[str, Array], kept: Mapping[str, Array]) -> list[str]:
    """One note a part that was cut."""
    return [f"limit: {len(kept[part]):,} of {len(labels):,} images of the {part} part, each class in proportion"
            for part, labels in before.items() if len(kept[part]) < len(labels)]


def _groups(samples: Sequence[Sample]) -> Array | None:
    if any(sample.group is None for sample in samples):
        return None
    return np.array([sample.group for sample in samples], dtype=str)
