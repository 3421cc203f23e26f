"""How often each image is drawn: exact class sizes, nearly even shares, the same draws for the same key."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.annotations import Classes
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches
from pellucid.data.dataset import Part
from pellucid.data.options import Options
from pellucid.data.sampling import Sampler, by_class, evenly
from pellucid.keys import Key
from tests.imbalance.conftest import SIZES, uneven

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 2, 5], SIZES))  # classes 1, 3 and 4 have no image
KEYS = [Key.of(seed) for seed in range(40)]


def part(sizes: tuple[int, ...] = SIZES) -> Part:
    x, y = uneven(sizes)
    names = tuple("abc"[: len(sizes)])
    labels = {"train": Classes(y)}
    return dataset_of_arrays("uneven", "uneven", {"train": x}, labels, names, options=Options()).part("train")


@pytest.mark.parametrize(("kind", "size"), [("over", 60), ("under", 4)])
def test_every_class_is_shown_as_often_as_the_largest_or_the_smallest(kind: str, size: int) -> None:
    sampler = by_class(LABELS, kind)
    assert sampler.size == 3 * size
    for key in KEYS:
        counts = sampler.counts(key)
        for label, images in zip((0, 2, 5), SIZES, strict=True):
            own = counts[label == LABELS]
            assert own.sum() == size
            assert own.min() >= size // images and own.max() <= -(-size // images)


def test_under_sampling_leaves_no_image_out_for_good() -> None:
    sampler = by_class(LABELS, "under")
    shown = sum(sampler.counts(key) for key in [Key.of(0).fold(epoch) for epoch in range(200)])
    assert shown.min() > 0
    common = shown[LABELS == 0]  # each of 60 is due 4/60 of 200 draws
    assert abs(common - 200 * 4 / 60).max() < 5 * np.sqrt(200 * 4 / 60)


def test_weights_shift_the_draws_and_not_their_number() -> None:
    sampler = evenly(LABELS)
    assert all(sampler.counts(key).tolist() == [1] * 84 for key in KEYS[:3])
    sampler.weights = np.where(np.arange(84) < 10, 8.0, 1.0)
    due = 84 * sampler.weights / sampler.weights.sum()
    counts = np.array([sampler.counts(key) for key in KEYS])
    assert (counts.sum(axis=1) == 84).all()
    assert (counts >= np.floor(due)).all() and (counts <= np.ceil(due)).all()
    assert counts[:, 10:].mean() == pytest.approx(due[10], rel=0.02)


def test_weights_act_within_a_class_when_the_classes_are_made_even() -> None:
    sampler = by_class(LABELS, "over")
    rare = np.flatnonzero(LABELS == 5)
    sampler.weights[rare[0]] = 16.0
    counts = sampler.counts(KEYS[0])
    assert [int(counts[label == LABELS].sum()) for label in (0, 2, 5)] == [60, 60, 60]
    assert counts[rare[0]] >= 50


def test_sizes_are_exact_whatever_the_weights() -> None:
    random = np.random.default_rng(1)
    for key in KEYS:
        strata = random.integers(0, 4, 500)
        strata[:4] = range(4)
        sampler = Sampler(strata, random.integers(1, 900, 4))
        sampler.weights = 2.0 ** random.integers(0, 5, 500)
        counts = sampler.counts(key)
        assert [int(counts[strata == stratum].sum()) for stratum in range(4)] == sampler.sizes.tolist()


def test_draws_name_image_and_copy() -> None:
    sampler = by_class(LABELS, "over")
    draws, counts = sampler.draws(KEYS[0]), sampler.counts(KEYS[0])
    copies, images = np.divmod(draws, len(LABELS))
    assert np.array_equal(np.bincount(images, minlength=84), counts)
    assert all(copies[images == image].tolist() == list(range(counts[image])) for image in range(84))
    assert np.array_equal(draws, sampler.draws(KEYS[0]))
    fewer = by_class(LABELS, "under")
    assert not np.array_equal(fewer.draws(KEYS[0]), fewer.draws(KEYS[1]))


@pytest.mark.parametrize("kind", ["over", "under"])
def test_an_epoch_goes_on_where_it_was_left(kind: str) -> None:
    source = part()
    batches = Batches(source, batch_size=7, key=Key.of(1), sampler=by_class(source.labels, kind))
    whole = [batch.ids.tolist() for batch in batches.epoch(2)]
    assert len(whole) == batches.steps_per_epoch and sum(map(len, whole)) == batches.samples
    assert [batch.ids.tolist() for batch in batches.epoch(2, start=1)] == whole[1:]
    assert source.ids[batches.order(2)].tolist() == [number for step in whole for number in step]
    assert batches.order(2).tolist() != batches.order(3).tolist()


def test_copies_of_an_image_are_changed_each_in_its_own_way() -> None:
    source = part((40, 2))
    settings = {"batch_size": 80, "key": Key.of(1), "augmentation": Augmentation.parse("shift=2")}
    (batch,) = Batches(source, **settings, sampler=by_class(source.labels, "over")).epoch(0)  # type: ignore[arg-type]
    rare = batch.inputs["input"][batch.ids == 41]
    assert len(rare) == 20 and 10 <= len(np.unique(rare.reshape(20, -1), axis=0)) <= 20
    (plain,) = Batches(source, **settings).epoch(0)  # type: ignore[arg-type]
    first = plain.inputs["input"][plain.ids == 41][0]
    assert any(np.array_equal(first, copy) for copy in rare)  # copy number 0 is the image of a plain epoch
