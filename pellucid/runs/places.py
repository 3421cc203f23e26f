"""Where a run may lie: beside its data, never within them, nor they within it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pellucid.data.known import KNOWN, find_known
from pellucid.errors import UsageError, shown
from pellucid.words import user_path


def refuse_among_data(command: str, out: str | os.PathLike[str], data: str, data_dir: str | None) -> None:
    """Raise UsageError when `out` is the data, lies in their folder, or holds it; links are looked through."""
    found, place = place_of(data, data_dir), Path(os.path.realpath(out))
    if found is None:
        return
    if same(place, found):
        raise UsageError(f"{command}: --out {shown(out, 200)} is the data itself. Choose another --out.")
    if found.is_dir() and any(same(above, found) for above in place.parents):
        raise UsageError(f"{command}: {shown(out, 200)} lies in the data folder {shown(data, 200)}, whose pictures it "
                         "would become one of. Choose an --out elsewhere.")  # fmt: skip
    if found.is_dir() and any(same(above, place) for above in found.parents):
        raise UsageError(f"{command}: --out {shown(out, 200)} holds the data folder {shown(data, 200)}. Choose a "
                         "folder of its own for it with --out.")  # fmt: skip


def place_of(data: str, data_dir: str | None) -> Path | None:
    """The folder or file that data lie in, links resolved; None for those that come with Pellucid or are not there."""
    path = user_path(data)
    if data in KNOWN:
        with suppress(UsageError):  # it is told when they are read
            path = find_known(data, data_dir)
    return Path(os.path.realpath(path)) if data != "digits" and path.exists() else None


def same(one: Path, other: Path) -> bool:
    """Whether two paths are one place, by whatever names the file system knows it."""
    with suppress(OSError):
        return os.path.samefile(one, other)
    return one == other
