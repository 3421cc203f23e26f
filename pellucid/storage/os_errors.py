"""What the operating system refused, in words: one sentence that names the file, the reason and the remedy."""

from __future__ import annotations

import errno
from pathlib import Path

from pellucid.errors import LONG, FileError, shown

WRITING = {
    errno.EACCES: "permission denied. Give yourself write permission on {folder}, or choose another folder",
    errno.EPERM: "permission denied. Give yourself write permission on {folder}, or choose another folder",
    errno.EROFS: "its file system is read-only. Choose a folder on another disk",
    errno.ENOSPC: "the disk is full. Free some space, or choose a folder on another disk",
    errno.EDQUOT: "your disk quota is used up. Free some space, or choose a folder on another disk",
    errno.EFBIG: "files may not be that large here. Raise the limit (ulimit -f), or choose a folder on another disk",
    errno.ENOENT: "its folder does not exist. Make it with: mkdir -p {folder}",
    errno.ENOTDIR: "a part of its path is a file, not a folder. Choose another folder",
    errno.EEXIST: "a file of that name is in the way. Choose another name",
    errno.EISDIR: "it is a folder. Give the name of a file",
    errno.ENAMETOOLONG: "its name is too long for the file system. Choose a shorter one",
}
READING = {
    errno.EACCES: "permission denied. Give yourself read permission on it",
    errno.EPERM: "permission denied. Give yourself read permission on it",
    errno.ENOENT: "it does not exist. Check the path",
    errno.ENOTDIR: "a part of its path is a file, not a folder. Check the path",
    errno.EISDIR: "it is a folder. Give the name of a file",
}


def not_written(path: Path, error: OSError) -> FileError:
    """The error to raise when `path` could not be written; an older file of that name is untouched."""
    return FileError(f"{shown(path, LONG)} cannot be written: {_reason(WRITING, path, error)}.")


def not_read(path: Path, error: OSError) -> FileError:
    """The error to raise when `path` could not be read."""
    return FileError(f"{shown(path, LONG)} cannot be read: {_reason(READING, path, error)}.")


def _reason(table: dict[int, str], path: Path, error: OSError) -> str:
    text = table.get(error.errno or 0, f"{error.strerror or error}. Check the disk, or choose another folder")
    return text.format(folder=shown(path.parent, LONG))
