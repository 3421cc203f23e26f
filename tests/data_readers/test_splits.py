"""Splits: exact, in proportion, keyed by the seed, and never through a group."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from pellucid.data import ArrayImages, Dataset, Part, ensure_test, open_dataset, split_train_dev, split_validation
from pellucid.data.annotations import Classes
from pellucid.data.apportion import shares, stratified_sample
from pellucid.errors import ArgumentError, DataError
from pellucid.keys import Key


def dataset_of(labels: np.ndarray, groups: np.ndarray | None = None) -> Dataset:
    n = len(labels)
    pixels = ArrayImages(np.zeros((n, 1, 1, 1), np.uint8))
    part = Part(pixels, Classes(labels), tuple(map(str, range(n))), np.arange(n), groups)
    return Dataset("made", {"train": part}, tuple(str(k) for k in range(int(labels.max()) + 1)), ("gray",), "0" * 64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 40), min_size=2, max_size=7), st.floats(0.05, 0.6), st.integers(0, 2**31))
def test_a_stratified_split_is_exact_and_in_proportion(counts: list[int], fraction: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    wanted = round(fraction * len(labels))
    if wanted == 0:
        return
    parted = split_validation(dataset_of(labels), fraction=fraction, seed=seed)
    train, held = parted.part("train"), parted.part("validation")
    assert len(held) == wanted and not set(train.ids) & set(held.ids)
    assert np.array_equal(np.sort(np.concatenate([train.ids, held.ids])), np.arange(len(labels)))
    assert np.array_equal(held.labels, labels[held.ids]) and np.bincount(train.labels).min() >= 1
    free = np.array(counts) * wanted / len(labels) <= np.array(counts) - 1
    due = np.array(counts) * wanted / len(labels)
    if free.all():
        assert np.abs(np.bincount(held.labels, minlength=len(counts)) - due).max() < 1


def test_class_counts_agree_with_scikit_learn() -> None:
    labels = open_dataset("digits").part("train").labels
    ours = labels[stratified_sample(labels, 287, key=Key.of(5))]
    theirs = train_test_split(labels, test_size=287, stratify=labels, random_state=5)[1]
    assert np.abs(np.bincount(ours) - np.bincount(theirs)).max() <= 1


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_group_never_lands_in_two_parts(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(3, 12), min_size=6, max_size=25))
    groups = np.repeat([f"donor {i}" for i in range(len(sizes))], sizes)
    labels = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups))))
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(groups))
    dataset = dataset_of(labels, groups[order])
    try:
        parted = split_validation(dataset, fraction=0.25, seed=data.draw(st.integers(0, 2**20)))
    except DataError:
        homes = [set(dataset.part("train").groups[dataset.part("train").labels == k]) for k in set(labels)]
        assert all(any(home == {group} for home in homes) for group in groups), "it could have been divided"
        return
    with contextlib.suppress(DataError):                 # what is left may not allow a third part
        parted = ensure_test(parted, seed=3)
    found = [set(part.groups) for part in parted.parts.values() if part.groups is not None]
    assert len(found) == len(parted.parts) >= 2 and all(found)
    assert sum(len(groups) for groups in found) == len(set.union(*found))
    assert set(parted.part("train").labels) == set(labels)
    assert sum(len(part) for part in parted.parts.values()) == len(labels)


def test_groups_of_one_size_are_divided_exactly() -> None:
    labels = np.tile([0, 0, 1, 2], 20)
    groups = np.repeat([f"g{i:02d}" for i in range(20)], 4)
    held = split_validation(dataset_of(labels, groups), fraction=0.25, seed=1).part("validation")
    assert np.bincount(held.labels).tolist() == [10, 5, 5]


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    dataset = open_dataset("digits")
    first, again, other = (split_validation(dataset, fraction=0.1, seed=seed).part("validation") for seed in (1, 1, 2))
    assert np.array_equal(first.ids, again.ids) and not np.array_equal(first.ids, other.ids)
    assert len(first) == 144 and np.array_equal(np.diff(first.ids) > 0, np.ones(143, bool))


def test_a_validation_part_that_is_there_is_kept() -> None:
    once = split_validation(open_dataset("digits"), fraction=0.1, seed=1)
    assert split_validation(once, fraction=0.5, seed=2) is once
    assert "validation part: 144 of 1,437 training images (stratified)" in once.notes


def test_a_train_dev_part_comes_out_of_the_training_part_alone() -> None:
    before = split_validation(ensure_test(open_dataset("digits")), fraction=0.1, seed=0)
    after = split_train_dev(before, fraction=0.2, seed=0)
    assert list(after.parts) == ["train", "train-dev", "validation", "test"]
    held, left = after.part("train-dev"), after.part("train")
    assert len(held) == round(0.2 * len(before.part("train"))) and not set(held.ids) & set(left.ids)
    assert {*held.ids, *left.ids} == set(before.part("train").ids)
    assert after.parts["validation"] is before.parts["validation"] and after.parts["test"] is before.parts["test"]
    assert split_train_dev(before, fraction=0, seed=0) is before


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5])
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(ArgumentError, match="the validation fraction must be between 0 and 1"):
        split_validation(open_dataset("digits"), fraction=fraction, seed=0)


def test_what_cannot_be_divided_is_said() -> None:
    with pytest.raises(DataError, match="the class '1' has one image"):
        split_validation(dataset_of(np.array([0, 0, 0, 1])), fraction=0.25, seed=0)
    groups = np.array(["a", "a", "b", "b"])
    with pytest.raises(DataError, match="2 groups cannot be divided"):
        split_validation(dataset_of(np.array([0, 0, 1, 1]), groups), fraction=0.5, seed=0)


def test_largest_remainders_by_hand() -> None:
    # 10 over 6:3:1 of 20: dues 6, 3, 1. 7 over 5:3:2: dues 3.5, 2.1, 1.4 -> floors 3, 2, 1, the rest to the first
    most = np.array([12, 6, 2])
    assert shares(most, 10, least=np.zeros(3, int), most=most).tolist() == [6, 3, 1]
    counts = np.array([5, 3, 2])
    assert shares(counts, 7, least=np.zeros(3, int), most=counts).tolist() == [4, 2, 1]


@pytest.mark.parametrize(("copies", "words"), [
    (4, "copies of an image in one part)"), (8, ", 24 were due; --copies apart lets copies fall anywhere)"),
])
def test_a_part_that_copies_make_of_another_size_is_told(copies: int, words: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (240 // copies, 6, 6, 1), dtype=np.uint8).repeat(copies, axis=0)
    n = len(pixels)
    part = Part(ArrayImages(pixels), Classes(np.arange(n) // copies % 2), tuple(map(str, range(n))), np.arange(n))
    dataset = Dataset("made", {"train": part}, ("a", "b"), ("gray",), "0" * 64)
    held = split_validation(dataset, fraction=0.1, seed=0, together=True)
    assert held.notes[-1].endswith(words), (len(held.part("validation")), held.notes[-1])


@pytest.mark.parametrize(("pixels", "groups", "words"), [
    ([0] * 12, None, "3 of 12 training images (stratified, copies of an image lie on both sides of it: too few images"),
    ([0, 1, 2] * 4, None, "lie on both sides of it: too few images have none)"),
    ([0, 1, 2] * 4, [0] * 6 + [1] * 6, "6 of 12 training images (1 of 2 groups, copies of an image lie on both sides"),
    (list(range(12)), [0] * 6 + [1] * 6, "6 of 12 training images (1 of 2 groups)"),
    ([*range(9), 0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0], "3 of 12 training images (1 of 3 groups)"),
])  # fmt: skip
def test_copies_that_cannot_be_kept_together_are_told(pixels: list[int], groups: list[int] | None, words: str) -> None:
    drawn = np.random.default_rng(1).integers(0, 255, (12, 6, 6, 1), dtype=np.uint8)[pixels]
    part = Part(ArrayImages(drawn), Classes(np.arange(12) % 2), tuple(map(str, range(12))), np.arange(12),
                groups=None if groups is None else np.array(groups))  # fmt: skip
    dataset = Dataset("made", {"train": part}, ("a", "b"), ("gray",), "0" * 64)
    assert words in split_validation(dataset, fraction=0.25, seed=0, together=True).notes[-1]
    assert "copies" not in split_validation(dataset, fraction=0.25, seed=0).notes[-1]
