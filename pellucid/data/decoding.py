"""From the bytes of a picture file to an array, and what its header says before that.

Shapes  decode -> (H, W, C), C = 1 (gray) or 3 (rgb); uint8, uint16 (16-bit gray) or float32 (TIFF)
Rules   EXIF orientation is obeyed; palette pictures become rgb; transparency is dropped only when channels are named;
        16-bit gray stays 16-bit; 16-bit colour, which Pillow would cut to 8 bits, is refused
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError, FileError

if TYPE_CHECKING:
    from PIL.Image import Image

EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"))
CHANNELS = {"gray": ("gray",), "rgb": ("red", "green", "blue")}
ORIENTATION = 0x0112                     # the EXIF tag; 5 to 8 swap height and width
GRAY = {"1": "uint8", "L": "uint8", "LA": "uint8", "F": "float32",          # Pillow's modes and their dtype
        "I;16": "uint16", "I;16B": "uint16", "I;16L": "uint16"}
COLOUR = frozenset(("P", "PA", "RGB", "RGBA"))


@dataclass(frozen=True)
class Header:
    """What a picture is, without its pixels: upright size, gray or rgb, dtype, and what reading it would change."""

    height: int
    width: int
    channels: str
    dtype: str
    transparent: bool
    palette: bool
    turned: bool


def read_header(content: bytes | memoryview, where: str) -> Header:
    """The header of one picture. Raises FileError when it is broken, DataError when its kind is not supported."""
    with _opened(content, where) as image:
        return _header(image, where)


def decode(content: bytes | memoryview, where: str, *, channels: str | None = None,
           resize: tuple[int, int] | None = None) -> Array:
    """One picture as (H, W, C); `channels` "gray" or "rgb" converts, `resize` is (height, width) in pixels.

    Raises FileError for a truncated or corrupt file and DataError for transparency without `channels`.
    """
    with _opened(content, where) as image:
        header = _header(image, where)
        if channels is None and header.transparent:
            raise DataError(transparent_text(where))
        pixels = _pixels(image, header, channels or header.channels)
    if resize is not None and pixels.shape[:2] != tuple(resize):
        pixels = resize_pixels(pixels, resize)
    return pixels


def transparent_text(where: str, count: int = 1, of: int = 1) -> str:
    """The sentence that refuses transparency, with how many pictures have it."""
    many = f", as {count:,} of {of:,} pictures have" if of > 1 else ""
    return (f"{where}: the picture has an alpha channel (transparency){many}; it is dropped only when asked. "
            "Type --channels rgb (or --channels gray) to drop it.")


def resize_pixels(pixels: Array, size: tuple[int, int]) -> Array:
    """(H, W, C) to size (height, width): bilinear, averaging over what shrinks; dtype kept."""
    from PIL import Image
    from PIL.Image import Resampling

    height, width = size
    planes = []
    for plane in np.moveaxis(pixels, -1, 0):
        exact = plane if plane.dtype == np.uint8 else plane.astype(np.float32)      # Pillow resizes uint8 and float32
        resized = Image.fromarray(np.ascontiguousarray(exact)).resize((width, height), Resampling.BILINEAR)
        planes.append(np.asarray(resized))
    result = np.stack(planes, axis=-1)
    if pixels.dtype.kind in "iu" and result.dtype != pixels.dtype:
        limits = np.iinfo(pixels.dtype)
        result = np.clip(np.rint(result), limits.min, limits.max)
    return result.astype(pixels.dtype, copy=False)


def convert_channels(pixels: Array, channels: str) -> Array:
    """(..., C) pixels to gray (ITU-R 601 weights, as Pillow) or rgb (gray three times); dtype kept."""
    count = pixels.shape[-1]
    if count == len(CHANNELS[channels]):
        return pixels
    if channels == "rgb" and count == 1:
        return np.repeat(pixels, 3, axis=-1)
    if channels == "gray" and count == 3:
        gray: Array = pixels @ np.array([0.299, 0.587, 0.114])
        gray = np.rint(gray) if pixels.dtype.kind in "iu" else gray
        return gray.astype(pixels.dtype)[..., np.newaxis]
    raise DataError(f"images of {count} channels cannot be made {channels}. Leave --channels out.")


class _opened:
    """Open a picture with Pillow; whatever goes wrong until it is closed is worded for the user, naming the file."""

    def __init__(self, content: bytes | memoryview, where: str) -> None:
        self.content, self.where = content, where

    def __enter__(self) -> Image:
        from PIL import Image, UnidentifiedImageError
        from PIL.Image import DecompressionBombError

        try:
            self.image: Image.Image = Image.open(io.BytesIO(self.content))
        except UnidentifiedImageError as error:
            size = len(self.content)
            why = f"{size} bytes of another kind, or a broken header" if size else "the file is empty"
            raise FileError(f"{self.where}: this is not a picture that can be read ({why}). "
                            "Replace or remove the file.") from error
        except DecompressionBombError as error:
            raise DataError(f"{self.where}: the picture has more pixels than Pillow opens safely "
                            f"({Image.MAX_IMAGE_PIXELS}). Save it smaller.") from error
        except Exception as error:
            raise self._worded(error) from error
        return self.image

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self.image.close()
        if isinstance(error, Exception) and not isinstance(error, DataError | FileError):
            raise self._worded(error) from error

    def _worded(self, error: Exception) -> FileError:
        """Pillow raises OSError, SyntaxError, ValueError, struct.error, zlib.error ... for broken pictures."""
        why = str(error).rstrip(".")
        return FileError(f"{self.where}: the picture is truncated or corrupt ({why}). Replace or remove the file.")


def _header(image: Image, where: str) -> Header:
    mode = image.mode
    raw_mode = str([tile[3] for tile in getattr(image, "tile", [])])
    if mode not in GRAY and mode not in COLOUR:
        raise DataError(f"{where}: pictures of colour mode {mode} are not read, only gray, palette and RGB. "
                        "Save it as an RGB PNG.")
    if "16" in raw_mode and mode in ("RGB", "RGBA", "LA"):
        raise DataError(f"{where}: 16-bit colour would be cut to 8 bits, so it is refused. Save the picture with "
                        "8 bits a channel, or its channels as 16-bit gray.")
    if image.format in ("GIF", "TIFF", "WEBP", "PNG") and getattr(image, "n_frames", 1) > 1:
        raise DataError(f"{where}: the file holds more than one picture. Save each as a file of its own.")
    turned = image.getexif().get(ORIENTATION, 1) if image.format in ("JPEG", "MPO", "TIFF", "PNG", "WEBP") else 1
    width, height = image.size if turned < 5 else image.size[::-1]
    return Header(height, width, "gray" if mode in GRAY else "rgb", GRAY.get(mode, "uint8"),
                  transparent=mode in ("LA", "PA", "RGBA") or "transparency" in image.info, palette=mode in ("P", "PA"),
                  turned=turned > 1)


def _pixels(image: Image, header: Header, channels: str) -> Array:
    from PIL import ImageOps

    upright: Image = ImageOps.exif_transpose(image) if header.turned else image
    if header.dtype == "uint8":
        upright = upright.convert({"gray": "L", "rgb": "RGB"}[channels])
    pixels = np.array(upright).astype(header.dtype, copy=False)              # (H, W) or (H, W, 3); loads all or raises
    return convert_channels(pixels if pixels.ndim == 3 else pixels[..., np.newaxis], channels)
