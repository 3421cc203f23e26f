"""Augmentation: worked pixels, keyed by sample and epoch, the same whatever batch a sample comes in."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from pellucid.data import ArrayImages, Augmentation, Batches, Part
from pellucid.data.annotations import Classes
from pellucid.data.augmentation import _resample
from pellucid.errors import ArgumentError
from pellucid.keys import Key

KEY = Key.of(7)
RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(0, 256, (60, 7, 5, 3), dtype=np.uint8)
IDS = np.arange(60)


def test_flips_are_mirrors_half_of_the_time() -> None:
    made = Augmentation(flip=True).apply(COLOUR, key=KEY, epoch=0, ids=IDS)
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(made, COLOUR, strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(made, COLOUR, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True)) and 15 < sum(mirrored) < 45
    upside = Augmentation(flip_vertical=True).apply(COLOUR, key=KEY, epoch=0, ids=IDS)
    assert all(np.array_equal(a, b) or np.array_equal(a, b[::-1]) for a, b in zip(upside, COLOUR, strict=True))


def test_a_shift_moves_whole_pixels_and_repeats_the_edge() -> None:
    made = Augmentation(shift=2).apply(COLOUR, key=KEY, epoch=0, ids=IDS)
    seen = set()
    for before, after in zip(COLOUR, made, strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)), mode="edge")
        matches = [(r, c) for r in range(5) for c in range(5) if np.array_equal(padded[r : r + 7, c : c + 5], after)]
        assert len(matches) == 1
        seen.update(matches)
    assert len(seen) > 15                                     # of the 25 places, all alike often


def test_a_quarter_turn_is_a_quarter_turn() -> None:
    square = RANDOM.normal(size=(1, 6, 6, 2))
    matrix = np.array([[[0.0, 1.0], [-1.0, 0.0]]])            # output (r, c) about the centre reads input (c, -r)
    turned = _resample(square, matrix, np.zeros((1, 2)))      # so y[i, j] = x[j, 5 - i]: a turn to the left
    assert np.allclose(turned[0], np.rot90(square[0]), atol=1e-6)


def test_bilinear_reading_agrees_with_pillow_inside() -> None:
    smooth = np.add.outer(np.arange(20.0) * 3, np.arange(18.0) * 5).astype(np.float32)
    angle = np.radians(12.0)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = np.array([0.7, -1.3])
    ours = _resample(smooth[None, :, :, None], matrix[None], shift[None])[0, :, :, 0]
    # Pillow: input (x, y) at pixel centres = A (x_out, y_out) + b, A in (x, y) order, +0.5 at both ends
    centre = np.array([9.5, 8.5])
    offset = centre + shift - matrix @ centre
    a, b, c, d = matrix[1, 1], matrix[1, 0], matrix[0, 1], matrix[0, 0]
    tuple_ = (a, b, offset[1] + 0.5 - 0.5 * (a + b), c, d, offset[0] + 0.5 - 0.5 * (c + d))
    theirs = np.asarray(Image.fromarray(smooth).transform((18, 20), Image.Transform.AFFINE, tuple_,
                                                          Image.Resampling.BILINEAR))
    assert np.abs(ours - theirs)[5:15, 5:13].max() < 1e-2


def test_pictures_are_read_alike_alone_and_among_others() -> None:
    large = RANDOM.integers(0, 256, (5, 90, 80, 3), dtype=np.uint8)  # more places than are read at once
    matrices, shifts = np.eye(2) + RANDOM.normal(0, 0.1, (5, 2, 2)), RANDOM.normal(0, 3, (5, 2))
    alone = [_resample(large[i : i + 1], matrices[i : i + 1], shifts[i : i + 1]) for i in range(5)]
    assert np.array_equal(_resample(large, matrices, shifts), np.concatenate(alone))


def test_a_flat_picture_stays_flat_and_shape_and_dtype_are_kept() -> None:
    everything = Augmentation(flip=True, shift=2, rotate=30, zoom=0.3, shear=20, crop=0.4)
    for dtype in (np.uint8, np.uint16, np.float32, np.float64):
        flat = np.full((9, 7, 5, 3), 77, dtype)
        made = everything.apply(flat, key=KEY, epoch=0, ids=np.arange(9))
        assert made.dtype == dtype and made.shape == flat.shape and np.allclose(made, 77)
    assert not np.array_equal(everything.apply(COLOUR, key=KEY, epoch=0, ids=IDS), COLOUR)


@pytest.mark.parametrize("text", ["flip,shift=1", "rotate=20,zoom=0.2", "crop=0.5,shear=10,flip_vertical"])
def test_what_is_drawn_depends_on_key_epoch_and_sample_alone(text: str) -> None:
    augmentation = Augmentation.parse(text)
    whole = augmentation.apply(COLOUR, key=KEY, epoch=3, ids=IDS)
    chosen = np.array([41, 3, 17])
    assert np.array_equal(augmentation.apply(COLOUR[chosen], key=KEY, epoch=3, ids=chosen), whole[chosen])
    for key, epoch, ids in ((KEY, 4, IDS), (Key.of(8), 3, IDS), (KEY, 3, IDS + 1)):
        assert not np.array_equal(augmentation.apply(COLOUR, key=key, epoch=epoch, ids=ids), whole)


def test_each_word_changes_pictures_by_itself_and_nothing_asked_changes_nothing() -> None:
    for text in ("flip", "flip_vertical", "shift=2", "rotate=25", "zoom=0.4", "shear=25", "crop=0.5"):
        assert not np.array_equal(Augmentation.parse(text).apply(COLOUR, key=KEY, epoch=0, ids=IDS), COLOUR), text
    assert np.array_equal(Augmentation().apply(COLOUR, key=KEY, epoch=0, ids=IDS), COLOUR)


def test_a_crop_shows_a_window_of_the_picture() -> None:
    ramp = np.broadcast_to(np.arange(100.0)[:, None, None], (1, 100, 100, 1)).repeat(40, 0)
    made = Augmentation(crop=0.5).apply(ramp, key=KEY, epoch=0, ids=np.arange(40))
    extent = made.max(axis=(1, 2, 3)) - made.min(axis=(1, 2, 3))
    assert extent.min() >= 49 and extent.max() <= 99 and np.ptp(extent) > 20
    small = made[extent < 75]                                 # windows lie anywhere, up to the edges
    assert len(small) > 8 and small.min() < 6 and small.max() > 93


def test_batches_augment_raw_pixels_and_config_keeps_all() -> None:
    part = Part(ArrayImages(COLOUR), Classes(IDS % 2), tuple(map(str, IDS)), IDS + 500)
    augmentation = Augmentation.parse("flip,shift=2,rotate=10")
    assert Augmentation.from_config(json.loads(json.dumps(augmentation.to_config()))) == augmentation
    for batch in Batches(part, batch_size=16, key=KEY, augmentation=augmentation).epoch(2):
        expected = augmentation.apply(COLOUR[batch.ids - 500], key=KEY, epoch=2, ids=batch.ids)
        assert np.array_equal(batch.inputs["input"], expected.astype(np.float32))


@pytest.mark.parametrize(("text", "message"), [
    ("flip,swirl=2", r"there is no 'swirl'. The words are: flip, flip_vertical, shift, rotate, zoom, shear, crop"),
    ("mixup=0.2,cutmix=1", "mixup and cutmix both mix two pictures"), ("blur=99", "blur must be a number from 0 to 16"),
    ("flip=1", "'flip' takes no value"), ("rotate", "'rotate' needs a number, but 'rotate=' was given"),
    ("shift=1.5", "'shift' needs a number, but 'shift=1.5'"),
    ("zoom=2", "zoom must be a number from 0 to 0.9, but it is 2"),
    ("rotate=-5", "rotate must be a number from 0 to 180"), ("shift=1,shift=2", "'shift' is given twice"),
    ("rotate=nan", "rotate must be a number from 0 to 180, but it is nan"),
])
def test_words_that_cannot_be_meant_are_refused(text: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Augmentation.parse(text)


def test_a_shift_as_large_as_the_picture_is_refused() -> None:
    with pytest.raises(ArgumentError, match="shift must be less than the 5 pixels of a side, but it is 5"):
        Augmentation(shift=5).apply(COLOUR, key=KEY, epoch=0, ids=IDS)
