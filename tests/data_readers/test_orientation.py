"""Header and pixels agree about how a picture stands, in every format that can say it, and about nonsense."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from pellucid.data.decoding import decode, read_header
from pellucid.data.picture_files import Unreadable

UPRIGHT = np.kron(np.array([[0, 80, 160], [255, 40, 120]], np.uint8), np.ones((16, 16), np.uint8))       # 32 x 48
TAG = 0x0112
# EXIF 2.32, tag 0x0112: how the upright picture is stored
STORED = {1: UPRIGHT, 2: UPRIGHT[:, ::-1], 3: UPRIGHT[::-1, ::-1], 4: UPRIGHT[::-1], 5: UPRIGHT.T,
          6: np.rot90(UPRIGHT), 7: UPRIGHT[::-1, ::-1].T, 8: np.rot90(UPRIGHT, -1)}
KINDS = {"PNG": {}, "JPEG": {"quality": 95}, "MPO": {"quality": 95}, "WEBP": {"lossless": True},
         "AVIF": {"quality": 95},
         "TIFF": {}, "TIFF lzw": {"compression": "tiff_lzw"}, "TIFF deflate": {"compression": "tiff_adobe_deflate"},
         "HEIF": {"quality": 95}}  # fmt: skip


def saved(pixels: np.ndarray, kind: str, orientation: object, mode: str = "RGB") -> bytes:
    image, buffer = Image.fromarray(np.ascontiguousarray(pixels)).convert(mode), io.BytesIO()
    options = dict(KINDS[kind])
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind.startswith("TIFF"):
        options["tiffinfo"] = {TAG: orientation}
    else:
        exif = Image.Exif()
        exif[TAG] = orientation
        options["exif"] = image.info["exif"] = exif.tobytes()       # HEIF takes it from the picture
    if kind == "MPO":
        options |= {"save_all": True, "append_images": [image.resize((8, 8))]}
    image.save(buffer, kind.partition(" ")[0], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_orientation_of_every_format(kind: str) -> None:
    for orientation, pixels in STORED.items():
        content = saved(pixels, kind, orientation)
        header, read = read_header(content, "x", max_pixels=10_000), decode(content, "x")
        assert (header.height, header.width) == read.shape[:2] == (32, 48), orientation
        assert np.abs(read.astype(int) - UPRIGHT[..., None]).max() <= (0 if kind[:3] in ("PNG", "TIF", "WEB") else 60)
        assert np.abs(read.astype(int) - UPRIGHT[..., None]).mean() <= 4, orientation


ENTRY = struct.pack("<HHL", TAG, 3, 1) + struct.pack("<L", 6)      # of a TIFF directory: tag, SHORT, one, 6
IMPOSSIBLE = {"0": (3, 1, 0), "9": (3, 1, 9), "65535": (3, 1, 65535), "two": (3, 2, 0x60006), "text": (2, 2, 0x36),
              "signed": (8, 1, 0xFFFA), "far away": (3, 9, 0x7FFFFFF0), "of no type": (77, 1, 6)}  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "TIFF lzw"])
@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_impossible_orientations_turn_nothing(kind: str, value: str) -> None:
    what, count, said = IMPOSSIBLE[value]
    entry = struct.pack("<HHLL", TAG, what, count, said)
    if kind.startswith("TIFF"):
        content = saved(UPRIGHT, kind, 6).replace(ENTRY, entry)
    else:
        exif, buffer = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4), io.BytesIO()
        Image.fromarray(UPRIGHT).save(buffer, kind, exif=exif, **KINDS[kind])
        content = buffer.getvalue()
    assert entry in content
    if (kind[:4], value) == ("TIFF", "far away"):
        with pytest.raises(Unreadable):                  # a directory that leaves its file
            decode(content, "x")
        return
    header, read = read_header(content, "x", max_pixels=10_000), decode(content, "x")
    assert (header.height, header.width) == read.shape[:2] == ((48, 32) if value == "two" else (32, 48))
    assert header.turned is (value == "two")             # the first of two is what Pillow and EXIF readers take


def test_nonsense_instead_of_exif_turns_nothing() -> None:
    for rubbish in (b"", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40):
        buffer = io.BytesIO()
        Image.fromarray(UPRIGHT).save(buffer, "JPEG", exif=rubbish)
        header, read = read_header(buffer.getvalue(), "x", max_pixels=10_000), decode(buffer.getvalue(), "x")
        assert (header.height, header.width) == read.shape[:2] == (32, 48)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_orientation_in_xmp_alone(kind: str) -> None:
    xmp = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
           b'<rdf:Description tiff:Orientation="6" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/></rdf:RDF></x:xmpmeta>')
    buffer = io.BytesIO()
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        said = PngInfo()
        said.add_itxt("XML:com.adobe.xmp", xmp.decode())
        Image.fromarray(UPRIGHT).save(buffer, kind, pnginfo=said)
    elif kind == "WEBP":
        Image.fromarray(UPRIGHT).save(buffer, kind, xmp=xmp, lossless=True)
    else:
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info.tagtype[700] = 1
        info[700] = xmp
        Image.fromarray(UPRIGHT).save(buffer, kind, tiffinfo=info)
    header, read = read_header(buffer.getvalue(), "x", max_pixels=10_000), decode(buffer.getvalue(), "x")
    assert (header.height, header.width) == read.shape[:2]


def test_exif_behind_the_pixels_of_a_png() -> None:
    content = saved(STORED[6], "PNG", 6)
    at = content.index(b"eXIf") - 4
    length = 12 + struct.unpack(">I", content[at : at + 4])[0]
    chunk, rest = content[at : at + length], content[:at] + content[at + length :]
    end = rest.index(b"IEND") - 4
    moved = rest[:end] + chunk + rest[end:]
    header = read_header(moved, "x", max_pixels=10_000)
    assert (header.height, header.width, header.turned) == (32, 48, True)
    assert np.array_equal(decode(moved, "x")[..., 0], UPRIGHT)
