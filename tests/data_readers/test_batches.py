"""The order of batches: whole, keyed, and the same after a resume in the middle of an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import ArrayBatches, ArrayImages, Batches, Part, default_pipeline
from pellucid.data.annotations import Classes
from pellucid.errors import ArgumentError, ShapeError
from pellucid.keys import Key


def part_of(n: int = 23, *, first_id: int = 100) -> Part:
    pixels = np.random.default_rng(0).integers(0, 256, (n, 5, 4, 3), dtype=np.uint8)
    labels = np.arange(n, dtype=np.int64) % 3
    names = tuple(f"{i}.png" for i in range(n))
    return Part(ArrayImages(pixels), Classes(labels), names, np.arange(first_id, first_id + n))


def test_an_epoch_holds_every_sample_once_with_its_own_label_and_pixels() -> None:
    part = part_of()
    batches = Batches(part, batch_size=7, key=Key.of(3))
    seen = list(batches.epoch(0))
    assert [len(batch) for batch in seen] == [7, 7, 7, 2] and batches.steps_per_epoch == 4
    ids = np.concatenate([batch.ids for batch in seen])
    assert not np.array_equal(ids, part.ids) and np.array_equal(np.sort(ids), part.ids)
    for batch in seen:
        rows = batch.ids - 100
        assert np.array_equal(batch.targets["output"], part.labels[rows])
        assert np.array_equal(batch.inputs["input"], part.images.take(rows).astype(np.float32))


def test_a_start_in_the_middle_sees_the_batches_that_were_left() -> None:
    batches = Batches(part_of(), batch_size=4, key=Key.of(3))
    whole = [batch.ids for batch in batches.epoch(5)]
    assert all(np.array_equal(a, b.ids) for a, b in zip(whole[3:], batches.epoch(5, start=3), strict=True))


def test_the_order_changes_with_the_epoch_and_the_seed_and_not_without_shuffle() -> None:
    part = part_of()
    first, second = (next(Batches(part, batch_size=23, key=Key.of(3)).epoch(e)).ids for e in (0, 1))
    other = next(Batches(part, batch_size=23, key=Key.of(4)).epoch(0)).ids
    assert not np.array_equal(first, second) and not np.array_equal(first, other)
    assert np.array_equal(next(Batches(part, batch_size=23, key=Key.of(3), shuffle=False).epoch(1)).ids, part.ids)


def test_named_arrays_are_cut_by_the_same_order_as_images() -> None:
    part = part_of(first_id=0)
    rows = np.arange(23.0)
    arrays = ArrayBatches({"left": rows, "right": rows * 10}, {"y": rows}, batch_size=6, key=Key.of(3),
                          weights={"y": rows}, masks={"y": rows > 3})
    for batch, image_batch in zip(arrays.epoch(2), Batches(part, batch_size=6, key=Key.of(3)).epoch(2), strict=True):
        assert np.array_equal(batch.ids, image_batch.ids)
        assert np.array_equal(batch.inputs["right"], batch.ids * 10.0)
        assert np.array_equal(batch.weights["y"], batch.targets["y"])
        assert np.array_equal(batch.masks["y"], batch.ids > 3)


def test_sample_weights_follow_their_samples() -> None:
    part = part_of()
    batches = Batches(part, batch_size=6, key=Key.of(1), output_name="species", sample_weights=part.ids / 2)
    for batch in batches.epoch(0):
        assert np.array_equal(batch.weights["species"], batch.ids / 2)


def test_scaling_divides_uint8_by_255_and_leaves_floats_alone() -> None:
    part = part_of()
    fitted = default_pipeline().fit(part, key=Key.of(1))
    scaled = fitted.apply(part.images.take(np.arange(4)))
    assert scaled.dtype == np.float32
    assert np.allclose(scaled, part.images.take(np.arange(4)) / 255.0, rtol=1e-6, atol=0)
    pixels = ArrayImages(np.full((3, 2, 2, 1), 7.5))
    floats = Part(pixels, part.annotations.take(np.arange(3)), part.names[:3], part.ids[:3])
    assert default_pipeline().fit(floats, key=Key.of(1)).apply(floats.images.take(np.arange(3))).max() == 7.5


@pytest.mark.parametrize("size", [0, -3, 2.0, True])
def test_a_batch_size_that_is_no_positive_integer_is_refused(size: object) -> None:
    with pytest.raises(ArgumentError, match="batch_size must be an integer of 1 or more"):
        Batches(part_of(), batch_size=size, key=Key.of(1))  # type: ignore[arg-type]


def test_arrays_of_different_length_are_refused_by_name() -> None:
    with pytest.raises(ShapeError, match=r"target 'y' must be 4 rows long, as input 'x' is, but it is 3 rows long"):
        ArrayBatches({"x": np.zeros(4)}, {"y": np.zeros(3)}, batch_size=2, key=Key.of(1))
