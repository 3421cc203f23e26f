"""Channels by name: kinds of colour, choosing some of many, and blending them into what a person sees."""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset
from pellucid.data.blending import STAINS, coloured, legend
from pellucid.data.channels import CHANNELS, arranged, convert_channels, fit_names, names_of, refuse_unknown, word_of
from pellucid.errors import ArgumentError, DataError

COLOURS = np.random.default_rng(0).integers(0, 256, (23, 17, 3), dtype=np.uint8)
COLOURS[0, :4] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [90, 90, 90]]
SIX = tuple(STAINS)


@pytest.mark.parametrize(("kind", "theirs", "order"), [
    ("hsv", colorsys.rgb_to_hsv, [0, 1, 2]), ("hsl", colorsys.rgb_to_hls, [0, 2, 1]),
])
def test_hue_and_its_companions_are_those_of_python(kind: str, theirs: object, order: list[int]) -> None:
    expected = np.array([theirs(*(pixel / 255)) for pixel in COLOURS.reshape(-1, 3)])[:, order]  # type: ignore[operator]
    ours = convert_channels(COLOURS / 255, kind).reshape(-1, 3)
    assert np.abs(ours - expected).max() < 1e-12
    assert np.abs(convert_channels(COLOURS, kind).reshape(-1, 3) - 255 * expected).max() <= 0.5


def test_ycbcr_is_that_of_pillow_and_hsv_nearly() -> None:
    for kind, mode, most in (("ycbcr", "YCbCr", 1), ("hsv", "HSV", 2)):       # Pillow cuts where we round
        theirs = np.array(Image.fromarray(COLOURS).convert(mode)).astype(int)
        assert np.abs(convert_channels(COLOURS, kind).astype(int) - theirs).max() <= most, kind


def test_yuv_by_hand_and_from_pillow() -> None:
    # green (0, 1, 0): Y 0.587, U = 0.492 (0 - 0.587) + 1/2 = 0.211, V = 0.877 (0 - 0.587) + 1/2 = -0.015
    assert np.allclose(convert_channels(np.array([[0.0, 1.0, 0.0]]), "yuv"), [[0.587, 0.211196, -0.014799]], atol=1e-6)
    y, cb, cr = np.moveaxis(np.array(Image.fromarray(COLOURS).convert("YCbCr")).astype(float), -1, 0)
    expected = np.stack([y, 128 + (cb - 128) * 0.492 / 0.5643, 128 + (cr - 128) * 0.877 / 0.7133], -1)
    ours = convert_channels(COLOURS, "yuv").astype(float)
    assert np.abs(ours - expected.clip(0, 255)).max() <= 2.5                  # Pillow's own are rounded


@pytest.mark.parametrize("kind", ["hsv", "hsl", "yuv", "ycbcr"])
@pytest.mark.parametrize("dtype", ["float32", "uint16", "uint8"])
def test_colours_come_back(kind: str, dtype: str) -> None:
    most = 1.0 if dtype == "float32" else np.iinfo(dtype).max
    colours = (COLOURS / 255 * 0.6 * most).astype(dtype)      # so dark that V of none lies beyond
    there = convert_channels(colours, kind)
    back = convert_channels(there, "rgb", CHANNELS[kind])
    assert there.dtype == back.dtype == colours.dtype
    assert np.abs(back.astype(float) - colours).max() <= {"uint8": 5, "uint16": 5, "float32": 1e-5}[dtype]


def test_a_composite_is_that_of_recursion() -> None:
    pixels = np.random.default_rng(1).integers(0, 20, (4, 3, 6), dtype=np.uint8)    # so dim that few sums are cut
    pixels[0, 0], pixels[3, 2, 4] = 255, 200
    ours = arranged(pixels, SIX, "rgb")
    # by rxrx1-utils: x / 255 / (range / 255), at most 1, times the colour as whole numbers, added up, at most 255
    ranges = (51, 107, 64, 191, 89, 191)
    colours = ((19, 0, 249), (42, 255, 31), (255, 0, 25), (45, 255, 252), (250, 0, 253), (254, 255, 40))
    for row, column in np.ndindex(4, 3):
        parts = [[int(min(x / most, 1) * part) for part in colour]
                 for x, most, colour in zip(pixels[row, column].tolist(), ranges, colours, strict=True)]
        assert ours[row, column].tolist() == [min(255, sum(one)) for one in zip(*parts, strict=True)]
    assert arranged(pixels[..., :2], SIX[:2], "rgb").shape == (4, 3, 3)


def test_channels_are_chosen_by_name() -> None:
    pixels = np.arange(24, dtype=np.uint16).reshape(2, 2, 6)
    assert np.array_equal(arranged(pixels, SIX, "golgi,nuclei"), pixels[..., [5, 0]])
    assert arranged(pixels, SIX, None) is pixels and arranged(pixels, SIX, ",".join(SIX)) is pixels
    with pytest.raises(ArgumentError, match=r"--channels must be gray, rgb.*names of its channels \(nuclei, er"):
        refuse_unknown(SIX, "nuclei,dna")
    with pytest.raises(DataError, match="the channels nuclei, dna are wanted, but these are nuclei, er"):
        arranged(pixels, SIX, "nuclei,dna")
    with pytest.raises(DataError, match=r"images of 6 channels .* cannot be made hsv"):
        arranged(pixels, SIX, "hsv")


def test_names_that_a_word_could_not_hold_are_made_to_fit() -> None:
    assert fit_names(["ER, red", "ER=red", "", "ER red"]) == ("ER red", "ER red 2", "channel_2", "ER red 4")
    assert word_of(names_of("hsl")) == "hsl" and word_of(("a", "b")) == "a,b"
    assert len(set(coloured(["nuclei", "x", "y", "er"]))) == 4 and legend(["er", "x"]) == "er green, x blue"


def test_words_are_refused_with_what_may_be_typed(tmp_path: Path) -> None:
    for word in ("nuclei,,er", "er,er", ""):
        with pytest.raises(ArgumentError, match=r"--channels must be gray, rgb, hsv, .* or different names"):
            open_dataset("digits", channels=word)


def test_arrays_and_pictures_in_other_kinds_of_colour(tmp_path: Path) -> None:
    for place in range(4):
        (tmp_path / "ab"[place % 2]).mkdir(exist_ok=True)
        Image.fromarray(COLOURS).save(tmp_path / "ab"[place % 2] / f"{place}.png")
    hsv = open_dataset(str(tmp_path), channels="hsv")
    assert hsv.channel_names == CHANNELS["hsv"] and "colour made hsv: 4 pictures" in hsv.notes
    assert np.array_equal(hsv.part("train").images.take(np.array([0]))[0], convert_channels(COLOURS, "hsv"))
    green = open_dataset(str(tmp_path), channels="green")
    assert np.array_equal(green.part("train").images.take(np.array([0]))[0], COLOURS[..., 1:2])
    np.savez(tmp_path / "x.npz", x_train=np.repeat(COLOURS[None], 4, 0), y_train=[0, 1, 0, 1])
    array = open_dataset(str(tmp_path / "x.npz"), channels="hsv")
    assert np.array_equal(array.part("train").images.take(np.array([3]))[0], convert_channels(COLOURS, "hsv"))
