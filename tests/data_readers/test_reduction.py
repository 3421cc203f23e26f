"""Large pictures are decoded smaller where no more is wanted: nearly the same pixels, in a fraction of the memory."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pellucid.data import decoding, reduction
from pellucid.data.decoding import decode
from pellucid.data.options import Options

HEIGHT, WIDTH = 96, 160


def smooth(height: int = HEIGHT, width: int = WIDTH) -> Image.Image:
    """A picture without edges that differs from each of its mirror images, (H, W, 3)."""
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    planes = (rows * 200 + 20, columns * 180 + 30, 120 + 90 * np.sin(5 * rows + 3 * columns))
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def veiled() -> Image.Image:
    """The picture with an alpha that grows from left to right."""
    image = smooth()
    image.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, WIDTH), (HEIGHT, 1)).astype(np.uint8)))
    return image


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[decoding.ORIENTATION] = 6
    return exif


LARGE_ONES = {
    "jpeg": lambda: written(smooth(), "JPEG", quality=95),
    "progressive": lambda: written(smooth(), "JPEG", quality=95, progressive=True),
    "turned": lambda: written(smooth(), "JPEG", quality=95, exif=turned()),
    "gray": lambda: written(smooth().convert("L"), "JPEG", quality=95),
    "cmyk": lambda: written(smooth().convert("CMYK"), "JPEG", quality=95),
    "mpo": lambda: written(smooth(), "MPO", quality=95),
    "jp2": lambda: written(smooth(), "JPEG2000"),
    "tiles": lambda: written(smooth(), "JPEG2000", tile_size=(64, 64)),
    "jp2 of one level": lambda: written(smooth(), "JPEG2000", num_resolutions=2),
    "alpha": lambda: written(veiled(), "PNG"),
    "alpha of jp2": lambda: written(veiled(), "JPEG2000"),
}


@pytest.mark.parametrize("fit", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("kind", LARGE_ONES)
def test_as_if_the_whole_had_been_decoded(kind: str, fit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, options = LARGE_ONES[kind](), Options(resize=(10, 8), fit=fit)
    whole = decode(content, kind, options).astype(int)
    monkeypatch.setattr(reduction, "LARGE", HEIGHT * WIDTH - 1)
    smaller = decode(content, kind, options).astype(int)
    difference = np.abs(smaller - whole)
    bound = 2.5 if "jp2" in kind or kind == "tiles" else 1.5  # a step of colour is 2 a pixel, and wavelets move 1.5
    assert smaller.shape == whole.shape and 0 < difference.mean() < bound and difference.max() <= 8


@pytest.mark.parametrize(("kind", "part"), [
    ("jpeg", 4), ("progressive", 4), ("turned", 4), ("mpo", 4), ("jp2", 4), ("tiles", 4), ("jp2 of one level", 2),
    ("alpha", 1),
])  # fmt: skip
def test_what_the_decoder_is_asked_for(kind: str, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory that it takes follows: it is checked here by the size of what was loaded."""
    monkeypatch.setattr(reduction, "LARGE", HEIGHT * WIDTH - 1)
    content = LARGE_ONES[kind]()
    with Image.open(io.BytesIO(content)) as image:
        assert reduction.decode_smaller(image, content, 4) == part
        image.load()
        assert image.size == (WIDTH // part, HEIGHT // part)


def test_only_by_what_divides_both_lengths_and_leaves_twice_what_is_wanted() -> None:
    part = reduction.part_of
    assert [part(7000, 7000, size) for size in ((437, 437), (438, 437), (875, 875), (1750, 9), (1751, 9))] == [
        8, 4, 4, 2, 1,
    ]  # fmt: skip
    assert part(7004, 7000, (32, 32)) == 4 and part(7001, 7000, (32, 32)) == 1
    assert part(7000, 7000, None) == 1 and part(4000, 4000, (32, 32)) == 1 and part(4000, 4008, (32, 32)) == 8


def test_levels_of_a_codestream_that_lies_or_is_cut_off() -> None:
    content = LARGE_ONES["tiles"]()
    assert reduction.wavelet_levels(content) == 5
    start = content.find(reduction.START)
    for end in (0, start, start + 4, start + 60, start + 100):
        assert reduction.wavelet_levels(content[:end]) in (0, 5)
    rng = np.random.default_rng(0)
    for _ in range(300):
        spoiled = bytearray(content)
        spoiled[rng.integers(start, start + 150)] = rng.integers(256)
        assert 0 <= reduction.wavelet_levels(bytes(spoiled)) <= 32
