"""Where the bytes of a picture lie: a file of its own, or a stretch of a tar; and all the files below one place.

A `Tree` is a folder or a tar seen alike: sources with relative POSIX paths, the folders (empty ones too), and how many
hidden files were left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.data.naming import readable
from pellucid.errors import FileError, escaped
from pellucid.storage.limits import TEXT
from pellucid.storage.reading import open_regular, read_bytes

TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Source:
    """The bytes of one file: all of `file`, or `size` bytes of it (of `unpacked`, if packed) from `offset` on.

    A picture in several files has its channels as `planes`, a source and one of `names` each, and no bytes of its own.
    Of a picture in which one object counts `window` is the part that is taken, left, top, right and bottom in whole
    pixels of the upright picture, which may reach beyond it.
    """

    path: str                                   # relative, POSIX
    file: Path
    size: int
    stamp: int = 0                              # time of the last change, ns
    offset: int | None = None
    unpacked: memoryview | None = field(default=None, repr=False, compare=False)
    planes: tuple[Source, ...] = ()
    names: tuple[str, ...] = ()
    window: tuple[int, int, int, int] | None = None

    @property
    def where(self) -> str:
        """How messages name it: the file, and the member after a colon."""
        file = escaped(readable(str(self.file)))
        return file if self.offset is None else f"{file}:{escaped(self.path)}"

    def read(self) -> bytes | memoryview:
        """The bytes. Raises FileError when the file is gone or cannot be read."""
        if self.unpacked is not None:
            return self.unpacked
        if self.offset is None:
            return read_bytes(self.file)
        TEXT.check(self.size, self.where, what="a file in an archive")
        with open_regular(self.file) as file:
            try:
                file.seek(self.offset)
                return file.read(self.size)
            except OSError as error:
                raise FileError(f"{self.where}: the file cannot be read ({error.strerror or error}).") from error


@dataclass(frozen=True)
class Tree:
    """All files below one place (a folder or a tar)."""

    where: str
    sources: tuple[Source, ...]
    folders: frozenset[str] = frozenset()       # relative POSIX paths, empty folders too
    hidden: int = 0
    unfollowed: frozenset[str] = frozenset()    # those of the folders that are links which are not followed
    remarks: tuple[str, ...] = ()               # what else was left out or read in its own way


def is_tar(name: str) -> bool:
    """Whether a file name ends as those of tars do."""
    return name.lower().endswith(TAR_ENDINGS)


def stem(name: str) -> str:
    """`train` of `train.tar.gz`."""
    return next((name[: -len(end)] for end in sorted(TAR_ENDINGS, key=len, reverse=True) if name.lower().endswith(end)),
                Path(name).stem)


def above(path: str) -> Iterator[str]:
    """The folders a path lies in: `a/b/c.png` -> `a`, `a/b`."""
    return (path[:at] for at, letter in enumerate(path) if letter == "/")


