"""Pictures made to cost: a few bytes that ask for gigabytes or minutes are refused from their first bytes."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from pellucid.data.decoding import decode, read_header
from pellucid.data.options import Options
from pellucid.data.picture_bounds import jpeg_scans, scans_allowed
from pellucid.data.picture_files import Unreadable, Unsupported


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *more: bytes, colour: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def riff(kind: bytes, body: bytes) -> bytes:
    part = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(part)) + part


def webp_lossless(width: int, height: int) -> bytes:
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(9))


def webp_extended(width: int, height: int) -> bytes:
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return riff(b"VP8X", bytes(4) + size + bytes(8))


def webp_lossy(width: int, height: int) -> bytes:
    return riff(b"VP8 ", b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(10))


def bmp(width: int, height: int) -> bytes:
    return (b"BM" + struct.pack("<LHHL", 62, 0, 0, 54)
            + struct.pack("<LllHHLLllLL", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(8))


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    return (head + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x4c\x01\x00;")


def tga(width: int, height: int) -> bytes:
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, width, height, 24, 0x20) + b"\xff\0\0\0"


def tiff(width: int, height: int, **tags: int) -> bytes:
    values = {256: width, 257: height, 258: 8, 259: 5, 262: 1, 273: 8, 277: 1, 278: height, 279: 4}
    values |= {int(tag[1:]): value for tag, value in tags.items()}
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in sorted(values.items()))
    return b"II*\0" + struct.pack("<L", 12) + b"\x80\x0b\x80\x60" + struct.pack("<H", len(values)) + entries + bytes(4)


def jpeg2000(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG2000", no_jp2=True)
    content = bytearray(buffer.getvalue())
    content[8:16] = content[24:32] = struct.pack(">II", width, height)
    return bytes(content)


BOMBS = {
    "webp of 34 bytes": webp_lossless(16_383, 10_000), "webp extended": webp_extended(16_777_216, 200),
    "webp lossy": webp_lossy(16_383, 16_383), "png": png(13_377, 13_377), "png of one column": png(1, 178_000_000),
    "png of one row": png(178_000_000, 1), "png beyond pillow": png(60_000, 60_000, colour=6), "bmp": bmp(9_000, 9_000),
    "bmp beyond pillow": bmp(2_000_000_000, 1), "gif of a wide screen": gif((60_000, 60_000), (1, 1)),
    "gif of a wide frame": gif((1, 1), (60_000, 60_000)), "tga.tga": tga(60_000, 60_000),
    "ppm": b"P6 70000 70000 255\n" + bytes(9), "tiff": tiff(60_000, 60_000), "jpeg 2000": jpeg2000(60_000, 60_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_more_pixels_than_are_allowed_are_refused_before_memory_is_asked_for(name: str) -> None:
    content = BOMBS[name]
    assert len(content) < 1_000
    tracemalloc.start()
    try:
        for read in (lambda: decode(content, name), lambda: read_header(content, name, max_pixels=50_000_000)):
            with pytest.raises(Unsupported, match=rf"^{name}: .* at most 50,000,000 .*--max-pixels \d+ to"):
                read()
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_limit_that_is_told_is_the_one_that_holds() -> None:
    large = io.BytesIO()
    Image.new("1", (300, 200)).save(large, "PNG")
    with pytest.raises(Unsupported, match=r"60,000 pixels \(300 x 200\), but at most 59,999 .*--max-pixels 60000"):
        decode(large.getvalue(), "x", Options(max_pixels=59_999))
    assert decode(large.getvalue(), "x", Options(max_pixels=60_000)).shape == (200, 300, 1)


def test_allowing_more_than_pillow_does() -> None:
    huge = png(200_000_000, 1, colour=0)
    assert read_header(huge, "x", max_pixels=200_000_000).width == 200_000_000
    assert Image.MAX_IMAGE_PIXELS is not None and Image.MAX_IMAGE_PIXELS < 10**8       # as it was


def progressive(size: int, more: int) -> bytes:
    """A progressive JPEG whose last scan stands there `more` times again."""
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (size, size, 3), dtype=np.uint8)).save(
        buffer, "JPEG", progressive=True, quality=50)
    content = buffer.getvalue()
    last, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return content[:end] + content[last:end] * more + content[end:]


def test_a_jpeg_of_2000_scans_is_refused_before_it_is_decoded() -> None:
    usual = progressive(64, 0)
    assert 2 <= jpeg_scans(usual, 99)[0] <= 12 and decode(usual, "x").shape == (64, 64, 3)
    with pytest.raises(Unsupported, match=r"x\.jpg: the JPEG has more than 500 scans.*ordinary JPEG"):
        decode(progressive(64, 2_000), "x.jpg")
    assert scans_allowed(50_000_000, 50_000_000) == 20 and scans_allowed(100, 50_000_000) == 500


def test_scans_are_counted_in_every_kind_of_jpeg() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "JPEG")
    assert jpeg_scans(buffer.getvalue(), 99) == (1, True)
    assert jpeg_scans(buffer.getvalue()[:-2], 99) == (1, False)
    assert jpeg_scans(b"\xff\xd8", 99) == (0, False) and jpeg_scans(b"\xff\xd8\xff\xda\0\0\0\0\0\0", 99)[0] <= 2


def test_a_jpeg_cut_off_is_told_from_its_header() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(buffer, "JPEG")
    for part in (0.5, 0.8, 0.99):
        with pytest.raises(Unreadable, match="truncated or corrupt"):
            read_header(buffer.getvalue()[: int(len(buffer.getvalue()) * part)], "x", max_pixels=10_000)
    trailing = buffer.getvalue() + b"\xff\xda what a program wrote behind the picture"
    assert read_header(trailing, "x", max_pixels=10_000).width == 64


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_text_and_profiles_that_unpack_without_end(kind: bytes) -> None:
    packed = zlib.compress(bytes(30_000_000))
    body = b"name\0" + {b"zTXt": b"\0", b"iTXt": b"\1\0\0\0", b"iCCP": b"\0"}[kind] + packed
    row = chunk(b"IDAT", zlib.compress(bytes(13)))
    content = png(4, 1, chunk(kind, body), row)
    tracemalloc.start()
    try:
        try:
            assert decode(content, "x").shape == (1, 4, 3)
        except Unreadable as fault:
            assert str(fault).startswith("x: ")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tags", [{"t278": 2**32 - 1}, {"t279": 2**32 - 1}, {"t273": 2**31}, {"t258": 2**16},
                                  {"t277": 60_000}, {"t322": 2**31, "t323": 2**31}, {"t262": 99}, {"t259": 77}])
def test_absurd_tags_of_tiff(tags: dict[str, int]) -> None:
    with pytest.raises((Unreadable, Unsupported), match=r"^x: "):
        decode(tiff(64, 64, **tags), "x")


def test_every_cut_of_every_format_is_a_sentence() -> None:
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "TGA"):
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        content = buffer.getvalue()
        for share in (0.0, 0.01, 0.1, 0.5, 0.9):
            try:
                decode(content[: int(len(content) * share)], "x.tga")
            except (Unreadable, Unsupported) as fault:
                assert str(fault).startswith("x.tga: ") and len(str(fault)) < 300
            else:
                assert (kind, share) == ("JPEG2000", 0.9), kind      # its last layers only sharpen what is there
