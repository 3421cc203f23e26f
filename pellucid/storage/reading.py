"""Reading plain files, with errors that name the file and the remedy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.storage.os_errors import not_read


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file. Raises FileError when it is missing, a folder, or may not be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise not_read(Path(path), error) from error


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a UTF-8 file, line ends as they are. Raises FileError, also when it is not UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig")  # some editors put a mark before the first letter
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def read_json(path: str | os.PathLike[str]) -> Any:
    """The value in a JSON file. Raises FileError, which names the line, when it is broken."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        else:
            place = str(error)
        raise FileError(f"{path} is not valid JSON ({place}). Mend it or write it again.") from error
