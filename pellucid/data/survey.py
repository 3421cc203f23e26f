"""The header and the content hash of every picture, read once and remembered by size and time of change.

Cache   <user cache>/files/<sha256 of the place>.json: {"path": [size, stamp, sha256, [header fields]]}; it can always
        be made again, so an unreadable cache is read as empty and one that cannot be written is left unwritten
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.data.header import Header, refuse_large
from pellucid.data.known import cache_folder
from pellucid.data.picture_files import Unreadable, Unsupported
from pellucid.data.planes import header_of, joined
from pellucid.data.sources import Source
from pellucid.errors import FileError
from pellucid.storage.reading import read_bytes

FRESH_NS = 2_000_000_000     # a file changed this recently may change again under the same time stamp: not remembered
VERSION = 3                  # of the header's fields: the cache of another version lies elsewhere

Surveyed = tuple[Header, str]
Fault = Unreadable | Unsupported

_anew: ContextVar[bool] = ContextVar("anew", default=False)
_relied: ContextVar[int] = ContextVar("relied", default=0)


@contextmanager
def reading_anew(wanted: bool = True) -> Iterator[None]:
    """In this block every file is read, whatever is remembered of it."""
    before = _anew.set(wanted)
    try:
        yield
    finally:
        _anew.reset(before)


def relied_on() -> int:
    """Of how many files size and time of change were taken for proof so far, in place of their content."""
    return _relied.get()


def survey(sources: Sequence[Source], *, max_pixels: int) -> list[Surveyed | Fault]:
    """(header, sha256 hex) of each source, in order; what is wrong with it, where it is no picture that can be read."""
    files = [file for source in sources for file in source.planes or (source,)]
    found = iter(_surveyed(files, max_pixels=max_pixels))
    return [_joined(source, [next(found) for _ in source.planes]) if source.planes else next(found)
            for source in sources]


def _joined(source: Source, found: Sequence[Surveyed | Fault]) -> Surveyed | Fault:
    """The same of a picture in several files, from what was found of each."""
    fault = next((one for one in found if isinstance(one, Exception)), None)
    if fault is not None:
        return fault
    told = [one for one in found if isinstance(one, tuple)]
    try:
        header = joined(source, [header for header, _ in told])
    except Unsupported as unfit:
        return unfit
    return header, hashlib.sha256("\n".join(digest for _, digest in told).encode()).hexdigest()


def _surveyed(sources: Sequence[Source], *, max_pixels: int) -> list[Surveyed | Fault]:
    """The same of files."""
    place = _place(sources)
    remembered = _load(place)
    found: dict[str, list[Any]] = dict(remembered)
    result: list[Surveyed | Fault] = []
    for source in sources:
        key = _key(source)
        entry = remembered.get(key)
        try:
            if entry is None or _anew.get() or entry[:2] != [source.size, source.stamp]:
                content = source.read()
                header = header_of(content, source.where, max_pixels=max_pixels)
                entry = [source.size, source.stamp, hashlib.sha256(content).hexdigest(), list(vars(header).values())]
            else:
                _relied.set(_relied.get() + 1)
            header = _remembered(entry[3])
            refuse_large(header, source.where, max_pixels)
        except (Unreadable, Unsupported) as fault:
            result.append(fault)
            continue
        found[key] = entry
        result.append((header, entry[2]))
    if found != remembered:
        _store(place, found)
    return result


def _remembered(fields: Sequence[Any]) -> Header:
    header = Header(*fields)
    return replace(header, names=tuple(header.names))


def _key(source: Source) -> str:
    return str(source.file) if source.offset is None else f"{source.file}:{source.path}:{source.offset}"


def _place(sources: Iterable[Source]) -> Path:
    first = min((os.path.dirname(source.file) for source in sources), default="")
    name = hashlib.sha256(f"{VERSION}\n".encode() + os.fsencode(os.path.realpath(first))).hexdigest()[:32]
    return cache_folder() / "files" / f"{name}.json"


def _load(place: Path) -> dict[str, list[Any]]:
    from pellucid.storage.records.caches import surveyed

    try:
        return surveyed(read_bytes(place))
    except OSError:
        return {}


def _store(place: Path, found: dict[str, list[Any]]) -> None:
    from pellucid.storage.writer import write_bytes

    limit = time.time_ns() - FRESH_NS
    settled = {key: entry for key, entry in found.items() if entry[1] < limit}
    if not settled:
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(place, json.dumps(settled, separators=(",", ":")).encode())
    except (OSError, FileError):
        return
