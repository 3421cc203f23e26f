"""open_dataset: from what the user typed (a name, a folder, a file) to a data set."""

from __future__ import annotations

from pathlib import Path

from pellucid.data.dataset import Dataset
from pellucid.data.digits import open_digits
from pellucid.data.idx import is_idx_folder, open_idx_folder
from pellucid.data.known import KNOWN, find_known
from pellucid.errors import DataError, UsageError


def open_dataset(spec: str, *, data_dir: str | Path | None = None) -> Dataset:
    """Open `digits`, a known name, a folder or a file. Raises UsageError, DataError or FileError, naming the path."""
    if spec == "digits":
        return open_digits()
    path = find_known(spec, data_dir) if spec in KNOWN else Path(spec).expanduser()
    if not path.exists():
        raise UsageError(f"'{spec}' is neither a known data set (digits, {', '.join(KNOWN)}) nor a folder or file "
                         "here. Check the path.")
    if path.is_dir() and is_idx_folder([entry.name for entry in path.iterdir()]):
        return open_idx_folder(path)
    raise DataError(f"{path}: no data set was recognised.")
