"""A file that only grows, such as a log that another program reads along."""

from __future__ import annotations

import os


def appending(path: str) -> int:
    """The descriptor of a file opened to add to, made where it is not there; raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
