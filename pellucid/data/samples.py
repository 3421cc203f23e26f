"""From a list of picture files and what is known of each to a data set: what folders, tars and tables end in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.annotations import Annotations, Classes
from pellucid.data.apportion import stratified_sample
from pellucid.data.broken import refuse_emptied
from pellucid.data.dataset import PARTS, Dataset, Part, numbered
from pellucid.data.fingerprint import fingerprint_files
from pellucid.data.fitting import affine_of, affine_of_window
from pellucid.data.images import Array
from pellucid.data.learnable import learnable, learnt_part
from pellucid.data.options import Options
from pellucid.data.pictures import Pictures, open_pictures
from pellucid.data.sources import Source
from pellucid.errors import ArgumentError, DataError
from pellucid.keys import Key


@dataclass(frozen=True)
class Sample:
    """One picture file, the part it belongs to, and its group."""

    source: Source
    part: str = "train"
    group: str | None = None


def dataset_of(name: str, where: str, samples: Sequence[Sample], annotations: Annotations,
               class_names: Sequence[str] | None, *, options: Options, notes: Sequence[str],
               extra_hashes: Mapping[str, str] | None = None) -> Dataset:
    """The data set of these samples, in this order within each part; `annotations` has an entry for each of them.

    Raises DataError or FileError naming `where` or the picture. `extra_hashes` are other files the fingerprint covers.
    """
    places = {part: found for part in PARTS
              if len(found := np.array([i for i, sample in enumerate(samples) if sample.part == part], np.int64))}
    if not places:
        raise DataError(f"{where}: there is no picture. Put pictures into it, or check the path.")
    chosen = {part: [samples[i] for i in found] for part, found in places.items()}
    known, names, told = learnable(where, {part: annotations.take(found) for part, found in places.items()},
                                   class_names, learning=options.learning)
    ids = numbered({part: len(found) for part, found in places.items()})
    kept = {part: cut(where, known[part], options.limit) for part in places}  # each: a try is to be quick to score too
    pictures = open_pictures(where, {part: [found[i].source for i in kept[part]] for part, found in chosen.items()},
                             options, wide=learnt_part(known).moves)
    read = {part: kept[part][pictures.kept[part]] for part in places if len(pictures.kept[part])}
    learnt = "train" if "train" in places else next(iter(places))
    refuse_emptied(where, known[learnt].take(kept[learnt]), known[learnt].take(read.get(learnt, kept[learnt][:0])),
                   names)
    return Dataset(
        name=name,
        parts={part: Part(pictures.images[part], placed(known[part].take(rows), pictures, chosen[part], rows, options),
                          tuple(chosen[part][i].source.path for i in rows), ids[part][rows],
                          _groups([chosen[part][i] for i in rows]),
                          [pictures.hashes[chosen[part][i].source.path] for i in rows]) for part, rows in read.items()},
        class_names=names,
        channel_names=pictures.channel_names,
        fingerprint=fingerprint_files({**pictures.hashes, **(extra_hashes or {})}),
        notes=(*notes, *told, *pictures.notes, *cut_notes(known, kept)),
    )


def placed(annotations: Annotations, pictures: Pictures, samples: Sequence[Sample], rows: Array,
           options: Options) -> Annotations:  # fmt: skip
    """Annotations brought to where their pictures lie once they have the size that all have."""
    if not annotations.moves:
        return annotations
    size = pictures.size
    sources = [samples[i].source for i in rows]
    affines = [affine_of(pictures.sizes[source.path], size, options.fit) if source.window is None
               else affine_of_window(source.window, size, options.fit) for source in sources]
    return annotations.moved(np.array(affines).reshape(-1, 2, 3), size)


def cut(where: str, annotations: Annotations, limit: int | None) -> Array:
    """Sorted indices of at most `limit` samples, every stratum in proportion; of classes none is left out."""
    strata = annotations.strata
    if limit is None or limit >= len(strata):
        return np.arange(len(strata))
    classes = len(np.unique(strata))
    if isinstance(annotations, Classes) and limit < classes:
        raise ArgumentError(f"{where}: --limit must leave at least one image of each of {classes} classes, but it is "
                            f"{limit}. Type --limit {classes} or more.")
    return stratified_sample(strata, limit, key=Key.of(0).fold("limit"))


def cut_notes(before: Mapping[str, Annotations], kept: Mapping[str, Array]) -> list[str]:
    """One note a part that was cut."""
    learnt = learnt_part(before)
    how = {"classes": "each class in proportion", "numbers": "small and large numbers alike"}.get(
        learnt.kind, f"each {learnt.stratum} in proportion")
    return [f"limit: {len(kept[part]):,} of {len(found):,} images of the {part} part, {how}"
            for part, found in before.items() if len(kept[part]) < len(found)]


def _groups(samples: Sequence[Sample]) -> Array | None:
    if any(sample.group is None for sample in samples):
        return None
    return np.array([sample.group for sample in samples], dtype=str)
