"""Names in a folder that is held open, so that what is written under them cannot be led elsewhere by a link.

The folder is opened once, then everything happens by its handle: between a look at a name and the writing nobody can
put another folder in its place. Links above are the user's own (/tmp may be one) and are followed; the last name of a
path is never followed, nor any name below a folder that was `enclose`d.
Where the system has no handles of folders (Windows) the names are looked at just before they are used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import FileError, shown

HANDLES = {os.open, os.rename, os.unlink, os.mkdir, os.stat} <= os.supports_dir_fd
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)

_enclosed: dict[str, Path] = {}  # by the absolute name, as the user named it


@dataclass(frozen=True)
class Entry:
    """A name in a folder; `folder` is the handle, None where there are none, and `path` what messages say."""

    path: Path
    folder: int | None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name

    @property
    def parent(self) -> Path:
        """The folder as messages say it."""
        return self.path.parent

    @property
    def reach(self) -> str | Path:
        """What the system is asked for, together with the handle."""
        return self.path if self.folder is None else self.name

    def beside(self, name: str) -> Entry:
        """Another name in the same folder."""
        return Entry(self.path.with_name(name), self.folder)

    def look(self) -> os.stat_result | None:
        """What is there, links not followed; None for nothing."""
        try:
            return os.stat(self.reach, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def refuse_unplain(self) -> None:
        """Raise FileError when a link, a pipe, a socket or a device is in the place of a file."""
        found = self.look()
        if found is None or stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            return
        if stat.S_ISLNK(found.st_mode):
            raise link_refused(self.path)
        raise FileError(f"{self.path} cannot be written: it is a pipe, a socket or a device. Remove it, or choose "
                        "another name.")  # fmt: skip


def link_refused(path: Path) -> FileError:
    """The error for a link where a file or a folder is to be written."""
    return FileError(f"{shown(path, 200)} is a link, and what is written must not leave its folder. Remove the link, "
                     "or give the name of what it leads to.")  # fmt: skip


def enclose(folder: str | os.PathLike[str]) -> None:
    """From now on this process follows no link below `folder` when it writes, be it to a folder or to a file."""
    path = Path(os.getcwd(), folder)
    _enclosed[os.path.normpath(path)] = path


def enclosing(path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """The outermost enclosed folder above `path`, as the user named it, and the names from there to `path`."""
    parts = Path(os.path.normpath(Path(os.getcwd(), path))).parts
    for count in range(1, len(parts)):
        root = _enclosed.get(str(Path(*parts[:count])))
        if root is not None:
            return root, parts[count:]
    return None


@contextmanager
def held(path: Path) -> Iterator[Entry]:
    """`path` in its folder, which stays open for the block. Raises OSError, or FileError for a link below an enclosed
    folder."""
    found = enclosing(path)
    root, names = (path.parent, ()) if found is None else (found[0], found[1][:-1])
    if not HANDLES:
        refuse_links(root, names)
        yield Entry(path, None)
        return
    handle = os.open(root, FOLDER)
    try:
        for count, name in enumerate(names, start=1):
            handle = _inner(handle, name, root.joinpath(*names[:count]))
        yield Entry(path, handle)
    finally:
        os.close(handle)


def _inner(handle: int, name: str, path: Path) -> int:
    """The handle of a folder in a folder, in exchange for that of the outer one."""
    try:
        inner = os.open(name, FOLDER | NO_FOLLOW, dir_fd=handle)
    except OSError:
        found = Entry(path, handle).look()
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise link_refused(path) from None
        raise
    os.close(handle)
    return inner


def refuse_links(root: Path, names: tuple[str, ...]) -> None:
    """Raise FileError when one of the names below `root` is a link, one within the other."""
    for name in names:
        root = root / name
        if root.is_symlink():
            raise link_refused(root)


def refuse_unplain_entries(folder: Path) -> None:
    """Raise FileError that names the first entry of a folder which is neither a plain file nor a plain folder."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda found: found.name):
            path = folder / entry.name
            if entry.is_symlink():
                raise FileError(f"{shown(path, 200)} is a link, and a run folder must hold its files itself. Remove "
                                "it, or put what it leads to in its place.")  # fmt: skip
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                raise FileError(f"{shown(path, 200)} is a pipe, a socket or a device, and a run folder holds plain "
                                "files. Remove it.")  # fmt: skip
