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
from pathlib import Path
from typing import Any

from pellucid.data.decoding import Header, read_header, refuse_large
from pellucid.data.known import cache_folder
from pellucid.data.picture_files import Unreadable, Unsupported
from pellucid.data.sources import Source
from pellucid.errors import FileError
from pellucid.storage.reading import read_bytes

FRESH_NS = 2_000_000_000     # a file changed this recently may change again under the same time stamp: not remembered
VERSION = 2                  # of the header's fields: the cache of another version lies elsewhere

Surveyed = tuple[Header, str]

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


def survey(sources: Sequence[Source], *, max_pixels: int) -> list[Surveyed | Unreadable | Unsupported]:
    """(header, sha256 hex) of each source, in order; what is wrong with it, where it is no picture that can be read."""
    place = _place(sources)
    remembered = _load(place)
    found: dict[str, list[Any]] = dict(remembered)
    result: list[Surveyed | Unreadable | Unsupported] = []
    for source in sources:
        key = _key(source)
        entry = remembered.get(key)
        try:
            if entry is None or _anew.get() or entry[:2] != [source.size, source.stamp]:
                content = source.read()
                header = read_header(content, source.where, max_pixels=max_pixels)
                entry = [source.size, source.stamp, hashlib.sha256(content).hexdigest(), list(vars(header).values())]
            else:
                _relied.set(_relied.get() + 1)
            header = Header(*entry[3])
            refuse_large(header, source.where, max_pixels)
        except (Unreadable, Unsupported) as fault:
            result.append(fault)
            continue
        found[key] = entry
        result.append((header, entry[2]))
    if found != remembered:
        _store(place, found)
    return result


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
