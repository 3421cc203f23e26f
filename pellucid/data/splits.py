"""Splits: a validation, train-dev or test part taken from the training part, stratified, and never through a group.

Without groups every class keeps its share and the size is exact (largest remainders). With groups whole groups move;
among the ways that leave every class something to learn from, the size comes as near to the wish as a search of
`TRIES` random orders finds, then the classes' shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from pellucid.data.apportion import stratified_sample
from pellucid.data.copies import families, kept_together, merged_groups
from pellucid.data.dataset import PARTS, Dataset, Part
from pellucid.data.images import Array
from pellucid.errors import ArgumentError, DataError, describe, shown
from pellucid.keys import Key

TRIES = 64
FAR_OFF = 0.2  # of the size that was due: a part of another size is told with it
TEST_FRACTION = 0.2
TORN = ", copies of an image lie on both sides of it: too few {} have none"


def split_validation(dataset: Dataset, *, fraction: float, seed: int, together: bool = False) -> Dataset:
    """The data set with a validation part of `fraction` of "train"; one that is there already is kept.

    The same `seed` gives the same split. Raises DataError when a class or the groups cannot be divided.
    """
    if "validation" in dataset.parts or fraction == 0:
        return dataset
    return _split(dataset, "validation", fraction, Key.of(seed).fold("split", "validation"), together)


def split_train_dev(dataset: Dataset, *, fraction: float, seed: int, together: bool = False) -> Dataset:
    """The data set with a train-dev part: `fraction` of "train", held out to be scored and never learnt from.

    It tells variance from mismatch when the validation part comes from elsewhere than the training images. Raises
    DataError when a class or the groups cannot be divided.
    """
    if "train-dev" in dataset.parts or fraction == 0:
        return dataset
    return _split(dataset, "train-dev", fraction, Key.of(seed).fold("split", "train-dev"), together)


def ensure_test(dataset: Dataset, *, fraction: float = TEST_FRACTION, seed: int = 0, together: bool = False) -> Dataset:
    """The data set with a test part of `fraction` of "train", unless it has one already.

    Where "train" cannot spare one and there is a validation part, there is none, and a note says so. Raises DataError.
    """
    if "test" in dataset.parts:
        return dataset
    try:
        return _split(dataset, "test", fraction, Key.of(seed).fold("split", "test"), together)
    except DataError as fault:
        if "validation" not in dataset.parts:
            raise
        why = str(fault).removeprefix(f"{dataset.name}: ")
        told = f"no test part, so scores are of the validation part, which also chose the epoch: {why}"
        return replace(dataset, notes=(*dataset.notes, told))


def leaking_groups(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """Groups that lie in more than one part, with those parts; empty when none leaks or nothing is grouped."""
    places: dict[str, list[str]] = {}
    for name, part in dataset.parts.items():
        for group in () if part.groups is None else np.unique(part.groups):
            places.setdefault(str(group), []).append(name)
    return {group: tuple(parts) for group, parts in places.items() if len(parts) > 1}


def _split(dataset: Dataset, name: str, fraction: float, key: Key, together: bool) -> Dataset:
    if not 0 < fraction < 1:
        raise ArgumentError(describe("split", f"the {name} fraction", "between 0 and 1", fraction))
    train = dataset.part("train")
    count = round(fraction * len(train))
    members = families(train) if together else None
    if train.groups is None:
        taken, how = _take_samples(dataset, train, name, count, fraction, key), "stratified"
        whole = taken if members is None else kept_together(train.annotations.strata, members, taken, key=key)
        if not len(whole):
            how += TORN.format("images")
        elif not np.array_equal(whole, taken):
            taken, how = whole, "stratified, copies of an image in one part"
            if abs(len(whole) - count) > FAR_OFF * count:
                how += f", {count:,} were due; --copies apart lets copies fall anywhere"
    else:
        taken, torn = _take_groups_of(train, count, members, key=key, where=dataset.name,
                                      of_each=train.annotations.kind == "classes")
        how = f"{len(np.unique(train.groups[taken]))} of {len(np.unique(train.groups))} groups{torn}"
    left = np.setdiff1d(np.arange(len(train)), taken)
    parts: Mapping[str, Part] = {**dataset.parts, "train": train.subset(left), name: train.subset(taken)}
    note = f"{name} part: {len(taken):,} of {len(train):,} training images ({how})"
    return replace(dataset, parts={part: parts[part] for part in PARTS if part in parts}, notes=(*dataset.notes, note))


def _take_samples(dataset: Dataset, train: Part, name: str, count: int, fraction: float, key: Key) -> Array:
    """Indices of the part called `name`. Raises DataError with numbers that a user can find in his data."""
    classes, counts = np.unique(train.annotations.strata, return_counts=True)
    flag = {"validation": "--val-fraction", "train-dev": "--train-dev-fraction"}.get(name)
    without = f", or type {flag} 0 to do without it" if flag else ""
    if counts.min() < 2 and train.annotations.kind == "classes":
        lone = int(classes[counts.argmin()])
        elsewhere = {part: int((held.annotations.strata == lone).sum())
                     for part, held in dataset.parts.items() if part != "train"}
        taken = [f"{number} in the {part} part" for part, number in elsewhere.items() if number]
        images = f"{1 + sum(elsewhere.values())} images, {', '.join(taken)} and 1 to learn from"
        has = f"has {images}" if taken else "has one image"
        less = any(note.startswith("limit: ") for note in dataset.notes)
        more = "Add images of that class" if not less else "Pass a larger --limit, which leaves more of each class"
        raise DataError(f"{dataset.name}: the class '{shown(dataset.class_names[lone])}' {has}, so no {name} part can "
                        f"be split off. {more}{without}.")
    if count < 1:
        whole = sum(map(len, dataset.parts.values()))
        of = f"{len(train)} images" if whole == len(train) else f"the {len(train)} of {whole} images left to learn from"
        raised = f"Type {flag} {math.ceil(100 / len(train)) / 100:g} or more{without}" if flag else "Add images"
        raise DataError(f"{dataset.name}: the {name} part would be empty, as {fraction:g} of {of} is less than one. "
                        f"{raised}.")
    return stratified_sample(train.annotations.strata, count, key=key, keep=1)


def _take_groups_of(
    train: Part, count: int, members: Array | None, *, key: Key, where: str, of_each: bool
) -> tuple[Array, str]:
    """Indices of whole groups, those that share copies together, and what is said where that cannot be."""
    assert train.groups is not None
    strata = train.annotations.strata
    if members is not None:
        with suppress(DataError):
            merged = merged_groups(train.groups, members)
            return take_groups(strata, merged, count, key=key, where=where, of_each=of_each), ""
    taken = take_groups(strata, train.groups, count, key=key, where=where, of_each=of_each)
    return taken, "" if members is None else TORN.format("groups")


def take_groups(labels: Array, groups: Array, count: int, *, key: Key, where: str, of_each: bool = True) -> Array:
    """Sorted indices of whole groups with about `count` samples in all.

    labels (N,), groups (N,). With `of_each` every class keeps a sample outside; else some sample stays there, of
    whatever stratum. Raises DataError when no choice of groups leaves something on both sides.
    """
    names, member = np.unique(groups, return_inverse=True)
    classes, label = np.unique(labels, return_inverse=True)
    table = np.zeros((len(names), len(classes)), np.int64)                    # samples by group and class
    np.add.at(table, (member, label), 1)
    due = table.sum(axis=0) * (count / len(labels))                           # wanted of each class
    random = key.fold("groups").generator()
    orders = [random.permutation(len(names)) for _ in range(TRIES)]
    needed = table if of_each else table.sum(axis=1, keepdims=True)
    candidates = [_fill(table, needed, count, due, order) for order in orders] + _singles(needed)
    if not any(len(candidate) for candidate in candidates):
        so = "every class keeps images to learn from and both parts" if of_each else "both parts"
        raise DataError(f"{where}: {len(names)} groups cannot be divided so that {so} get a whole group. Add groups, "
                        "or split by another column.")

    def distance(candidate: Array) -> tuple[float, float]:
        got = table[candidate].sum(axis=0)
        return abs(float(got.sum()) - count), float(np.square(got - due).sum())

    chosen = min((candidate for candidate in candidates if len(candidate)), key=distance)
    return np.flatnonzero(np.isin(member, chosen))


def _singles(needed: Array) -> list[Array]:
    """Each group alone, where other groups too have some of whatever is needed on both sides."""
    elsewhere = (needed.sum(axis=0) - needed > 0).all(axis=1)
    return [np.array([group]) for group in np.flatnonzero(elsewhere)]


def _fill(table: Array, needed: Array, count: int, due: Array, order: Array) -> Array:
    """Go through the groups in `order` and take each one that brings size and classes nearer to what is due.

    Of each column of `needed`, samples by group, something is left.
    """
    got = np.zeros(table.shape[1], np.int64)
    left = needed.sum(axis=0)
    taken: list[int] = []
    for group in order:
        row = table[group]
        nearer = abs(got.sum() + row.sum() - count) < abs(got.sum() - count)
        fits = np.square(got + row - due).sum() < np.square(got - due).sum() or got.sum() + row.sum() <= count
        if nearer and fits and (left - needed[group] > 0).all():
            taken.append(int(group))
            got, left = got + row, left - needed[group]
    return np.array(taken, np.int64)
