"""Mosaics: four pictures in one, their boxes where their pixels lie; the same after a resume; refused for classes."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches, Encoded
from pellucid.data.boxes.column import Boxes
from pellucid.data.changing import changed
from pellucid.data.dataset import Part
from pellucid.data.images import ArrayImages
from pellucid.data.mosaic import pieces_of
from pellucid.keys import Key

N, SIZE = 12, (80, 96)  # pictures; rows, columns
KEY = Key.of(5)
HUES = np.eye(3)  # each picture of four has a hue of its own, which is told from the others'


def cards() -> tuple[np.ndarray, Boxes]:
    """Black pictures with a bright rectangle each, and its box."""
    random = np.random.default_rng(3)
    x, corners = np.zeros((N, *SIZE, 3), np.float32), np.zeros((N, 4))
    for number in range(N):
        width, height = random.integers(20, 40, 2)
        left, top = int(random.integers(0, SIZE[1] - width)), int(random.integers(0, SIZE[0] - height))
        x[number, top : top + height, left : left + width] = HUES[number % 3]
        corners[number] = left, top, left + width, top + height
    zeros = np.zeros(N, bool)
    affines = np.broadcast_to(np.eye(2, 3), (N, 2, 3))
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    return x, Boxes(corners, np.arange(N) % 3, zeros, zeros, areas, np.arange(N + 1), np.tile(SIZE, (N, 1)), affines,
                    ("red", "green", "blue"))  # fmt: skip


def test_boxes_lie_where_their_pixels_do() -> None:
    x, boxes = cards()
    seen = 0
    for epoch in range(6):
        y, moved, mix = changed(Augmentation.parse("flip,mosaic=1"), x, boxes, key=KEY, epoch=epoch, ids=np.arange(N))
        placed = moved.placed(0.01)  # type: ignore[attr-defined]
        one = moved.take(np.array([3]))  # as a sheet takes it
        assert np.array_equal(one.placed(0.01).corners, placed.corners[placed.picture == 3])  # type: ignore[attr-defined]
        assert mix is None and y.shape == x.shape and len(np.unique(placed.picture)) > N // 2
        for box, kind, picture, row in zip(placed.corners, placed.classes, placed.picture, placed.row, strict=True):
            left, top, right, bottom = moved.windows[row]  # type: ignore[attr-defined]
            bright = y[picture, top:bottom, left:right] @ HUES[kind] > 0.5
            rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
            if len(rows):
                found = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
                assert np.abs(box - found).max() <= 1, (epoch, picture, box, found)
                seen += 1
        inside = [(y[picture] > 0.5).any(-1).sum() > 0 for picture in range(N)]
        assert set(np.flatnonzero(inside)) >= set(placed.picture[np.prod(
            placed.corners[:, 2:] - placed.corners[:, :2], axis=1) > 20])  # fmt: skip
    assert seen > 100


def test_windows_fill_a_mosaic_and_pictures_fill_their_windows() -> None:
    pieces = pieces_of(200, SIZE, 0.5, KEY)
    counts = np.bincount(pieces.picture)
    assert set(counts) == {1, 4} and 70 < (counts == 4).sum() < 130
    width, height = (pieces.windows[:, 2:] - pieces.windows[:, :2]).T
    assert np.array_equal(np.bincount(pieces.picture, width * height), np.full(200, SIZE[0] * SIZE[1]))
    for affine, window in zip(pieces.affines, pieces.windows, strict=True):
        scale, offset = affine[0, 0], affine[:, 2]
        assert affine[1, 1] == scale <= 1 and affine[0, 1] == affine[1, 0] == 0
        far = offset + scale * np.array(SIZE[::-1])
        assert (offset <= window[:2] + 1e-9).all() and (far >= window[2:] - 1e-9).all()


def test_a_mosaic_is_the_same_after_a_resume() -> None:
    x, boxes = cards()

    def encode(annotations: object) -> Encoded:
        assert isinstance(annotations, Boxes)
        placed = annotations.placed()
        found = np.zeros((len(annotations), 4))
        np.add.at(found, placed.picture, placed.corners)
        return Encoded(found)

    part = Part(ArrayImages(x), boxes, tuple(map(str, range(N))), np.arange(N))
    batches = Batches(part, batch_size=4, key=KEY, augmentation=Augmentation.parse("mosaic=0.5"), encode=encode)
    whole, again = list(batches.epoch(2)), next(iter(batches.epoch(2, start=1)))
    assert np.array_equal(again.inputs["input"], whole[1].inputs["input"])
    assert np.array_equal(again.targets["output"], whole[1].targets["output"]) and again.targets["output"].any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pictures_keep_their_depth(dtype: type) -> None:
    x, boxes = cards()
    high = 1 if dtype == np.float32 else np.iinfo(dtype).max
    y, _, _ = changed(Augmentation(mosaic=1), (x * high).astype(dtype), boxes, key=KEY, epoch=0, ids=np.arange(N))
    assert y.dtype == dtype and y.max() == high
