"""Data sets known by name, and the places where they are looked for. Nothing is ever downloaded here."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.errors import UsageError
from pellucid.words import user_path

KNOWN = ("mnist", "fashion-mnist", "cifar10", "fruits360-mini", "flowers10")


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again: $XDG_CACHE_HOME/pellucid, or ~/.cache/pellucid.

    A user without a home (no $HOME, no entry among the system's users) keeps nothing.
    """
    home = os.path.expanduser("~")
    kept = os.path.join(home, ".cache") if os.path.isabs(home) else os.devnull  # nothing is below that
    return Path(os.environ.get("XDG_CACHE_HOME") or kept) / "pellucid"


def find_known(name: str, data_dir: str | Path | None = None) -> Path:
    """The folder of a known data set: in `data_dir`, $PELLUCID_DATA, the cache, in this order.

    Raises UsageError that lists the places looked at and what to type.
    """
    places = [data_dir, os.environ.get("PELLUCID_DATA"), cache_folder() / "data"]
    folders = [user_path(place) / name for place in places if place]
    for folder in folders:
        if os.path.isdir(folder):  # Path.is_dir raises where one may not look
            return folder
    looked = ", ".join(str(folder) for folder in folders)
    raise UsageError(f"the data set '{name}' was not found; looked at {looked}. Put its files into one of these "
                     f"folders, or type --data-dir FOLDER where FOLDER/{name} holds them.")
