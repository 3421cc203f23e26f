"""All files below a folder: links to files and to other folders are followed, what systems leave behind is not.

A link to a folder above the one it stands in would never end, one to a folder of the same data set would count its
pictures twice: neither is followed, and a note names them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pellucid.data.hidden import is_hidden, is_hidden_word, is_system_folder
from pellucid.data.naming import readable, readable_names
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, FileError, escaped, shown
from pellucid.storage.limits import ENTRIES, LEVELS

MOST_LINKS = 16                 # to one and the same folder
Entered = tuple[str, ...]       # the real paths of the folder and of what links led to, on the way to a place


@dataclass
class _Found:
    """What a walk has gathered so far."""

    files: list[Source] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    hidden: int = 0
    system: set[str] = field(default_factory=set)
    circles: list[str] = field(default_factory=list)        # links to a folder above, or to one of the data set
    linked: Counter[str] = field(default_factory=Counter)   # how often a folder was reached by a link


def scan_folder(folder: Path) -> Tree:
    """All files below `folder`, sorted by path. Raises FileError for a folder that cannot be listed."""
    found = _Found()
    pending: list[tuple[str, str, Entered]] = [(str(folder), "", (os.path.realpath(folder),))]
    while pending:
        place, prefix, entered = pending.pop()
        LEVELS.check(prefix.count("/"), shown(place, 200))
        for entry in _entries(place):
            if is_hidden_word(entry.name):
                _count_hidden(entry, found)
                continue
            path = prefix + entry.name
            if not _is_folder(entry):
                found.files.append(file_source(path, Path(entry.path)))
                if len(found.files) % 4096 == 0:
                    ENTRIES.check(len(found.files), folder)
                continue
            inside = entered if not entry.is_symlink() else _through_link(entry, path, entered, found)
            if inside is not None:
                found.folders.add(path)
                pending.append((entry.path, path + "/", inside))
    names = readable_names([source.path for source in found.files])
    latin = [name for name, source in zip(names, found.files, strict=True) if name != source.path]
    files = [source if name == source.path else replace(source, path=name)
             for name, source in zip(names, found.files, strict=True)]
    return Tree(escaped(readable(str(folder))), tuple(sorted(files, key=lambda source: source.path)),
                frozenset(map(readable, found.folders)), found.hidden, frozenset(map(readable, found.circles)),
                tuple(_remarks(found, latin)))


def file_source(path: str, file: Path) -> Source:
    """One file as a source. Raises FileError for a link that leads nowhere."""
    try:
        status = file.stat()
    except OSError as error:
        raise FileError(f"{shown(file, 200)}: the file cannot be read ({error.strerror}). "
                        "Repair or remove the link.") from error
    return Source(path, file, status.st_size, status.st_mtime_ns)


def _entries(place: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            yield from entries
    except OSError as error:
        raise FileError(f"{shown(place, 200)}: the folder cannot be read ({error.strerror}).") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: told when it is looked at as a file
        return False


def _through_link(entry: os.DirEntry[str], path: str, entered: Entered, found: _Found) -> Entered | None:
    """The folders entered once a linked one is; None when it is not to be entered."""
    target = os.path.realpath(entry.path)
    for place in entered:
        if _lies_in(place, target):
            found.circles.append(path)
            return None
        if _lies_in(target, place) and not is_hidden(os.path.relpath(target, place).replace(os.sep, "/")):
            found.circles.append(path)
            found.folders.add(path)             # a class folder that is such a link is told to be empty
            return None
    found.linked[target] += 1
    if found.linked[target] > MOST_LINKS:
        raise DataError(f"{shown(entry.path, 200)}: more than {MOST_LINKS} links lead to the folder "
                        f"{shown(target, 200)}. Remove links, or copy the pictures.")
    return (*entered, target)


def _lies_in(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)


def _count_hidden(entry: os.DirEntry[str], found: _Found) -> None:
    """Count what lies in a hidden place; nothing there is opened, and what may not be listed is passed over."""
    if is_system_folder(entry.name):
        found.system.add(entry.name)
    if entry.is_dir(follow_symlinks=False):
        found.hidden += _count_below(entry.path)
    elif not _is_folder(entry):
        found.hidden += 1


def _count_below(place: str) -> int:
    """How many files lie below a folder, to the depth and the number that a data set may have."""
    count, pending = 0, [(place, 0)]
    while pending and count < ENTRIES.now:
        inner, level = pending.pop()
        with suppress(OSError), os.scandir(inner) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    count += 1
                elif level < LEVELS.now:
                    pending.append((entry.path, level + 1))
    return count


def _remarks(found: _Found, latin: list[str]) -> Iterator[str]:
    if found.system:
        yield f"hidden system folders left out: {', '.join(sorted(found.system))}"
    for what, paths in (("links to folders above or inside, not followed", found.circles),
                        ("names that are not UTF-8, read as Latin-1", latin)):
        if paths:
            yield f"{what}: {len(paths):,} ({', '.join(map(shown, sorted(paths)[:3]))}{', ...' * (len(paths) > 3)})"
