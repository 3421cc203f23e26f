"""get_file as far as it goes without a network: a file that is here already, or was put where Keras keeps its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pellucid.errors import ArgumentError, DataError


def get_file(
    fname: str | None = None, origin: str | None = None, untar: bool = False, md5_hash: Any = None,
    file_hash: Any = None, cache_subdir: str = "datasets", hash_algorithm: str = "auto", extract: bool = False,
    archive_format: str = "auto", cache_dir: str | None = None, force_download: bool = False,
) -> str:  # fmt: skip
    """The path of a file: `origin` where it is a path or file:// address, else the one kept under ~/.keras.

    Nothing is fetched: raises DataError that says where to put it. Archives are not unpacked: Pellucid reads them.
    """
    if origin is None:
        raise ArgumentError("get_file: origin must be given: a path, or the address to tell where the file is from.")
    local = Path(origin.removeprefix("file://"))
    if local.exists():
        return str(local)
    home = Path(cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    kept = home / cache_subdir / (fname or Path(origin).name)
    if kept.exists():
        return str(kept)
    raise DataError(f"get_file: nothing is fetched from the network. Download {origin} to {kept}, and type it again.")
