"""Endings of picture files that are not read, each with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pellucid.data.picture_files import EXTENSIONS

ARRAY = ".npy"
AS_PNG = "save them as PNG or JPEG"
DEVELOP = "develop them to TIFF, PNG or JPEG"
OTHER_KINDS = {
    ".hif": "name them .heif, and type pip install 'pellucid[heic]'",
    **dict.fromkeys((".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"),
                    DEVELOP),
    **dict.fromkeys((".svg", ".psd", ".xcf", ".ai", ".eps", ".ps", ".pdf", ".cdr"), "export them as PNG"),
    **dict.fromkeys((".dcm", ".dicom", ".nii", ".czi", ".nd2", ".lif", ".svs", ".ndpi"), "export them as TIFF or PNG"),
    **dict.fromkeys((".jxl", ".jxr", ".ico", ".icns", ".pcx", ".dds",
                     ".exr", ".hdr", ".apng", ".emf", ".wmf"), AS_PNG),
}  # fmt: skip


def ending(path: str) -> str:
    """The ending of a file name in small letters, with its dot: as `posixpath.splitext`, in half its time."""
    stem, dot, end = path.rpartition("/")[2].rpartition(".")
    return dot + end.lower() if stem.strip(".") else ""


def is_picture(path: str) -> bool:
    """Whether a file name ends as those of pictures that are read do."""
    return (end := ending(path)) in EXTENSIONS or end == ARRAY


def is_unread_picture(path: str) -> bool:
    """Whether a file name ends as those of pictures that are not read do."""
    return ending(path) in OTHER_KINDS and not is_picture(path)


def unread_kinds(paths: Iterable[str]) -> str:
    """How many pictures of which kind are not read, and what to do: `3 .avif (save them as PNG or JPEG)`; or empty."""
    counts = Counter(ending(path) for path in paths if is_unread_picture(path))
    return ", ".join(f"{count:,} {kind} ({OTHER_KINDS[kind]})" for kind, count in counts.most_common(5))
