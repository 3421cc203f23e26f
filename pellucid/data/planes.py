"""From a source to pixels, whatever it is: pictures that Pillow reads, TIFF of many channels, NPY, several files.

Shapes  read_source -> (H, W, C), C as the options ask for
Order   Pillow first, so that nothing it reads well is read in another way; tifffile for TIFF that it does not
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data.channels import CHANNELS, arranged, convert_channels, default_names
from pellucid.data.decoding import decode_sized, read_header
from pellucid.data.fitting import cut_window, fit_pixels
from pellucid.data.header import Header
from pellucid.data.images import Array
from pellucid.data.npy import MAGIC, decode_npy, npy_header
from pellucid.data.options import Options
from pellucid.data.picture_files import Unreadable, Unsupported
from pellucid.data.sources import Source
from pellucid.data.tiffs import decode_tiff, is_tiff, refuse_without_extra, tiff_header
from pellucid.errors import DataError

PLAIN = (None, "gray", "rgb")
HELPED = ("more than one picture", "16-bit colour", "not a picture that can be read")    # where tifffile may know more
NPY, PILLOW, TIFFFILE = "npy", "pillow", "tifffile"


def header_of(content: bytes | memoryview, where: str, *, max_pixels: int) -> Header:
    """The header of one file. Raises Unreadable when it is broken, Unsupported when its kind is not read."""
    return _headed(content, where, max_pixels)[0]


def read_source(source: Source, options: Options) -> Array:
    """One picture as (H, W, C), with the channels, the size and the transparency that `options` ask for.

    Raises Unreadable for a truncated or corrupt file and Unsupported for a kind that is not read.
    """
    return source_sized(source, options)[0]


def source_sized(source: Source, options: Options) -> tuple[Array, tuple[int, int]]:
    """The same, and the (height, width) that the picture has by itself, upright."""
    if source.window is not None:
        whole, size = source_sized(replace(source, window=None), replace(options, resize=None))
        return _fitted(cut_window(whole, source.window), options), size
    if not source.planes:
        return decoded_sized(source.read(), source.where, options)
    alone = replace(options, channels=None, resize=None)
    planes = [decoded_sized(plane.read(), plane.where, alone, plane=True)[0] for plane in source.planes]
    shapes = [(plane.shape, "gray" if plane.shape[2] in (1, 3) else "named") for plane in planes]
    joined(source, [Header(shape[0], shape[1], kind, str(plane.dtype))
                    for plane, (shape, kind) in zip(planes, shapes, strict=True)])
    pixels = np.concatenate([convert_channels(plane, "gray") for plane in planes], axis=-1)
    fitted = _fitted(_arranged(source.where, pixels, source.names, options.channels), options)
    return fitted, (pixels.shape[0], pixels.shape[1])


def joined(source: Source, headers: Sequence[Header]) -> Header:
    """The header of a picture whose channels lie in several files. Raises Unsupported for files that do not fit."""
    first = headers[0]
    for plane, header in zip(source.planes, headers, strict=True):
        if (header.height, header.width) != (first.height, first.width):
            raise Unsupported(plane.where, f"the channel has {header.height}x{header.width} pixels, but that in "
                              f"{source.planes[0].path} {first.height}x{first.width}", "Give all channels one size.")
        if header.dtype != first.dtype:
            raise Unsupported(plane.where, f"the channel is {header.dtype}, but that in {source.planes[0].path} "
                              f"{first.dtype}", "Save all channels with the same number of bits.")
        if header.channels == "named":
            raise Unsupported(plane.where, f"the file holds {len(header.names)} channels, and --channels says that it "
                              "is one", "Leave the pattern out, or save each channel as a file.")
    return Header(first.height, first.width, "named", first.dtype, names=source.names)


def decoded_sized(content: bytes | memoryview, where: str, options: Options, *,
                  plane: bool = False) -> tuple[Array, tuple[int, int]]:  # fmt: skip
    """The same of the bytes of one file, and the (height, width) that the picture has by itself, upright.

    A `plane` is one channel of a picture.
    """
    word, most = options.channels, options.most_pixels
    kind = word if word in PLAIN else "rgb" if word in CHANNELS else None
    if bytes(content[:6]) != MAGIC:
        try:
            wanted = options if kind == word else replace(options, channels=kind)
            pixels, size = decode_sized(content, where, wanted, plane=plane)
            return _arranged(where, pixels, default_names(pixels.shape[-1]), word), size
        except (Unreadable, Unsupported):
            header, reader = _headed(content, where, most)
            if reader == PILLOW:
                raise
        pixels = decode_tiff(content, where, max_pixels=most)
    else:
        header, pixels = npy_header(content, where, max_pixels=most), decode_npy(content, where, max_pixels=most)
    return _fitted(_arranged(where, pixels, names_in(header), word), options), (header.height, header.width)


def names_in(header: Header) -> tuple[str, ...]:
    """The names of the channels of a picture as it is."""
    return header.names or CHANNELS[header.channels]


def _headed(content: bytes | memoryview, where: str, max_pixels: int) -> tuple[Header, str]:
    """The header and who reads the file."""
    if bytes(content[:6]) == MAGIC:
        return npy_header(content, where, max_pixels=max_pixels), NPY
    try:
        return read_header(content, where, max_pixels=max_pixels), PILLOW
    except (Unreadable, Unsupported) as fault:
        if not is_tiff(content) or not any(words in fault.why for words in HELPED):
            raise
        refuse_without_extra(where, fault.why)
        try:
            return tiff_header(content, where, max_pixels=max_pixels), TIFFFILE
        except Unreadable:
            if isinstance(fault, Unsupported):      # Pillow knows what it is, but not that it is broken
                raise
            raise fault from None


def _arranged(where: str, pixels: Array, names: Sequence[str], word: str | None) -> Array:
    """The channels that a word asks for; a fault names the picture."""
    try:
        return arranged(pixels, names, word)
    except DataError as fault:
        raise DataError(f"{where}: {fault}") from None


def _fitted(pixels: Array, options: Options) -> Array:
    return pixels if options.resize is None else fit_pixels(pixels, options.resize, options.fit)
