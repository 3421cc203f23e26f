"""TIFF that Pillow does not read, by tifffile: several pages or samples are the channels of one picture.

Shapes  pages (H, W), or one page (H, W, C) or (C, H, W) -> (H, W, C) uint8, uint16 or float32
Names   of OME-TIFF its channels' (OME-XML of 2016-06); else the pages' (tag 285); else channel_0, channel_1 ...
Bounds  pages are counted up to the limit, their sizes checked against what the file holds, before any is decoded; only
        codecs that cannot swell further than the limit on unpacking are used
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.channels import fit_names
from pellucid.data.header import Header
from pellucid.data.images import Array
from pellucid.data.picture_files import MOST_WORDS, Unreadable, Unsupported, too_large
from pellucid.data.xml import Element, parse_xml
from pellucid.errors import DataError, FileError
from pellucid.storage.limits import CHANNELS, check_claim, check_ratio

if TYPE_CHECKING:
    from tifffile import TiffFile

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
CODECS = frozenset((1, 5, 7, 8, 32773, 32946, 50000))       # none, LZW, JPEG, deflate, packbits, deflate, Zstandard
AS = {"bool": "uint8", "uint8": "uint8", "uint16": "uint16",
      "float16": "float32", "float32": "float32", "float64": "float32"}  # fmt: skip
INSTALL = 'Type: pip install "pellucid[cells]"'
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE = range(4)
PAGE_NAME = 285


@dataclass(frozen=True)
class Plan:
    """What is read: the pages, whether each holds several channels, and the header of what they make."""

    pages: list[Any]
    header: Header
    planar: bool


def is_tiff(content: bytes | memoryview) -> bool:
    """Whether a file begins as TIFF and BigTIFF do."""
    return bytes(content[:4]) in MAGIC


def refuse_without_extra(where: str, why: str) -> None:
    """Raise Unsupported that names the extra where its packages are missing."""
    try:
        import imagecodecs  # noqa: F401  (tifffile asks for it in the middle of reading)
        import tifffile  # noqa: F401
    except ImportError as error:
        raise Unsupported(where, f"{why}, which needs more packages", f"{INSTALL}, or save it as PNG.") from error


def tiff_header(content: bytes | memoryview, where: str, *, max_pixels: int) -> Header:
    """What the file says of itself. Raises Unreadable, Unsupported."""
    with _opened(content, where) as file:
        return _plan(file, where, content, max_pixels).header


def decode_tiff(content: bytes | memoryview, where: str, *, max_pixels: int) -> Array:
    """All channels as (H, W, C)."""
    with _opened(content, where) as file:
        plan = _plan(file, where, content, max_pixels)
        pages = [np.asarray(page.asarray()) for page in plan.pages]
        if len(pages) == 1:
            pixels = pages[0]
            pixels = np.moveaxis(pixels, 0, -1) if plan.planar else pixels
            pixels = pixels.reshape(plan.header.height, plan.header.width, -1)
        else:
            pixels = np.stack(pages, axis=-1)
        if plan.pages[0].photometric == WHITE_IS_ZERO and pixels.dtype.kind in "iu":
            pixels = np.iinfo(pixels.dtype).max - pixels
        if pixels.dtype.kind == "b":
            pixels = pixels * np.uint8(255)
        with np.errstate(over="ignore"):    # what float32 cannot hold is infinite, which is told before training
            return np.ascontiguousarray(pixels.astype(plan.header.dtype))


@contextmanager
def _opened(content: bytes | memoryview, where: str) -> Iterator[TiffFile]:
    """The file; whatever goes wrong in it is worded for the user."""
    import tifffile

    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True        # what it finds odd is told by what we refuse
    try:
        with tifffile.TiffFile(io.BytesIO(content), _multifile=False) as file:
            yield file
    except (DataError, FileError):
        raise
    except Exception as error:                              # struct, value, key, index, memory ... of a broken file
        why = " ".join(str(error).split())[:MOST_WORDS].rstrip(".") or type(error).__name__
        raise Unreadable(where, f"the picture is truncated or corrupt ({why})") from error
    finally:
        logger.disabled = before


def _plan(file: TiffFile, where: str, content: bytes | memoryview, max_pixels: int) -> Plan:
    pages = _pages(file, where)
    _refuse_cut(file, where, content)
    first = pages[0]
    for number, page in enumerate(pages):
        if int(page.compression) not in CODECS:
            packed = getattr(page.compression, "name", page.compression)
            raise Unsupported(where, f"TIFF packed as {packed} is not read",
                              "Save it with LZW or deflate, or not packed.")
        if (page.shape, page.dtype) != (first.shape, first.dtype):
            raise Unsupported(where, f"page 1 is {_told(first)} and page {number + 1} {_told(page)}, so they are no "
                              "channels of one picture", "Save each as a file of its own.")
    if int(first.photometric) not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE):
        kind = getattr(first.photometric, "name", first.photometric)
        raise Unsupported(where, f"TIFF of colour mode {kind} is not read in this form", "Save it as RGB.")
    height, width = first.imagelength, first.imagewidth
    if height * width > max_pixels:
        raise too_large(where, height * width, max_pixels, f" ({width} x {height})")
    samples = int(first.samplesperpixel)
    if first.imagedepth != 1 or (samples > 1 and len(pages) > 1):
        raise Unsupported(where, f"{len(pages)} pages of {samples} samples are no channels of one picture",
                          "Save each as a file of its own.")
    depth = AS.get(str(first.dtype))
    if depth is None:
        raise Unsupported(where, f"TIFF of {first.dtype} is not read", "Save it as 8 or 16 bits, or as 32-bit floats.")
    count = samples * len(pages)
    CHANNELS.check(count, where)
    unpacked = count * height * width * np.dtype(first.dtype).itemsize
    check_ratio(unpacked, len(content), where)
    check_claim(unpacked, len(content), where)
    names, kind = _names(file, where, pages, count), {1: "gray", 3: "rgb"}.get(count, "named")
    if count == 3 and int(first.photometric) != RGB:        # three pages are no red, green and blue
        kind = "named"
    return Plan(pages, Header(height, width, kind, depth, names=names if kind == "named" else ()),
                planar=samples > 1 and first.shape[0] == samples and first.axes[:1] == "S")


def _pages(file: TiffFile, where: str) -> list[Any]:
    """Every page, up to the most channels a picture may have. Raises FileError for more."""
    pages: list[Any] = []
    most, met = CHANNELS.now, set[int]()
    while len(pages) <= most:
        try:
            page = file.pages[len(pages)]
        except IndexError:
            break
        if page.offset in met:
            raise Unreadable(where, "its pages lead back to one another")
        met.add(page.offset)
        pages.append(page)
    if not pages:
        raise Unreadable(where, "the TIFF holds no page")
    CHANNELS.check(len(pages), where, what="the pages of a picture")
    return pages


def _refuse_cut(file: TiffFile, where: str, content: bytes | memoryview) -> None:
    """Raise Unreadable where the last page found announces another one, which is beyond the end."""
    at, size = file.pages.next_page_offset or 0, 8 if file.is_bigtiff else 4
    told = bytes(content[at : at + size])
    if len(told) < size or int.from_bytes(told, "little" if file.byteorder == "<" else "big"):
        raise Unreadable(where, "the picture is truncated or corrupt (a further page is announced)")


def _names(file: TiffFile, where: str, pages: list[Any], count: int) -> tuple[str, ...]:
    """The names of `count` channels. Raises Unsupported for slices and times, which are no channels."""
    if file.is_ome:
        pixels = _ome_pixels(file, where)
        sizes = {name: int(pixels.attributes.get(f"Size{name}", "1")) for name in "CZT"}
        _refuse_series(where, sizes["Z"], sizes["T"])
        if sizes["C"] != count:
            raise Unsupported(where, f"it tells of {sizes['C']} channels but holds {count}: others lie in other files",
                              'Say which file holds which with --channels "w1=nuclei,w2=er".')
        told = [one.attributes.get("Name", "") for one in pixels.inner if one.tag.endswith("Channel")]
        if len(told) == count and all(told):
            return fit_names(told)
    if file.is_imagej:
        known = file.imagej_metadata or {}
        _refuse_series(where, int(known.get("slices", 1)), int(known.get("frames", 1)))
        if int(known.get("images", count)) != count:
            raise Unsupported(where, f"it tells of {known['images']} pictures but has {count} pages",
                              "Save it as OME-TIFF.")
    called = [str(page.tags[PAGE_NAME].value) for page in pages if PAGE_NAME in page.tags]
    fits = len(called) == count and len(set(called)) == count
    return fit_names(called) if fits else tuple(f"channel_{i}" for i in range(count))


def _ome_pixels(file: TiffFile, where: str) -> Element:
    """The element that tells the channels. Raises Unreadable for OME-XML without it."""
    outer = parse_xml(str(file.pages.first.description).encode(), where)
    found = [pixels for image in outer.inner if image.tag.endswith("Image")
             for pixels in image.inner if pixels.tag.endswith("Pixels")]
    if len(found) != 1:
        raise Unsupported(where, f"it holds {len(found)} pictures", "Save each as a file of its own.")
    return found[0]


def _refuse_series(where: str, slices: int, times: int) -> None:
    if slices * times != 1:
        raise Unsupported(where, f"it holds {slices} slices and {times} times, and a picture has one of each",
                          "Save the one to learn from, or their projection.")


def _told(page: Any) -> str:
    return f"{'x'.join(map(str, page.shape))} {page.dtype}"
