"""Hostile pictures: every format spoiled, sizes that only a header knows, other kinds of files under picture names."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.walls.mangling import spoiled
from benchmarks.walls.trial import Trial

MODES = {
    "PNG": ("L", "RGB", "RGBA", "P", "LA", "1", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "BMP": ("L", "RGB", "P", "1"),
    "GIF": ("P", "L"),
    "TIFF": ("L", "RGB", "RGBA", "CMYK", "I;16", "F", "1", "LAB"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("L", "RGB"),
    "TGA": ("L", "RGB", "RGBA"),
    "JPEG2000": ("L", "RGB", "RGBA"),
    "AVIF": ("RGB",),
}
ENDINGS = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "BMP": ".bmp",
    "GIF": ".gif",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "PPM": ".ppm",
    "TGA": ".tga",
    "JPEG2000": ".jp2",
    "AVIF": ".avif",
}
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 24 24\n%%EndComments\n(x) (w) file\nshowpage\n%%EOF\n"


def picture(draw: random.Random, mode: str = "RGB", size: tuple[int, int] = (24, 24)) -> Image.Image:
    """A small noisy picture of a Pillow mode."""
    pixels = np.frombuffer(draw.randbytes(size[0] * size[1] * 3), np.uint8).reshape(size[1], size[0], 3)
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype(np.uint16) * 200)
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image, format_name: str, **save: object) -> bytes:
    """The bytes of a picture file."""
    content = io.BytesIO()
    image.save(content, format_name, **save)
    return content.getvalue()


def png(width: int, height: int, rows: bytes = b"", extra: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    """A PNG whose header says what it is told to."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """`count` zeros, deflated, made without holding them."""
    packer, packed = zlib.compressobj(9), []
    block = bytes(1 << 20)
    for _ in range(count >> 20):
        packed.append(packer.compress(block))
    packed.append(packer.compress(bytes(count & ((1 << 20) - 1))))
    return b"".join([*packed, packer.flush()])


def webp_header(width: int, height: int) -> bytes:
    """34 bytes of a lossless WebP that claims a size."""
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", bits) + bytes(5)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is written `count` times."""
    whole = encoded(Image.new("L", (1024, 1024), 90), "JPEG", progressive=True)
    start = whole.rindex(b"\xff\xda")
    return whole[:start] + whole[start:-2] * count + whole[-2:]


Made = tuple[str, str, bytes, str]  # name, ending, bytes, what is wanted


def strange(draw: random.Random) -> Iterator[Made]:
    """Every file made by hand."""
    yield from other_kinds()
    yield from too_large()
    yield from odd_headers(draw)
    yield from good_ones(draw)


def other_kinds() -> Iterator[Made]:
    """Files of other programs under a picture's name."""
    for ending in (".png", ".jpg", ".tif", ".gif", ".bmp", ".webp"):
        yield f"postscript as {ending}", ending, POSTSCRIPT, "refused"
        yield (
            f"dos eps as {ending}",
            ending,
            b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, len(POSTSCRIPT)) + bytes(18) + POSTSCRIPT,
            "refused",
        )
        yield f"pdf as {ending}", ending, b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF", "refused"
        yield f"wmf as {ending}", ending, b"\xd7\xcd\xc6\x9a" + bytes(60), "refused"
        yield f"text as {ending}", ending, b"<html>404 not found</html>", "refused"
        yield (
            f"svg as {ending}",
            ending,
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
            "refused",
        )
        yield (
            f"fli as {ending}",
            ending,
            struct.pack("<IHHHHHH", 128, 0xAF11, 1, 320, 200, 8, 0) + bytes(112),
            "refused",
        )
        yield f"mpeg as {ending}", ending, b"\x00\x00\x01\xb3" + bytes(60), "refused"
        yield f"pcd as {ending}", ending, bytes(2048) + b"PCD_" + bytes(4000), "refused"
        yield f"msp as {ending}", ending, b"DanM" + bytes(60), "refused"
        yield f"fits as {ending}", ending, b"SIMPLE  =                    T" + b" " * 2850, "refused"


def too_large() -> Iterator[Made]:
    """Pictures that only their header knows to be large, and those that take for ever."""
    for width, height in (
        (13_377, 13_377),
        (1, 178_000_000),
        (2**31 - 1, 1),
        (60_000, 60_000),
        (0, 5),
        (20_000, 3_000),
    ):
        rows = zeros(min(width * height * 3 + height, 600 << 20)) if width * height < 2**28 else b""
        yield f"png {width}x{height}", ".png", png(width, height, rows), "refused"
    for width, height in ((16_383, 10_000), (16_383, 16_383), (9_000, 9_000)):
        yield f"webp {width}x{height}", ".webp", webp_header(width, height), "refused"
    for width, height in ((60_000, 60_000), (65_535, 65_535), (30_000, 2_000)):
        yield (
            f"gif {width}x{height}",
            ".gif",
            b"GIF89a"
            + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
            + bytes(6)
            + b","
            + struct.pack("<HHHHB", 0, 0, width, height, 0)
            + b"\x02\x01\x00\x00;",
            "refused",
        )
        yield (
            f"bmp {width}x{height}",
            ".bmp",
            b"BM"
            + struct.pack("<IHHI", 58, 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 4, 0, 0, 0, 0)
            + bytes(4),
            "refused",
        )
        yield (
            f"tga {width}x{height}",
            ".tga",
            bytes((0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            + struct.pack("<HH", width, height)
            + bytes((24, 0))
            + b"\xff\0\0\0" * 400,
            "refused",
        )
        yield f"ppm {width}x{height}", ".ppm", b"P6 %d %d 255\n" % (width, height) + bytes(90), "refused"
    for count in (500, 2_000):
        yield f"jpeg of {count} scans", ".jpg", scans(count), "refused"


def odd_headers(draw: random.Random) -> Iterator[Made]:
    """Bombs in what is beside the pixels, and tags that cannot be."""
    small = encoded(picture(draw), "PNG")
    for kind in (b"iTXt", b"zTXt", b"iCCP", b"eXIf", b"tEXt"):
        packed = b"k\0\0" + zeros(400 << 20)
        chunk = struct.pack(">I", len(packed)) + kind + packed + struct.pack(">I", zlib.crc32(kind + packed))
        yield f"png with a bomb in {kind.decode()}", ".png", small[:33] + chunk + small[33:], "either"
    for tag in (274, 256, 257, 273, 277, 258, 259, 305, 339):
        for value in (0, 1, 9, 65_535):
            data = bytearray(encoded(picture(draw), "TIFF"))
            place = data.find(struct.pack("<H", tag), struct.unpack_from("<I", data, 4)[0])
            if place > 0:
                data[place + 8 : place + 12] = struct.pack("<I", value)
                yield f"tiff tag {tag} = {value}", ".tif", bytes(data), "either"


def good_ones(draw: random.Random) -> Iterator[Made]:
    """Pictures that must be read."""
    for value in (0, 2, 5, 8, 9, 65_535):
        for format_name in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"):
            exif = Image.Exif()
            exif[274] = value
            yield (
                f"{format_name} orientation {value}",
                ENDINGS[format_name],
                encoded(picture(draw, size=(24, 24)), format_name, exif=exif),
                "done",
            )
    for width in range(1, 120):
        yield f"bmp of {width} pixels", ".bmp", encoded(picture(draw, size=(width, 9)), "BMP"), "done"
        yield (
            f"lzw tiff of {width} pixels",
            ".tif",
            encoded(picture(draw, size=(width, 9)), "TIFF", compression="tiff_lzw"),
            "done",
        )
        yield (
            f"deflate tiff of {width} pixels",
            ".tif",
            encoded(picture(draw, size=(width, 9)), "TIFF", compression="tiff_deflate"),
            "done",
        )
    frames = [picture(draw) for _ in range(3)]
    for format_name in ("GIF", "TIFF", "WEBP", "PNG", "AVIF"):
        content = io.BytesIO()
        frames[0].save(content, format_name, save_all=True, append_images=frames[1:])
        yield f"{format_name} of three frames", ENDINGS[format_name], content.getvalue(), "either"


def trials(place: Path, draw: random.Random, count: int, model: Path) -> Iterator[Trial]:
    """Pictures made by hand, then `count` spoiled ones; each is predicted, or listed in a folder with good ones."""
    made = [(name, ending, data, wanted) for name, ending, data, wanted in strange(draw)]
    for number in range(count):
        format_name = draw.choice(list(MODES))
        mode = draw.choice(MODES[format_name])
        what, data = spoiled(encoded(picture(draw, mode), format_name), draw)
        made.append((f"{format_name} {mode} {what} ({number})", ENDINGS[format_name], data, "either"))
    for number, (name, ending, data, wanted) in enumerate(made):
        folder = place / f"p{number}"
        folder.mkdir()
        if number % 3 < 2 or wanted == "done":
            (folder / f"a{ending}").write_bytes(data)
            yield Trial(
                "pictures", f"predict: {name}", folder, ["predict", str(model), f"a{ending}"], wanted, f"a{ending}"
            )
        else:
            for kind in ("ant", "bee"):
                (folder / "set" / kind).mkdir(parents=True)
                for i in range(3):
                    picture(draw).save(folder / "set" / kind / f"{i}.png")
            (folder / "set" / "ant" / f"bad{ending}").write_bytes(data)
            yield Trial("pictures", f"data info: {name}", folder, ["data", "info", "set"], wanted)
