"""Pictures as arrays: orientation, depth, palettes, transparency, conversion and size."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset, read_image
from pellucid.data.channels import convert_channels
from pellucid.data.decoding import decode, read_header
from pellucid.data.fitting import fit_pixels
from pellucid.data.options import Options

MOST = 10_000_000
COLOUR = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_obeyed_in_header_and_pixels(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.fromarray(COLOUR), exif=exif)
    # EXIF 2.32, tag 0x0112: what has to be done to the stored rows and columns so that they stand upright
    upright = {1: COLOUR, 2: COLOUR[:, ::-1], 3: COLOUR[::-1, ::-1], 4: COLOUR[::-1], 5: COLOUR.swapaxes(0, 1),
               6: np.rot90(COLOUR, -1), 7: COLOUR[::-1, ::-1].swapaxes(0, 1), 8: np.rot90(COLOUR)}[orientation]
    assert np.array_equal(decode(content, "x"), upright)
    header = read_header(content, "x", max_pixels=MOST)
    assert (header.height, header.width) == upright.shape[:2] and header.turned is (orientation > 1)


def test_sixteen_bit_gray_stays_sixteen_bit() -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (5, 4), dtype=np.uint16)
    content = saved(Image.fromarray(deep))
    assert np.array_equal(decode(content, "x")[..., 0], deep)
    three = decode(content, "x", Options(channels="rgb"))
    assert three.dtype == np.uint16 and np.array_equal(three[..., 2], deep)


def test_a_palette_becomes_colours() -> None:
    picture = Image.fromarray(COLOUR).quantize(200)
    assert np.array_equal(decode(saved(picture), "x"), np.asarray(picture.convert("RGB")))


def over_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """colour (..., C) where alpha (...) is 255, white where it is 0, in exact arithmetic."""
    part = alpha[..., None] / 255
    return np.rint(part * colour + (1 - part) * 255)


def test_alpha_is_put_over_white_unless_it_is_dropped() -> None:
    content = saved(Image.fromarray(np.dstack([COLOUR, COLOUR[..., 1]])))
    exact = over_white(COLOUR, COLOUR[..., 1])
    assert np.abs(decode(content, "x").astype(int) - exact).max() <= 1
    assert np.array_equal(decode(content, "x", Options(channels="rgb")), decode(content, "x"))
    assert np.array_equal(decode(content, "x", Options(alpha="drop")), COLOUR)
    assert np.array_equal(decode(content, "x", Options(channels="rgb", alpha="drop")), COLOUR)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TGA"])
def test_gray_with_alpha_stays_gray(kind: str) -> None:
    gray, alpha = COLOUR[..., 0], COLOUR[..., 1]
    alpha[0] = 0, 255, 0, 255, 128
    content = saved(Image.fromarray(np.dstack([gray, alpha])), kind)
    read = decode(content, "x.tga")
    assert read.shape == (6, 5, 1) and np.abs(read.astype(int) - over_white(gray[..., None], alpha)).max() <= 1


@pytest.mark.parametrize(("mode", "key"), [("P", 3), ("P", bytes([0, 128, 255])), ("L", 7), ("RGB", (1, 2, 3)),
                                           ("I;16", 700)])  # fmt: skip
def test_what_a_png_calls_transparent_is_white(mode: str, key: object) -> None:
    values = np.arange(30).reshape(6, 5)
    if mode == "RGB":
        picture = Image.fromarray(np.where(values[..., None] == 4, (1, 2, 3), 9).astype(np.uint8))
    elif mode == "I;16":
        picture = Image.fromarray(np.where(values == 4, 700, 9).astype(np.uint16))
    else:
        picture = Image.fromarray(values.astype(np.uint8))
        if mode == "P":
            picture.putpalette([k % 251 for k in range(768)])
    content = saved(picture, transparency=key)
    read, most = decode(content, "x"), 65535 if mode == "I;16" else 255
    gone = {"RGB": 4, "L": 7, "I;16": 4}.get(mode, 3 if key == 3 else 0)
    assert (read.reshape(30, -1)[gone] == most).all() and (read.reshape(30, -1)[29] != most).all()
    assert read_header(content, "x", max_pixels=MOST).transparent


def test_transparency_of_gif_and_webp_is_white_too() -> None:
    layer = np.dstack([np.full((6, 5, 3), 30, np.uint8), np.where(np.arange(30).reshape(6, 5) < 12, 0, 255)])
    for kind, options in (("WEBP", {"lossless": True, "exact": True}), ("GIF", {}), ("TIFF", {}), ("AVIF", {})):
        read = decode(saved(Image.fromarray(layer.astype(np.uint8)), kind, **options), "x")
        assert (read[:2] == 255).all(), kind
        assert np.abs(read[3:].astype(int) - 30).max() <= 12, kind


def test_gray_by_the_weights_of_pillow() -> None:
    expected = np.asarray(Image.fromarray(COLOUR).convert("L")).astype(int)
    assert np.abs(convert_channels(COLOUR, "gray")[..., 0].astype(int) - expected).max() <= 1
    assert np.array_equal(decode(saved(Image.fromarray(COLOUR)), "x", Options(channels="gray"))[..., 0], expected)


def test_resizing_halves_by_averaging_and_keeps_the_dtype() -> None:
    # bilinear from 4 to 2: each new pixel weighs the four nearest by 1/8, 3/8, 3/8, 1/8 (edges: 3/7, 3/7, 1/7)
    row = np.array([0.0, 70.0, 140.0, 700.0], np.float32).reshape(1, 4, 1)
    by_hand = [(0 * 3 + 70 * 3 + 140) / 7, (70 + 140 * 3 + 700 * 3) / 7]
    assert fit_pixels(row, (1, 2))[0, :, 0] == pytest.approx(by_hand)
    deep = np.full((4, 4, 2), 40_000, np.uint16)
    assert fit_pixels(deep, (3, 5)).shape == (3, 5, 2) and (fit_pixels(deep, (3, 5)) == 40_000).all()
    assert fit_pixels(deep, (3, 5)).dtype == np.uint16


def test_a_tiff_of_floats_stays_float() -> None:
    values = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)
    assert np.array_equal(decode(saved(Image.fromarray(values), "TIFF"), "x")[..., 0], values)


def test_read_image_gives_what_a_data_set_would(tmp_path: Path) -> None:
    for word in ("cat", "dog"):
        (tmp_path / word).mkdir()
        (tmp_path / word / "a.png").write_bytes(saved(Image.fromarray(COLOUR)))
    dataset = open_dataset(str(tmp_path), resize=(3, 2), channels="gray")
    alone = read_image(tmp_path / "cat" / "a.png", resize=(3, 2), channels="gray")
    assert dataset.image_shape == (3, 2, 1)
    assert np.array_equal(dataset.part("train").images.take(np.array([0]))[0], alone)
    assert {"colour made gray: 2 pictures", "resized to 3x2: 2 pictures"} <= set(dataset.notes)


def test_arrays_are_converted_like_files() -> None:
    dataset = open_dataset("digits", resize=(12, 10), channels="rgb")
    plain = open_dataset("digits").part("test").images.take(np.array([5]))[0]
    made = dataset.part("test").images.take(np.array([5]))
    assert dataset.image_shape == (12, 10, 3) == made.shape[1:] and dataset.channel_names == ("red", "green", "blue")
    assert np.array_equal(made[0], fit_pixels(np.repeat(plain, 3, -1), (12, 10)))
