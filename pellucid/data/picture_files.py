"""The one place where pictures are opened: only formats on our list, within bounds, faults in words, no warnings.

Pillow finds a format by what a file holds, whatever its name, and some of the formats it knows start other programs
(PostScript runs Ghostscript): a name is never trusted, and nothing outside FORMATS is ever tried.
"""

from __future__ import annotations

import io
import logging
import re
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.data.picture_bounds import jpeg_scans, scans_allowed, webp_size
from pellucid.data.quiet import quiet
from pellucid.data.reduction import LARGE
from pellucid.errors import DataError, FileError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {  # Pillow's name, its plugin (MPO is found by that of JPEG, HEIF by another package), the endings
    "PNG": ("Png", (".png",)), "JPEG": ("Jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")), "MPO": ("Mpo", (".mpo",)),
    "BMP": ("Bmp", (".bmp",)), "DIB": ("Bmp", (".dib",)), "GIF": ("Gif", (".gif",)),
    "TIFF": ("Tiff", (".tif", ".tiff")), "WEBP": ("WebP", (".webp",)), "AVIF": ("Avif", (".avif",)),
    "JPEG2000": ("Jpeg2K", (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx")),
    "PPM": ("Ppm", (".ppm", ".pgm", ".pbm", ".pnm")), "TGA": ("Tga", (".tga",)), "HEIF": ("", (".heic", ".heif")),
}  # fmt: skip
EXTENSIONS = frozenset(ending for _, endings in FORMATS.values() for ending in endings)
HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))
REPLACE = "Replace or remove the file."
OTHERS = {  # how files begin that are often met under a picture's name
    b"%!PS": "PostScript, which is a program and is never run", b"\xc5\xd0\xd3\xc6": "PostScript", b"%PDF": "a PDF",
    b"\xd7\xcd\xc6\x9a": "a Windows metafile", b"8BPS": "a Photoshop document", b"<svg": "an SVG drawing",
    b"<?xml": "XML", b"<!DO": "a web page", b"<htm": "a web page", b"PK\x03\x04": "a zip archive",
    b"MM\0+": "a BigTIFF with the larger byte first, which Pillow does not read; one with the smaller first it does",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0"), "a TIFF of a kind that is not read, or a broken header"),
}  # fmt: skip
MOST_WORDS = 120       # of what a library says
COSTLY = ("WEBP", "AVIF", "HEIF", "JPEG2000")  # read whole, with 9 to 19 bytes a pixel
EMPTY = 5_000          # pixels a byte of its file, beyond which a LARGE one shows next to nothing


class Unreadable(FileError):
    """A picture file that is broken, cut off or no picture; `why` and `remedy` are the parts of its sentence."""

    def __init__(self, where: str, why: str, remedy: str = REPLACE) -> None:
        super().__init__(f"{where}: {why}. {remedy}")
        self.where, self.why, self.remedy = where, why, remedy


class Unsupported(DataError):
    """A whole picture of a kind that is not read: reading it would change what it means, or it is too large."""

    def __init__(self, where: str, why: str, remedy: str) -> None:
        super().__init__(f"{where}: {why}. {remedy}")
        self.where, self.why, self.remedy = where, why, remedy


class Opened:
    """Open a picture with Pillow; whatever goes wrong until it is closed is worded for the user, naming the file."""

    def __init__(self, content: bytes | memoryview, where: str, *, max_pixels: int) -> None:
        self.content, self.where, self.max_pixels = bytes(content), where, max_pixels
        self.silence = quiet()

    def __enter__(self) -> Image:
        self.silence.__enter__()
        try:
            self.image = self._open()
            self.refuse_large(*self.image.size)
            if self.image.format in COSTLY:
                self._refuse_empty(*self.image.size)
            if self.image.format in ("JPEG", "MPO"):
                self._refuse_endless()
        except BaseException as error:
            self.silence.__exit__(None, None, None)
            if isinstance(error, Exception) and not isinstance(error, DataError | FileError):
                raise self._worded(error) from error
            raise
        return self.image

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self.image.close()
        self.silence.__exit__(None, None, None)
        if isinstance(error, Exception) and not isinstance(error, DataError | FileError):
            raise self._worded(error) from error

    def refuse_large(self, width: int, height: int) -> None:
        """Raise Unsupported for more pixels than are allowed."""
        if width * height > self.max_pixels:
            raise too_large(self.where, width * height, self.max_pixels, f" ({width} x {height})")

    def _open(self) -> Image:
        from PIL import Image, UnidentifiedImageError
        from PIL.Image import DecompressionBombError

        claimed = webp_size(self.content) or (0, 0)  # Pillow reads it while it opens it
        self.refuse_large(*claimed)
        self._refuse_empty(*claimed)
        names = [name for name in pillow_formats() if name != "TGA" or self.where.lower().endswith(".tga")]
        if is_heif(self.content):
            names = [heif_format(self.where)]
        before = Image.MAX_IMAGE_PIXELS
        try:
            if before is not None and self.max_pixels > 2 * before:      # Pillow refuses twice its limit
                Image.MAX_IMAGE_PIXELS = self.max_pixels
            return Image.open(io.BytesIO(self.content), formats=names)
        except UnidentifiedImageError as error:
            raise Unreadable(self.where, f"this is not a picture that can be read ({self._kind()})") from error
        except DecompressionBombError as error:
            told = re.search(r"\d{6,}", str(error))
            raise too_large(self.where, int(told[0]) if told else 0, self.max_pixels) from error
        finally:
            Image.MAX_IMAGE_PIXELS = before

    def _kind(self) -> str:
        size, begin = len(self.content), self.content[:64].lstrip()
        known = next((kind for start, kind in OTHERS.items() if begin.lower().startswith(start.lower())), None)
        if known is None and begin[4:12] == b"ftypavif":
            known = "AVIF, which this Pillow does not read"
        return known or (f"{size} bytes of another kind, or a broken header" if size else "the file is empty")

    def _refuse_empty(self, width: int, height: int) -> None:
        """A few bytes may ask for a gigabyte, for a picture of one colour."""
        pixels, size = width * height, len(self.content)
        if pixels > LARGE and pixels > EMPTY * size:
            raise Unsupported(self.where, f"the picture makes {pixels:,} pixels ({width} x {height}) of {size:,} "
                              "bytes, so it shows next to nothing", "Save it as PNG, or smaller.")  # fmt: skip

    def _refuse_endless(self) -> None:
        """A JPEG of a few kilobytes may ask for thousands of passes over all its pixels."""
        width, height = self.image.size
        most = scans_allowed(width * height, self.max_pixels)
        scans, ends = jpeg_scans(self.content, most)
        if scans > most:
            raise Unsupported(self.where, f"the JPEG has more than {most} scans, each a pass over {width * height:,} "
                              "pixels", "Save it again, as an ordinary JPEG.")
        if not ends:
            raise Unreadable(self.where, "the picture is truncated or corrupt (its end is missing)")

    def _worded(self, error: Exception) -> Unreadable:
        """Pillow raises OSError, SyntaxError, ValueError, struct.error, zlib.error ... for broken pictures."""
        why = " ".join(str(error).split())[:MOST_WORDS].rstrip(".") or type(error).__name__
        return Unreadable(self.where, f"the picture is truncated or corrupt ({why})")


def too_large(where: str, pixels: int, most: int, size: str = "") -> Unsupported:
    """The sentence that refuses more pixels than are allowed."""
    return Unsupported(where, f"the picture has {pixels:,} pixels{size}, but at most {most:,} are read",
                       f"Type --max-pixels {pixels} to allow it, or save it smaller.")


@cache
def pillow_formats() -> tuple[str, ...]:
    """The formats on our list that the installed Pillow finds by itself."""
    from PIL import Image

    logging.getLogger("PIL").addHandler(logging.NullHandler())     # or Python would print its errors to the terminal
    for plugin in {plugin for plugin, _ in FORMATS.values() if plugin}:
        with suppress(ImportError):            # an older Pillow
            import_module(f"PIL.{plugin}ImagePlugin")
    return tuple(name for name, (plugin, _) in FORMATS.items() if plugin and name in Image.OPEN)


def is_heif(content: bytes) -> bool:
    """Whether a file says that it is HEIF, as phones write it, and not AVIF in the same container."""
    if content[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[at : at + 4] for at in (8, *range(16, length, 4))}
    return bool(brands & HEIF_BRANDS) and not brands & {b"avif", b"avis"}


def heif_format(where: str) -> str:
    """Pillow's name of HEIF, once its opener is there. Raises Unsupported that names the extra when it is not."""
    try:
        import pillow_heif
    except ImportError as error:
        raise Unsupported(where, "the picture is HEIC, which needs one more package",
                          'Type: pip install "pellucid[heic]", or save it as JPEG.') from error
    pillow_heif.register_heif_opener()
    return "HEIF"
