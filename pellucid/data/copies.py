"""Copies of an image stay on one side of a split that is made here, or the split itself would leak.

Copies      equal pixels or equal files; and nearly equal pictures (likeness.py), where the part is small enough for the
            search to take about a second
Shapes      labels (N,), families (N,): images of one number are copies of one another; taken: sorted indices (T,)
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.images import Array, ArrayImages, ChosenImages, Images
from pellucid.data.likeness import alike_pairs, digests_of, equal_pairs, in_chunks
from pellucid.keys import Key

SEARCHED, SEARCHED_NUMBERS = 10_000, 1 << 26  # images and pixels among which nearly equal ones are searched


def families(part: Part) -> Array | None:
    """The family of each image (N,): the number of the first of its copies; None when no two images are copies."""
    count, size = len(part), math.prod(part.images.shape[1:])
    if count <= SEARCHED and count * size <= SEARCHED_NUMBERS:
        pairs = list(alike_pairs([(part.images, np.arange(count))]))
    elif _in_memory(part.images):
        pairs = [equal_pairs(_digests(part.images))[0]]
    else:
        pairs = []
    if part.contents is not None:
        pairs.append(equal_pairs(part.contents)[0])
    found = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    return _joined(count, found) if len(found) else None


def kept_together(labels: Array, members: Array, taken: Array, *, key: Key) -> Array:
    """`taken` with every family on one side; as it was when no family is torn.

    Torn families go back. Families, one or many, are then taken in a random order as long as they fit what each class
    lacks; every class keeps an image behind.
    """
    held = np.zeros(len(labels), bool)
    held[taken] = True
    size = np.bincount(members, minlength=len(labels))
    torn = (np.bincount(members, held, minlength=len(labels)) % np.maximum(size, 1)) != 0
    if not torn.any():
        return taken
    classes, label = np.unique(labels, return_inverse=True)
    wanted = np.bincount(label[held], minlength=len(classes))
    held &= ~torn[members]
    lacking = wanted - np.bincount(label[held], minlength=len(classes))
    left = np.bincount(label[~held], minlength=len(classes))
    order = np.argsort(members, kind="stable")
    starts = np.searchsorted(members[order], np.arange(len(labels) + 1))
    for family in key.fold("copies").generator().permutation(np.unique(members[~held])):
        rows = order[starts[family] : starts[family + 1]]
        counts = np.bincount(label[rows], minlength=len(classes))
        if (counts <= lacking).all() and (left - counts > 0)[counts > 0].all():
            held[rows] = True
            lacking, left = lacking - counts, left - counts
        if not lacking.any():
            break
    return np.flatnonzero(held)


def merged_groups(groups: Array, members: Array) -> Array:
    """Groups (N,) in which those that share copies are one; as they were when none do."""
    names, number = np.unique(groups, return_inverse=True)
    pairs = np.stack([number, number[members]], axis=1)
    joined = _joined(len(names), pairs[pairs[:, 0] != pairs[:, 1]])
    merged: Array = names[joined[number]]
    return merged


def _in_memory(images: Images) -> bool:
    while isinstance(images, ChosenImages):
        images = images.source
    return isinstance(images, ArrayImages)


def _digests(images: Images) -> list[bytes]:
    return [digest for x in in_chunks(images, np.arange(len(images))) for digest in digests_of(x)]


def _joined(count: int, pairs: Array) -> Array:
    """(count,) the smallest number that each one is joined to by pairs (P, 2), over any way."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for left, right in pairs.tolist():
        one, other = sorted((root(left), root(right)))
        parent[other] = one
    return np.array([root(number) for number in range(count)], np.int64)
