"""Batches made ahead by a thread: the same ones, faults where their batch would have been, no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from pellucid.data import ArrayImages, Batches, Part, default_pipeline
from pellucid.data.ahead import ahead
from pellucid.data.annotations import Classes
from pellucid.data.augmentation import Augmentation
from pellucid.errors import DataError
from pellucid.keys import Key


def part_of(n: int = 23) -> Part:
    pixels = np.random.default_rng(0).integers(0, 256, (n, 5, 4, 3), dtype=np.uint8)
    return Part(ArrayImages(pixels), Classes(np.arange(n) % 3), tuple(map(str, range(n))), np.arange(n))


def made_by() -> Iterator[str]:
    while True:
        yield threading.current_thread().name


def test_the_entries_come_in_order_from_another_thread() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))
    assert next(ahead(made_by())) != threading.current_thread().name


def test_a_fault_comes_where_its_batch_would_have() -> None:
    def broken() -> Iterator[int]:
        yield from (0, 1)
        raise DataError("7.png is broken.")

    seen = []
    with pytest.raises(DataError, match=r"7\.png is broken"):
        for number in ahead(broken()):
            seen.append(number)
    assert seen == [0, 1]


@pytest.mark.parametrize("fault", [None, KeyboardInterrupt, DataError])
def test_whoever_leaves_early_leaves_no_thread(fault: type[BaseException] | None) -> None:
    before = threading.active_count()
    entries = ahead(made_by())
    try:
        for _ in entries:
            if fault is not None:
                raise fault
            break
    except (KeyboardInterrupt, DataError):
        pass
    entries.close()
    assert threading.active_count() == before


def test_augmented_batches_are_those_made_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches(part_of(), batch_size=4, key=Key.of(1), augmentation=Augmentation(shift=1, rotate=9.0))
    ahead_of_time = list(batches.epoch(2, start=1))
    monkeypatch.setattr("pellucid.data.batches.ahead", lambda made: made)
    for ours, plain in zip(ahead_of_time, batches.epoch(2, start=1), strict=True):
        np.testing.assert_array_equal(ours.inputs["input"], plain.inputs["input"])
        np.testing.assert_array_equal(ours.ids, plain.ids)


def test_bytes_that_are_scaled_later_are_told_by_how_much() -> None:
    fitted = default_pipeline().fit(part_of(), key=Key.of(0))
    later, now = (
        next(Batches(part_of(), batch_size=23, key=Key.of(1), preprocessing=fitted, scale_later=how).epoch(0))
        for how in (True, False)
    )
    assert later.inputs["input"].dtype == np.uint8 and now.scales == {}
    scaled = later.inputs["input"] * np.float32(later.scales["input"])
    np.testing.assert_array_equal(scaled, now.inputs["input"])
    assert Batches(part_of(), batch_size=4, key=Key.of(1), scale_later=True).factor is None
