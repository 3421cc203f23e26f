"""Which files a job may name: those in the spool's `files`, and in folders that the worker was told of; no others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pellucid.data.known import KNOWN
from pellucid.errors import DataError, FileError, UsageError, shown

EMBEDDED = ("digits", *KNOWN)


@dataclass(frozen=True)
class Places:
    """The folder that names are meant in, and those that may be named by their whole path as well."""

    files: Path
    allowed: tuple[Path, ...] = ()

    @classmethod
    def of(cls, files: Path, allowed: list[str]) -> Places:
        """Raises UsageError for an allowed folder that is not there."""
        for word in allowed:
            if not os.path.isdir(word):
                raise UsageError(f"work: --allow wants a folder, but {shown(word, 200)} is none. Check the path.")
        return cls(files, tuple(Path(os.path.realpath(word)) for word in allowed))

    def file(self, name: str) -> str:
        """The path of a picture that a job names.

        Raises DataError for one elsewhere, a link included, and FileError for one that is not there.
        """
        roots = (Path(os.path.realpath(self.files)), *self.allowed)
        if "\0" in name:
            raise DataError(f"{shown(name)} is no name of a file: it has a NUL byte.")
        path = Path(os.path.normpath(roots[0] / name))
        root = next((root for root in roots if path == root or root in path.parents), None)
        if root is None or ".." in Path(name).parts:
            raise DataError(f"{shown(name, 200)} is outside the folders that jobs may name: files/ of the spool"
                            f"{''.join(f', {each}' for each in self.allowed)}. Put the file there, or start the worker "
                            "with --allow FOLDER.")
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            real = path
        if real != path:
            raise DataError(f"{shown(name, 200)} is reached through a link, and jobs may name none. Copy the file.")
        if not os.path.lexists(path):
            raise FileError(f"{shown(name, 200)} does not exist in {shown(root.name)}/. Put the file there before the "
                            "job.")
        return str(path)

    def data(self, name: str) -> str:
        """A data set that a job names: a known name, or a folder or file without a link below it. Raises as `file`."""
        if name in EMBEDDED:
            return name
        path = self.file(name)
        refuse_links_below(Path(path), name)
        return path


def refuse_links_below(path: Path, name: str) -> None:
    """Raise DataError for the first link in a folder: readers of data follow them."""
    pending = [path] if path.is_dir() else []
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise DataError(f"{shown(name, 200)} holds the link {shown(entry.name)}, and data of jobs may hold "
                                    "none. Put what it leads to in its place.")
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
