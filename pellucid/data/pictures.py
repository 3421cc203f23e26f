"""Many picture files seen as one data set: their headers agree in size, channels and depth, or a sentence says why not.

Shapes  sources (N,) -> Images (N, H, W, C)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.decoding import CHANNELS, Header, transparent_text
from pellucid.data.file_images import FileImages
from pellucid.data.images import Images
from pellucid.data.sources import Source
from pellucid.data.survey import survey
from pellucid.errors import DataError

LOAD_BYTES = 64 << 20      # parts smaller than this, decoded, are decoded when opened: broken pictures show at once


@dataclass(frozen=True)
class Pictures:
    """The pictures of each part, with the kind of channels they share and notes on what reading them changes."""

    images: Mapping[str, Images]
    channel_names: tuple[str, ...]
    hashes: Mapping[str, str]               # path -> sha256 of the file
    notes: tuple[str, ...]


def open_pictures(where: str, parts: Mapping[str, Sequence[Source]], *, resize: tuple[int, int] | None,
                  channels: str | None) -> Pictures:
    """Read every header, settle size, channels and dtype, and give one `Images` a part.

    Raises FileError for a broken picture and DataError for sizes, channels or depths that differ.
    """
    sources = [source for part in parts.values() for source in part]
    surveyed = survey(sources)
    headers = [header for header, _ in surveyed]
    kind = channels or _one_kind(where, sources, headers)
    size = resize or _one_size(where, sources, headers)
    depth = np.dtype(_common(where, sources, [header.dtype for header in headers], "depth",
                             "Save all pictures with the same number of bits."))
    images: dict[str, Images] = {}
    for name, part in parts.items():
        files = FileImages(part, size=size, channels=kind, dtype=depth)
        if int(np.prod(files.shape)) * depth.itemsize < LOAD_BYTES:
            files.take(np.arange(len(files)))
        images[name] = files
    return Pictures(images, CHANNELS[kind], {source.path: digest for source, (_, digest) in zip(sources, surveyed,
                                                                                             strict=True)},
                    tuple(_notes(headers, kind, size, resized=resize is not None)))


def _one_kind(where: str, sources: Sequence[Source], headers: Sequence[Header]) -> str:
    transparent = [source for source, header in zip(sources, headers, strict=True) if header.transparent]
    if transparent:
        raise DataError(transparent_text(transparent[0].where, len(transparent), len(sources)))
    return _common(where, sources, [header.channels for header in headers], "kind of channels",
                   "Type --channels rgb or --channels gray to make them alike.")


def _one_size(where: str, sources: Sequence[Source], headers: Sequence[Header]) -> tuple[int, int]:
    sizes = [f"{header.height}x{header.width}" for header in headers]
    most, _ = Counter(sizes).most_common(1)[0]
    _common(where, sources, sizes, "size", f"Type --resize {most} (height x width in pixels).")
    return headers[0].height, headers[0].width


def _common(where: str, sources: Sequence[Source], values: Sequence[str], what: str, remedy: str) -> str:
    """The value all pictures share. Raises DataError with one picture of each of two values, and their numbers."""
    counts = Counter(values).most_common()
    if len(counts) > 1:
        (first, many), (second, few) = counts[0], counts[1]
        one, other = sources[values.index(first)].path, sources[values.index(second)].path
        raise DataError(f"{where}: all pictures must have one {what}, but {one} is {first} ({many} of {len(values)}) "
                        f"and {other} is {second} ({few}). {remedy}")
    return counts[0][0]


def _notes(headers: Sequence[Header], kind: str, size: tuple[int, int], *, resized: bool) -> list[str]:
    counts = {
        "alpha channel dropped": sum(header.transparent for header in headers),
        "palette turned into colours": sum(header.palette for header in headers),
        "turned upright as EXIF says": sum(header.turned for header in headers),
        f"gray made {kind}": sum(header.channels == "gray" != kind for header in headers),
        f"colour made {kind}": sum(header.channels == "rgb" != kind for header in headers),
        f"resized to {size[0]}x{size[1]}": sum((header.height, header.width) != size for header in headers) * resized,
    }
    return [f"{what}: {_number(count)}" for what, count in counts.items() if count]


def _number(count: int) -> str:
    return f"{count:,} picture{'s' if count != 1 else ''}"
