"""Only what is on our list is opened, whatever a file is called; depths are told from the file, not from its text."""

from __future__ import annotations

import base64
import io
import os
import re
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset, read_image
from pellucid.data import picture_files as opener
from pellucid.data.decoding import decode, read_header
from pellucid.data.folders import is_picture
from pellucid.data.options import Options
from pellucid.data.picture_files import EXTENSIONS, Unreadable, Unsupported
from pellucid.errors import ArgumentError, FileError

ROOT = Path(__file__).resolve().parents[2]
RANDOM = np.random.default_rng(8)
PHOTO = RANDOM.integers(0, 256, (6, 5, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def postscript(victim: Path) -> bytes:
    return (f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n({victim}) (w) file closefile\n"
            "showpage\n%%EOF\n").encode()


def dos_eps(content: bytes) -> bytes:
    """PostScript behind the binary head that DOS programs wrote."""
    return b"\xc5\xd0\xd3\xc6" + struct.pack("<LLLLLLH", 30, len(content), 0, 0, 0, 0, 0xFFFF) + content


@pytest.mark.parametrize("make", [postscript, lambda victim: dos_eps(postscript(victim))])
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tga", "a.webp"])
def test_postscript_starts_nothing(make: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, victim, programs = tmp_path / "mark", tmp_path / "victim", tmp_path / "programs"
    victim.write_bytes(b"kept")
    programs.mkdir()
    for word in ("gs", "gswin64c"):
        (programs / word).write_text(f"#!/bin/sh\ntouch {mark}\necho > {victim}\n")
        (programs / word).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    started: list[object] = []
    monkeypatch.setattr(subprocess, "check_call", lambda *a, **k: started.append(a))
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(a))
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    for folder in ("cat", "dog"):
        (tmp_path / "set" / folder).mkdir(parents=True)
        (tmp_path / "set" / folder / name).write_bytes(make(victim))          # type: ignore[operator]
    with pytest.raises(FileError, match=r"(?s)PostScript.*1 more"):
        open_dataset(str(tmp_path / "set"))
    with pytest.raises(FileError, match="PostScript"):
        read_image(tmp_path / "set" / "cat" / name, resize=(4, 4), channels="rgb")
    assert not started and not mark.exists() and victim.read_bytes() == b"kept"


@pytest.mark.parametrize("kind", ["PDF", "ICO", "PCX", "SGI", "MSP", "SPIDER", "XBM", "EPS", "DDS", "BLP", "ICNS"])
def test_other_formats_of_pillow_are_refused(kind: str) -> None:
    mode = {"BLP": "P", "XBM": "1", "MSP": "1", "SPIDER": "F"}.get(kind, "RGB")
    content = saved(Image.fromarray(PHOTO).resize((32, 32)).convert(mode), kind)
    with pytest.raises(Unreadable, match=r"^a\.png: this is not a picture that can be read"):
        read_header(content, "a.png", max_pixels=10_000)


def test_pictures_are_opened_in_one_place_with_formats() -> None:
    calls = {path.relative_to(ROOT).as_posix(): re.findall(r"\bImage\.open\([^)]*\)?[^)]*\)", text)
             for path in (ROOT / "pellucid").rglob("*.py")
             if "Image.open(" in (text := path.read_text(encoding="utf-8"))}
    assert list(calls) == ["pellucid/data/picture_files.py"]
    assert calls["pellucid/data/picture_files.py"] == ["Image.open(io.BytesIO(self.content), formats=names)"]
    assert not {"EPS", "PSD", "WMF", "FLI", "PCD", "IPTC", "MIC", "FPX"} & set(opener.FORMATS)


ENDINGS = {"PNG": "png", "JPEG": "jpg jpeg jpe jfif JPG", "BMP": "bmp", "DIB": "dib", "GIF": "gif", "TIFF": "tif tiff",
           "WEBP": "webp", "AVIF": "avif", "JPEG2000": "jp2 j2k", "PPM": "ppm pnm", "TGA": "tga", "HEIF": "heic heif"}


@pytest.mark.parametrize("kind", ENDINGS)
def test_what_a_data_set_reads_a_single_picture_is_too(kind: str, tmp_path: Path) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    smooth = Image.fromarray(np.kron(PHOTO[:2, :2], np.ones((32, 32, 1), np.uint8)))
    endings = ENDINGS[kind].split()
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        for number, ending in enumerate(endings):
            (tmp_path / folder / f"{number}.{ending}").write_bytes(saved(smooth, kind))
    part = open_dataset(str(tmp_path)).part("train")
    assert len(part) == 2 * len(endings) and part.images.shape[1:] == (64, 64, 3)
    alone = read_image(tmp_path / "dog" / f"0.{endings[0]}")
    assert np.array_equal(part.images.take(np.array([len(part) - len(endings)]))[0], alone)
    assert np.abs(alone[5:-5:7].astype(int) - np.asarray(smooth)[5:-5:7]).mean() < (6 if kind != "GIF" else 60)


def test_pgm_and_pbm_are_pictures_and_notes_are_not() -> None:
    assert is_picture("a/B.PGM") and is_picture("x.pbm") and {".jfif", ".heic", ".dib"} <= EXTENSIONS
    assert not is_picture("notes.txt") and not is_picture("a.eps")


def test_heic_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    content = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400)
    with pytest.raises(Unsupported, match=r'IMG_1\.HEIC: the picture is HEIC.*pip install "pellucid\[heic\]"'):
        decode(content, "IMG_1.HEIC")


def test_a_tga_is_read_by_its_name_alone() -> None:
    content = saved(Image.fromarray(PHOTO), "TGA")
    assert np.array_equal(decode(content, "a.TGA"), PHOTO)
    with pytest.raises(Unreadable):                # a TGA begins with nothing that would tell it from rubbish
        decode(content, "a.png")


# widths: the offsets and lengths of rows in these files hold "16" for many of them


@pytest.mark.parametrize(("kind", "options"), [("BMP", {}), ("TIFF", {"compression": "tiff_lzw"}),
                                               ("TIFF", {"compression": "tiff_adobe_deflate"}), ("TIFF", {})])
def test_700_widths_are_no_16_bit_colour(kind: str, options: dict[str, object]) -> None:
    pixels = RANDOM.integers(0, 256, (2, 700, 3), dtype=np.uint8)
    for width in range(1, 701):
        header = read_header(saved(Image.fromarray(pixels[:, :width]), kind, **options), "x", max_pixels=10_000)
        assert (header.width, header.dtype, header.channels) == (width, "uint8", "rgb"), width


def tiff(pixels: np.ndarray, order: str, *, deflate: bool = False, photometric: int | None = None,
         sample_format: int = 1) -> bytes:
    """A TIFF of one strip, by TIFF 6.0, section 2; pixels (H, W) or (H, W, C)."""
    height, width, *rest = pixels.shape
    samples, bits = (rest or [1])[0], 8 * pixels.dtype.itemsize
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if deflate else data
    photometric = (2 if samples > 2 else 1) if photometric is None else photometric
    values = {256: width, 257: height, 258: bits, 259: 8 if deflate else 1, 262: photometric, 273: 8, 277: samples,
              278: height, 279: len(data), 339: sample_format}
    entries, extra = b"", b""
    start = 8 + len(data) + 2 + 12 * len(values) + 4
    for tag, value in values.items():
        if tag in (258, 339) and samples > 2:
            entries += struct.pack(f"{order}HHLL", tag, 3, samples, start + len(extra))
            extra += struct.pack(f"{order}{samples}H", *[value] * samples)
        else:
            entries += struct.pack(f"{order}HHLL", tag, 4, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", 8 + len(data))
    return head + data + struct.pack(f"{order}H", len(values)) + entries + bytes(4) + extra


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflate", [False, True])
def test_depths_of_tiff_in_both_byte_orders(order: str, deflate: bool) -> None:
    deep = RANDOM.integers(0, 65536, (6, 5), dtype=np.uint16)
    read = decode(tiff(deep, order, deflate=deflate), "x.tif")
    assert read.dtype == np.uint16 and np.array_equal(read[..., 0], deep)
    values = RANDOM.normal(size=(6, 5)).astype(np.float32)
    read = decode(tiff(values, order, deflate=deflate, sample_format=3), "x.tif")
    assert read.dtype == np.float32 and np.array_equal(read[..., 0], values)
    assert np.array_equal(decode(tiff(PHOTO, order, deflate=deflate), "x.tif"), PHOTO)
    colour = RANDOM.integers(0, 65536, (6, 5, 3), dtype=np.uint16)
    with pytest.raises(Unsupported, match="16-bit colour would be cut to 8 bits"):
        read_header(tiff(colour, order, deflate=deflate), "x.tif", max_pixels=100)
    with pytest.raises(Unsupported, match=r"colour mode I are not read.*16-bit gray"):
        whole = RANDOM.integers(0, 9, (6, 5), dtype=np.int32)
        read_header(tiff(whole, order, deflate=deflate, sample_format=2), "x.tif", max_pixels=100)


@pytest.mark.parametrize(("head", "most"), [(b"P5", 65535), (b"P5", 4095), (b"P2", 65535), (b"P2", 256)])
def test_a_pgm_of_16_bits_keeps_them(head: bytes, most: int) -> None:
    deep = RANDOM.integers(0, most + 1, (6, 5), dtype=np.uint16)
    body = deep.astype(">u2").tobytes() if head == b"P5" else b" ".join(b"%d" % value for value in deep.ravel())
    content = head + b"\n5 6\n%d\n" % most + body
    read = decode(content, "x.pgm")
    assert read_header(content, "x.pgm", max_pixels=100).dtype == "uint16" and read.dtype == np.uint16
    assert np.array_equal(read[..., 0], np.rint(deep * (65535 / most)).astype(np.uint16))


@pytest.mark.parametrize(("start", "kind"), [
    (b"II*\0", "a TIFF of a kind that"), (b"MM\0*", "a TIFF of a kind that"),
    (b"MM\0+\0\x08\0\0", "a BigTIFF with the larger byte first"),
])  # fmt: skip
def test_a_tiff_of_a_kind_that_is_not_read_is_called_one(start: bytes, kind: str) -> None:
    content = tiff(RANDOM.normal(size=(6, 5)).astype(np.float16), "<" if start[:1] == b"I" else ">", sample_format=3)
    with pytest.raises(Unreadable, match=rf"^x\.tif: this is not a picture that can be read \({kind}"):
        decode(start + content[len(start) :], "x.tif")


def png(colour: int) -> bytes:
    """A PNG of 16 bits a channel, 3 x 2."""
    channels = {2: 3, 4: 2, 6: 4}[colour]
    body = (b"IHDR" + struct.pack(">IIBBBBB", 3, 2, 16, colour, 0, 0, 0),
            b"IDAT" + zlib.compress(bytes(2 * (1 + 3 * channels * 2))), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in body)


def deep_jpeg2000() -> bytes:
    content = bytearray(saved(Image.fromarray(PHOTO), "JPEG2000"))
    at = content.index(b"\xff\x4f\xff\x51") + 42
    content[at : at + 9 : 3] = b"\x0f\x0f\x0f"       # 16 bits in each of three components
    return bytes(content)


@pytest.mark.parametrize("content", [png(2), png(4), png(6), b"P6 3 2 65535\n" + bytes(36), deep_jpeg2000()],
                         ids=["png rgb", "png gray with alpha", "png rgba", "ppm", "jpeg 2000"])
def test_true_16_bit_colour_is_refused(content: bytes) -> None:
    with pytest.raises(Unsupported, match=r"x\.png: 16-bit colour would be cut to 8 bits.*8 bits a channel"):
        read_header(content, "x.png", max_pixels=10_000)


def test_five_bits_a_channel_are_no_16_bit_colour() -> None:
    # BMP of 16 bits a pixel, 5 a channel (BITMAPINFOHEADER, BI_RGB): white, red, green, blue
    rows = struct.pack("<4H", 0x7FFF, 0x7C00, 0x03E0, 0x001F)
    head = struct.pack("<LHHL", 62, 0, 0, 54) + struct.pack("<LllHHLLllLL", 40, 4, 1, 1, 16, 0, 8, 0, 0, 0, 0)
    assert decode(b"BM" + head + rows, "x.bmp").tolist() == [[[255] * 3, [255, 0, 0], [0, 255, 0], [0, 0, 255]]]


def test_cmyk_is_made_rgb_with_a_line(tmp_path: Path) -> None:
    smooth = np.kron(PHOTO[:2, :2], np.ones((16, 16, 1), np.uint8))
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        Image.fromarray(smooth).save(tmp_path / folder / "0.png")
    ink = Image.fromarray(smooth).convert("CMYK")
    ink.save(tmp_path / "cat" / "1.jpg", quality=95)                                        # inverted, as Adobe's are
    ink.save(tmp_path / "cat" / "2.tif")
    dataset = open_dataset(str(tmp_path))
    read = dataset.part("train").images.take(np.arange(3)).astype(int)
    assert np.abs(read[1:] - read[0]).mean() < 4 and "CMYK made rgb: 2 pictures" in dataset.notes


DEEP_AVIF = {  # 2 x 2, every value 700, by libavif 1.4.2; Pillow writes no more than 8 bits
    10: "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAA"
        "AAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAHAAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2"
        "xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAAgAAAAIAAAAQcGl4aQAAAAADCgoKAAAADGF2MUOBIEAAAAAAE2NvbHJuY2x"
        "4AAIAAgAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAJG1kYXQSAAoHOAA28CAgaTIPH/JihOAAFgAAAJA1jjwk",
    12: "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOttZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5wa"
        "XRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQ8AAAAdAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAA"
        "AAAGppcHJwAAAAS2lwY28AAAAUaXNwZQAAAAAAAAACAAAAAgAAABBwaXhpAAAAAAMMDAwAAAAMYXYxQ4FAYAAAAAATY29scm5jbHgAAgA"
        "CAAaAAAAAF2lwbWEAAAAAAAAAAQABBAECgwQAAAAlbWRhdBIACghYADa0CAgaIDIPH/JihOAAFgAEkDWTv5kQ",
}  # fmt: skip


@pytest.mark.parametrize("bits", DEEP_AVIF)
def test_avif_of_more_than_8_bits_is_cut_with_a_line(bits: int, tmp_path: Path) -> None:
    deep = base64.b64decode(DEEP_AVIF[bits])
    assert np.abs(decode(deep, "x.avif").astype(int) - 700 / 2 ** (bits - 8)).max() <= 1
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0.avif").write_bytes(deep)
        (tmp_path / folder / "1.avif").write_bytes(saved(Image.fromarray(PHOTO[:2, :2]), "AVIF"))
    assert f"{bits}-bit AVIF cut to 8 bits: 2 pictures" in open_dataset(str(tmp_path)).notes


def test_gray_among_colours_is_made_rgb_with_a_line(tmp_path: Path) -> None:
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        Image.fromarray(PHOTO).save(tmp_path / folder / "0.png")
    Image.fromarray(PHOTO[..., 0]).save(tmp_path / "cat" / "1.png")
    dataset = open_dataset(str(tmp_path))
    assert dataset.image_shape == (6, 5, 3) and "gray made rgb: 1 picture" in dataset.notes


def test_pages_and_frames_are_refused_where_they_mean_something() -> None:
    first, second = Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1])
    for kind in ("GIF", "TIFF", "WEBP", "PNG", "AVIF"):
        with pytest.raises(Unsupported, match="more than one picture"):
            read_header(saved(first, kind, save_all=True, append_images=[second]), "x", max_pixels=10_000)
    phone = saved(first, "MPO", save_all=True, append_images=[second], quality=95)     # what phones write beside it
    assert decode(phone, "x.jpg").shape == (6, 5, 3)


@pytest.mark.filterwarnings("error")
def test_no_warning_of_a_library_gets_out(recwarn: pytest.WarningsRecorder) -> None:
    palette = Image.fromarray(PHOTO[..., 0]).convert("P")
    decode(saved(palette, "PNG", transparency=bytes([0, 1, 2])), "x", Options(channels="rgb", alpha="drop"))
    large = saved(Image.new("1", (11_000, 9_000)), "PNG")
    assert read_header(large, "x", max_pixels=10**8).width == 11_000
    assert not recwarn.list


def test_libtiff_does_not_write_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        content = bytearray(saved(Image.fromarray(PHOTO).resize((64, 64)), "TIFF", compression=compression))
        content[20:200] = bytes(180)
        with pytest.raises(Unreadable, match=r"^x\.tif: "):
            decode(bytes(content), "x.tif")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("option", "told"), [
    ({"fit": "squash"}, "--fit must be stretch or letterbox or crop"),
    ({"alpha": "black"}, "--alpha must be white or drop"),
    ({"max_pixels": 0}, "--max-pixels must be 1 or more")])
def test_options_outside_their_values(option: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        read_image("x.png", **option)


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {"lossless": True}), ("AVIF", {}), ("JPEG2000", {})])
def test_a_few_bytes_do_not_become_a_gigabyte(
    kind: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opener, "LARGE", 20_000)
    monkeypatch.setattr(opener, "EMPTY", 10)
    flat = saved(Image.new("RGB", (400, 300), (200, 30, 90)), kind, **options)
    with pytest.raises(Unsupported, match=rf"a: the picture makes 120,000 pixels \(400 x 300\) of {len(flat):,} bytes"):
        decode(flat, "a", Options())
    photo = Image.fromarray(RANDOM.integers(0, 256, (300, 400, 3), dtype=np.uint8))
    assert decode(saved(photo, kind, **options), "a", Options()).shape == (300, 400, 3)
