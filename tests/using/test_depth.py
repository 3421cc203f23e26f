"""Pixels of one depth as another's: exact where they can be, refused with a sentence where it would be a guess."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.model.input.depth import Depth, Extent, change_to

EIGHT, SIXTEEN, UNIT = Depth("uint8"), Depth("uint16"), Depth("float32", 0.0, 1.0)
BYTES = np.arange(256, dtype=np.uint8)


def brought(x: np.ndarray, depth: Depth) -> np.ndarray:
    return change_to(depth, x.dtype, Extent.of(x), "x").apply(x)


@pytest.mark.parametrize(("x", "depth", "wanted"), [
    (BYTES.astype(np.uint16) * 257, EIGHT, BYTES),                        # 257 v comes back exactly
    (np.array([0, 128, 129, 65535], np.uint16), EIGHT, [0, 0, 1, 255]),   # 128 / 257 = 0.498, 129 / 257 = 0.502
    (BYTES, SIXTEEN, BYTES.astype(np.uint16) * 257),
    (BYTES.astype(np.float32) / 255, EIGHT, BYTES),
    (BYTES.astype(np.float64) / 255, SIXTEEN, BYTES.astype(np.uint16) * 257),
    (BYTES.astype(np.float32), EIGHT, BYTES),
    (BYTES.astype(np.int64), EIGHT, BYTES),
    (BYTES.astype(np.float32) * 257, SIXTEEN, BYTES.astype(np.uint16) * 257),
    (BYTES, UNIT, BYTES / np.float32(255)),
    (BYTES.astype(np.uint16) * 257, UNIT, BYTES / np.float32(255)),
    (BYTES, Depth("float32", 0.0, 255.0), BYTES),
    (BYTES.astype(np.uint16) * 257, Depth("float32", 0.0, 255.0), BYTES),
    (BYTES.astype(np.float32) / 255, UNIT, BYTES / np.float32(255)),
    (BYTES, Depth("float32"), BYTES),                                     # a model of before: as it was then
    (np.zeros((0, 4, 4, 1), np.uint16), EIGHT, np.zeros((0, 4, 4, 1))),
])  # fmt: skip
def test_brought(x: np.ndarray, depth: Depth, wanted: np.ndarray) -> None:
    found = brought(x, depth)
    assert found.dtype == np.dtype(depth.dtype)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize(("x", "depth", "part"), [
    ([-1.0, 1.0], EIGHT, "floats from -1 to 1"),
    ([0.0, 1.2], EIGHT, "floats from 0 to 1.2"),
    ([0.0, 300.5], EIGHT, "floats from 0 to 300.5"),
    ([0.0, 200.0], SIXTEEN, "16-bit pictures"),          # 257 times too dark, or not: nobody knows
    ([0.0, np.nan], EIGHT, "NaN"),
    ([0.0, np.inf], UNIT, "NaN or infinity"),
    ([0.0, 255.0], UNIT, "float pictures from 0 to 1"),
    ([-1.0, 1.0], UNIT, "floats from -1 to 1"),
    ([0.1, 0.9], Depth("float32", 0.0, 255.0), "floats from 0.1 to 0.9"),
])  # fmt: skip
def test_refused(x: list[float], depth: Depth, part: str) -> None:
    with pytest.raises(DataError) as fault:
        brought(np.array(x, np.float32), depth)
    assert part in str(fault.value) and str(fault.value).count("\n") == 0


@pytest.mark.parametrize("x", [np.array([-3, 5]), np.array([0, 70_000])])
def test_whole_numbers_that_are_no_pixels(x: np.ndarray) -> None:
    with pytest.raises(DataError, match="whole numbers from"):
        brought(x, EIGHT)


def test_standardised_floats_are_not_guessed() -> None:
    with pytest.raises(DataError, match="float pictures from -2 to 2"):
        brought(BYTES, Depth("float32", -2.0, 2.0))
