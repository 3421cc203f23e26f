"""Bringing pictures to one size: the geometry worked by hand, and which size is chosen when none is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data import open_dataset
from pellucid.data.fitting import FITS, affine_of, fit_pixels
from pellucid.data.sizes import choose_size


def test_affines_by_hand() -> None:
    # a picture of 20 x 40 (height x width) to 10 x 10: stretch 10/40 and 10/20; letterbox min(.25, .5) = .25, the
    # picture is 10 wide and 5 high, (10 - 5) // 2 = 2 rows of grey above; crop max = .5, 20 wide, 5 cut off on the left
    assert affine_of((20, 40), (10, 10), "stretch").tolist() == [[0.25, 0, 0], [0, 0.5, 0]]
    assert affine_of((20, 40), (10, 10), "letterbox").tolist() == [[0.25, 0, 0], [0, 0.25, 2]]
    assert affine_of((20, 40), (10, 10), "crop").tolist() == [[0.5, 0, -5], [0, 0.5, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("source", [(20, 40), (37, 13), (8, 8), (3, 50)])
@pytest.mark.parametrize("fit", FITS)
def test_pixels_go_where_the_affine_says(fit: str, source: tuple[int, int], dtype: type) -> None:
    """A ramp along x and one along y: a pixel's centre holds the coordinate that the inverse affine gives."""
    size, steps = (24, 16), 800 if dtype == np.uint16 else 4
    rows, columns = np.mgrid[: source[0], : source[1]] + 0.5
    pixels = (np.stack([columns, rows], axis=-1) * steps).astype(dtype)
    made = fit_pixels(pixels, size, fit)
    assert made.shape == (24, 16, 2) and made.dtype == dtype
    inverse = np.linalg.inv(np.vstack([affine_of(source, size, fit), [0, 0, 1]]))
    for y in range(24):
        for x in range(16):
            at = (inverse @ (x + 0.5, y + 0.5, 1))[:2]
            if not (1 <= at[0] <= source[1] - 1 and 1 <= at[1] <= source[0] - 1):
                continue                                                # a border blends with less than its whole
            assert np.abs(made[y, x] / steps - at).max() < 0.6, (x, y)


def test_letterbox_is_grey_around_and_whole_inside() -> None:
    for dtype, white, grey in ((np.uint8, 255, 128), (np.uint16, 65535, 32768), (np.float32, 1, 0.5)):
        made = fit_pixels(np.full((10, 30, 3), white, dtype), (12, 12), "letterbox")
        assert (made[4:8] == white).all() and (made[:4] == grey).all() and (made[8:] == grey).all()


def test_crop_keeps_the_middle() -> None:
    wide = np.zeros((4, 12, 1), np.uint8)
    wide[:, 4:8] = 200
    assert (fit_pixels(wide, (4, 4), "crop") == 200).all()
    assert (fit_pixels(wide.swapaxes(0, 1), (4, 4), "crop") == 200).all()


def test_a_picture_of_the_size_is_left_alone_by_every_fit() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    assert all(np.array_equal(fit_pixels(pixels, (7, 5), fit), pixels) for fit in FITS)


def test_arrays_are_fitted_like_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (4, 6, 6), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x_train=x, y_train=np.arange(4) % 2)
    made = open_dataset(str(tmp_path / "x.npz"), resize=(6, 20), fit="letterbox").part("train").images
    assert np.array_equal(made.take(np.array([3]))[0], fit_pixels(x[3, :, :, None], (6, 20), "letterbox"))


def test_the_size_that_is_chosen() -> None:
    flowers = [(128, 128)] * 209 + [(208, 208)]
    assert choose_size(flowers) == (64, 64)
    assert choose_size([(300, 200)] * 5) == (300, 200)                          # all alike: kept, whatever it is
    assert choose_size([(28, 28)] * 9 + [(30, 28)]) == (28, 28)                 # nearly all alike, and small
    assert choose_size([(3000, 4000), (4000, 3000), (1200, 1600)]) == (64, 64)  # a telephone's
    assert choose_size([(20, 30), (22, 31), (24, 33), (90, 90)]) == (22, 22)    # none is made larger than most are
    assert choose_size([(1, 9), (9, 1)]) == (1, 1)
