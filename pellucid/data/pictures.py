"""Many picture files seen as one data set: one size, one kind of channels, one depth, and what was done to reach it.

Shapes  sources (N,) -> Images (N', H, W, C), N' without those that were left out as broken
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.broken import Fault, in_number, without_broken
from pellucid.data.channels import CHANNELS, arranged, names_of, refuse_unknown, word_of
from pellucid.data.file_images import FileImages
from pellucid.data.header import Header
from pellucid.data.images import Array, Images, choose
from pellucid.data.options import Options
from pellucid.data.planes import names_in
from pellucid.data.sizes import choose_size, choose_wide_size, refuse_blown_up, size_note
from pellucid.data.sources import Source
from pellucid.data.survey import survey
from pellucid.errors import DataError

LOAD_BYTES = 64 << 20      # parts smaller than this, decoded, are decoded when opened: broken pictures show at once


@dataclass(frozen=True)
class Pictures:
    """The pictures of each part, with the kind of channels they share and notes on what reading them changes."""

    images: Mapping[str, Images]
    kept: Mapping[str, Array]               # of each part: the numbers of the sources that could be read
    channel_names: tuple[str, ...]
    hashes: Mapping[str, str]               # path -> sha256 of the file
    size: tuple[int, int]                   # (height, width) of all as they are taken
    sizes: Mapping[str, tuple[int, int]]    # path -> (height, width) as it is, upright, of pictures without a window
    notes: tuple[str, ...]


def open_pictures(where: str, parts: Mapping[str, Sequence[Source]], options: Options, *,
                  wide: bool = False) -> Pictures:  # fmt: skip
    """Read every header, settle size, channels and dtype, and give one `Images` a part; `wide`: places are marked.

    Raises Unreadable or Unsupported that names all pictures which cannot be read, and DataError for depths that differ.
    """
    sources = [source for part in parts.values() for source in part]
    headers: dict[int, Header] = {}
    hashes: dict[str, str] = {}
    faults: dict[int, Fault] = {}
    for number, (source, found) in enumerate(zip(sources, survey(sources, max_pixels=options.most_pixels),
                                                 strict=True)):
        if isinstance(found, Exception):
            faults[number] = found
        else:
            headers[number], hashes[source.path] = seen_through(source, found[0]), found[1]
    if not headers:
        without_broken(where, sources, faults, options.skip_broken)
    settled, notes = _settle(where, sources, headers, options, wide)
    images, numbers = {}, _numbers(parts)
    for name in parts:
        readable = [number for number in numbers[name] if number in headers]
        files = FileImages([sources[number] for number in readable], settled.options, settled.dtype)
        if options.skip_broken or int(np.prod(files.shape)) * settled.dtype.itemsize < LOAD_BYTES:
            faults |= {readable[row]: fault for row, fault in files.broken().items()}
        whole = np.array([row for row, number in enumerate(readable) if number not in faults], np.int64)
        images[name] = files if len(whole) == len(files) else choose(files, whole)
    left_out = without_broken(where, sources, faults, options.skip_broken)
    for number in faults:
        hashes.pop(sources[number].path, None)
    kept = {name: np.array([row for row, number in enumerate(numbers[name]) if number not in faults], np.int64)
            for name in parts}
    sizes = {sources[number].path: (header.height, header.width) for number, header in headers.items()}
    return Pictures(images, kept, names_of(str(settled.options.channels)), hashes, settled.options.resize or (0, 0),
                    sizes, (*left_out, *notes))


def seen_through(source: Source, header: Header) -> Header:
    """The header, with the size of the window that is taken of the picture."""
    if source.window is None:
        return header
    left, top, right, bottom = source.window
    return replace(header, height=bottom - top, width=right - left)


@dataclass(frozen=True)
class Settled:
    """How all pictures are read: options with a size and channels, and the dtype."""

    options: Options
    dtype: np.dtype[np.generic]


def _settle(where: str, sources: Sequence[Source], headers: Mapping[int, Header],
            options: Options, wide: bool) -> tuple[Settled, list[str]]:
    told = list(headers.values())
    kind = options.channels or _one_kind(where, [sources[number] for number in headers], told)
    for names, number in {names_in(header): number for number, header in headers.items()}.items():
        _refuse_unfit(sources[number], names, kind)
    sizes = [(header.height, header.width) for header in told]
    size = options.resize or (choose_wide_size if wide else choose_size)(sizes)
    refuse_blown_up(where, max(sizes, key=lambda each: each[0] * each[1]), options)
    depth = _one_depth(where, [sources[number] for number in headers], [header.dtype for header in told])
    chosen = [size_note(sizes, size, options.fit)] if options.resize is None and len(set(sizes)) > 1 else []
    made = replace(options, resize=size, channels=kind)
    return Settled(made, np.dtype(depth)), [*chosen, *_notes(told, made, told_size=not chosen)]


def _numbers(parts: Mapping[str, Sequence[Source]]) -> dict[str, range]:
    """Of each part, the numbers of its sources among all."""
    found, start = {}, 0
    for name, part in parts.items():
        found[name] = range(start, start + len(part))
        start += len(part)
    return found


def _one_kind(where: str, sources: Sequence[Source], headers: Sequence[Header]) -> str:
    """The word for the channels that all pictures have, rgb for gray and colour. Raises DataError for others."""
    kinds = Counter(names_in(header) for header in headers).most_common()
    if {header.channels for header in headers} == {"gray", "rgb"}:
        return "rgb"
    if len(kinds) > 1:
        (first, many), (second, few) = kinds[:2]
        one, other = (next(source.path for source, header in zip(sources, headers, strict=True)
                           if names_in(header) == names) for names in (first, second))
        raise DataError(f"{where}: all pictures must have the same channels, but {one} has {', '.join(first)} ({many} "
                        f"of {len(headers)}) and {other} {', '.join(second)} ({few}). Name those that all have with "
                        "--channels.")
    return word_of(kinds[0][0])


def _refuse_unfit(source: Source, names: Sequence[str], word: str) -> None:
    """Raise ArgumentError for channels that no picture has, DataError for colours that cannot be made of these."""
    refuse_unknown(names, word)
    try:
        arranged(np.empty((0, len(names)), np.uint8), names, word)
    except DataError as fault:
        raise DataError(f"{source.where}: {fault}") from None


def _one_depth(where: str, sources: Sequence[Source], depths: Sequence[str]) -> str:
    """The depth all pictures share. Raises DataError with one picture of each of two depths, and their numbers."""
    counts = Counter(depths).most_common()
    if len(counts) > 1:
        (first, many), (second, few) = counts[0], counts[1]
        one, other = sources[depths.index(first)].path, sources[depths.index(second)].path
        raise DataError(f"{where}: all pictures must have one depth, but {one} is {first} ({many} of {len(depths)}) "
                        f"and {other} is {second} ({few}). Save all pictures with the same number of bits.")
    return counts[0][0]


def _notes(headers: Sequence[Header], options: Options, *, told_size: bool) -> list[str]:
    kind, size = options.channels, options.resize or (0, 0)
    transparent = "alpha channel dropped" if options.alpha == "drop" else "alpha put over white"
    converted = Counter(header.converted for header in headers if header.converted)
    how = "" if options.fit == "stretch" else f" ({options.fit})"
    counts = {
        transparent: sum(header.transparent for header in headers),
        "palette turned into colours": sum(header.palette for header in headers),
        **{words if " " in words else f"{words} made rgb": count for words, count in converted.items()},
        "turned upright as EXIF says": sum(header.turned for header in headers),
        f"gray made {kind}": sum(header.channels == "gray" != kind for header in headers),
        f"colour made {kind}": sum(header.channels == "rgb" != kind for header in headers),
        f"channels made {kind}": sum(header.channels == "named" and kind in CHANNELS for header in headers),
        f"resized to {size[0]}x{size[1]}{how}":
            sum((header.height, header.width) != size for header in headers) * told_size,
    }
    return [f"{what}: {in_number(count)}" for what, count in counts.items() if count]
