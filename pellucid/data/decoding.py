"""From the bytes of a picture file to an array, and what its header says before that.

Shapes  decode -> (H, W, C), C = 1 (gray) or 3 (rgb); uint8, uint16 (16-bit gray) or float32 (TIFF)
Rules   EXIF orientation is obeyed; palette, CMYK and YCbCr pictures become rgb; what is transparent is put over white,
        or transparency is dropped where that is asked for; 16-bit gray stays 16-bit; 16-bit colour, which Pillow would
        cut to 8 bits, is refused, and so is a file of several pictures
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.channels import convert_channels
from pellucid.data.fitting import fit_image, fit_pixels, middle_grey
from pellucid.data.header import Header
from pellucid.data.images import Array
from pellucid.data.options import Options
from pellucid.data.picture_files import Opened, Unreadable, Unsupported
from pellucid.data.reduction import decode_smaller, over_white, part_of

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION, BITS = 0x0112, 0x0102       # TIFF tags; orientations 5 to 8 swap height and width
GRAY = {"1": "uint8", "L": "uint8", "LA": "uint8", "F": "float32",          # Pillow's modes and their dtype
        "I;16": "uint16", "I;16B": "uint16", "I;16L": "uint16", "I;16N": "uint16"}
COLOUR = frozenset(("P", "PA", "RGB", "RGBA"))
CONVERTED = frozenset(("CMYK", "YCbCr", "RGBa"))
SEVERAL = frozenset(("GIF", "TIFF", "WEBP", "PNG", "AVIF"))     # formats in which more pictures mean something
TURNED = frozenset(("JPEG", "MPO", "TIFF", "PNG", "WEBP", "AVIF"))  # formats whose EXIF says how they stand
SIZ = b"\xff\x4f\xff\x51"                # of JPEG 2000: 36 bytes on, the number of components and their bits


def read_header(content: bytes | memoryview, where: str, *, max_pixels: int) -> Header:
    """The header of one picture. Raises Unreadable when it is broken, Unsupported when its kind is not read."""
    with Opened(content, where, max_pixels=max_pixels) as image:
        return _header(image, content, where)


def decode(content: bytes | memoryview, where: str, options: Options | None = None) -> Array:
    """One picture as (H, W, C), gray or rgb, with the size and the transparency that `options` ask for.

    Raises Unreadable for a truncated or corrupt file and Unsupported for a kind that is not read.
    """
    return decode_sized(content, where, options or Options())[0]


def decode_sized(content: bytes | memoryview, where: str, options: Options, *,
                 plane: bool = False) -> tuple[Array, tuple[int, int]]:  # fmt: skip
    """The same, and the (height, width) that the picture has by itself, upright.

    A `plane` is one channel of a picture: of a TIFF's palette the places in it are what was measured.
    """
    with Opened(content, where, max_pixels=options.most_pixels) as image:
        header = _header(image, content, where)
        size = header.height, header.width
        part = part_of(header.height, header.width, options.resize) if header.dtype == "uint8" else 1
        read = decode_smaller(image, content, part) if part > 1 else 1
        header = replace(header, height=header.height // read, width=header.width // read)
        upright = _upright(image, _orientation(image, content)) if header.turned else image
        if plane and header.palette and image.format == "TIFF":
            indices = np.array(upright)[..., np.newaxis]                                       # (H, W, 1)
            return (indices if options.resize is None else fit_pixels(indices, options.resize, options.fit)), size
        return _pixels(upright, header, where, options, part // read), size


def _header(image: Image, content: bytes | memoryview, where: str) -> Header:
    mode, several = _mode(image), image.format in SEVERAL and getattr(image, "is_animated", False)
    if mode not in GRAY and mode not in COLOUR and mode not in CONVERTED:
        raise Unsupported(where, f"pictures of colour mode {mode} are not read, only gray (8 or 16 bits, or floats), "
                          "palette, RGB and CMYK", "Save it as an RGB PNG, or as 16-bit gray.")
    if (mode not in GRAY or mode == "LA") and _bits(image, content) > 8:
        raise Unsupported(where, "16-bit colour would be cut to 8 bits, so it is refused",
                          "Save the picture with 8 bits a channel, or its channels as 16-bit gray.")
    if several:
        raise Unsupported(where, "the file holds more than one picture", "Save each as a file of its own.")
    orientation = _orientation(image, content)
    width, height = image.size
    if (orientation >= 5) != _stands_already(image):
        width, height = height, width
    colours = image.palette.mode if mode == "P" and image.palette is not None else ""
    return Header(height, width, "gray" if mode in GRAY else "rgb", GRAY.get(mode, "uint8"),
                  transparent=mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info or "A" in colours,
                  palette=mode in ("P", "PA"), turned=orientation > 1,
                  converted="RGBA" if mode == "RGBa" else mode if mode in CONVERTED else _avif_bits(image, content))


def _mode(image: Image) -> str:
    """Pillow's mode; it makes the 16 bits of a PGM 32, as whole numbers up to 65535."""
    return "I;16" if (image.format, image.mode) == ("PPM", "I") else image.mode


def _bits(image: Image, content: bytes | memoryview) -> int:
    """The most bits a channel has in the file, where a format has colours of more than 8."""
    if image.format == "TIFF":
        bits = image.tag_v2.get(BITS, 8)      # type: ignore[attr-defined]
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    tiles = [tile[3] for tile in getattr(image, "tile", [])]
    if image.format == "PNG":
        return 16 if any(";16" in str(words) for words in tiles) else 8
    if image.format == "PPM":                 # the decoder's words are (raw mode, the largest value)
        return 16 if any(isinstance(words, tuple) and len(words) > 1 and int(words[1]) > 255 and words[0] != "P"
                         for words in tiles if image.mode == "RGB") else 8
    if image.format == "JPEG2000":
        at = bytes(content).find(SIZ) + 40
        count = int.from_bytes(content[at : at + 2], "big")
        return max((bits & 0x7F for bits in content[at + 2 : at + 2 + 3 * count : 3]), default=7) + 1
    return 8


def _avif_bits(image: Image, content: bytes | memoryview) -> str:
    """What Pillow does to an AVIF of more than 8 bits, by its codec configuration (av1C, of AV1 in ISOBMFF 2.3.3)."""
    at = bytes(content).find(b"av1C") if image.format == "AVIF" else -1
    deep = content[at + 6] if 0 <= at < len(content) - 6 else 0
    return f"{12 if deep & 0x20 else 10}-bit AVIF cut to 8 bits" if deep & 0x40 else ""


def _orientation(image: Image, content: bytes | memoryview) -> int:
    """How the stored rows and columns stand, 1 to 8 as EXIF 2.32 numbers it; 1 where nothing legal is said."""
    if image.format not in TURNED or (image.format == "JPEG" and not image.info.keys() & {"exif", "xmp"}):
        return 1
    if image.format == "PNG":
        content = bytes(content)
        if not any(word in content for word in (b"eXIf", b"Raw profile type exif", b"adobe.xmp")):
            return 1                          # Pillow would decode all pixels to look behind them
        image.load()
    try:
        value = image.getexif().get(ORIENTATION, 1)
        return int(value) if value in range(1, 9) else 1
    except Exception:                         # EXIF is written by anyone; what is not understood turns nothing
        return 1


def _stands_already(image: Image) -> bool:
    """Whether the size is that of the upright picture: Pillow turns a TIFF itself, by its tag alone."""
    return image.format == "TIFF" and image.tag_v2.get(ORIENTATION) in (5, 6, 7, 8)   # type: ignore[attr-defined]


def _upright(image: Image, orientation: int) -> Image:
    from PIL.Image import Transpose

    ways = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
            5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}
    return image.transpose(ways[orientation]) if orientation in ways and image.format != "TIFF" else image


def _pixels(image: Image, header: Header, where: str, options: Options, part: int) -> Array:
    channels, size = options.channels or header.channels, options.resize
    white = header.transparent and options.alpha == "white"
    if header.dtype == "uint8":
        return _bytes(image, header, where, channels, white=white, size=size, fit=options.fit, part=part)
    _mend_byte_order(image)
    pixels = np.array(image).astype(header.dtype, copy=False)[..., np.newaxis]     # (H, W, 1); loads all or raises
    if white and isinstance(key := image.info.get("transparency"), int):
        pixels[pixels == key] = np.iinfo(pixels.dtype).max
    _refuse_disagreement(pixels.shape[:2], header, where)
    return convert_channels(pixels if size is None else fit_pixels(pixels, size, options.fit), channels)


def _mend_byte_order(image: Image) -> None:
    """Floats of a packed TIFF come from libtiff in this machine's order, but Pillow swaps them as the file has them."""
    tiles = getattr(image, "tile", [])
    if tiles and tiles[0][0] == "libtiff" and str(tiles[0][3][0]) in ("F;32BF", "F;64BF"):
        codec, extents, offset, words = tiles[0]
        native = (words[0].replace("BF", "NF"), *words[1:])
        image.tile = [type(tiles[0])(codec, extents, offset, native)]      # type: ignore[attr-defined]


def _bytes(image: Image, header: Header, where: str, channels: str, *, white: bool, size: tuple[int, int] | None,
           fit: str, part: int) -> Array:
    """The pixels of a picture of 8 bits a channel; it is made smaller before it is an array, for it may be large."""
    image.load()
    _refuse_disagreement((image.height, image.width), header, where)
    mode = {"gray": "L", "rgb": "RGB"}[channels]
    image = over_white(image, part) if white else image
    image = image if image.mode == mode else image.convert(mode)
    if size is not None and size != (image.height, image.width):
        image = fit_image(image, size, fit, grey=middle_grey(np.dtype(np.uint8)))
    pixels: Array = np.array(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def _refuse_disagreement(shape: Any, header: Header, where: str) -> None:
    if tuple(shape) != (header.height, header.width):
        raise Unreadable(where, f"the header says {header.height}x{header.width} pixels, but {shape[0]}x{shape[1]} are "
                         "in the file")
