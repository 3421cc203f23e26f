"""What a round learns from: the objects of a data set and negatives beside them, as a class of its own, in a store.

Negatives of round k are there k times, so that later ones, which are harder, weigh more. Source: CNN-book 11.13.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Dataset, NumberedNames, Part, numbered
from pellucid.data.fingerprint import fingerprint_arrays
from pellucid.data.images import Array, ArrayImages
from pellucid.data.joining import JoinedImages
from pellucid.data.store.writing import write_hdf5
from pellucid.errors import DataError

BACKGROUND = "background"
PARTS = ("train", "validation", "test")
Negatives = Mapping[str, Array]     # of each part (N, h, w, C)


def refuse_unfit(objects: Dataset) -> None:
    """Raise DataError for data without classes, with a class called as ours is, or without a part that is needed."""
    objects.part("train").annotated(Classes)
    if BACKGROUND in objects.class_names:
        raise DataError(f"{objects.name} has a class '{BACKGROUND}' already, which a cascade adds. Leave its pictures "
                        "out, and give the pictures that they came from with --background.")
    lacking = [name for name in PARTS if name not in objects.parts]
    if lacking:
        raise DataError(f"{objects.name} has no {lacking[0]} part, which a cascade needs. Type another --val-fraction.")


def weighed(rounds: Sequence[Negatives], part: str) -> Array:
    """The negatives of all rounds so far (N, h, w, C), those of round k k times where they are learnt from."""
    return np.concatenate([np.repeat(own[part], number if part == "train" else 1, axis=0)
                           for number, own in enumerate(rounds, 1)])  # fmt: skip


def with_background(objects: Dataset, negatives: Negatives, name: str) -> Dataset:
    """Objects and negatives as one data set, background its last class."""
    ids = numbered({part: len(objects.parts[part]) + len(negatives[part]) for part in PARTS})
    parts = {}
    for part in PARTS:
        own, count = objects.parts[part], len(negatives[part])
        labels = np.concatenate([own.labels, np.full(count, len(objects.class_names), own.labels.dtype)])
        parts[part] = Part(JoinedImages(own.images, ArrayImages(negatives[part])), Classes(labels),
                           NumberedNames(part, range(len(labels))), ids[part])  # fmt: skip
    mark = hashlib.sha256(f"{objects.fingerprint} {fingerprint_arrays(negatives)}".encode()).hexdigest()
    return replace(objects, name=name, parts=parts, class_names=(*objects.class_names, BACKGROUND), fingerprint=mark,
                   notes=(), undivided=False)  # fmt: skip


def write_set(objects: Dataset, rounds: Sequence[Negatives], path: Path) -> None:
    """The store of one round, unless it is there already."""
    if path.exists():
        return
    negatives = {part: weighed(rounds, part) for part in PARTS}
    write_hdf5(with_background(objects, negatives, path.stem), path)
