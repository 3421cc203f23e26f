"""Reading files that users name: regular files only, never more than a bound, with errors that name file and remedy.

All reading of a user's file begins with `open_regular`: pipes, sockets and devices are refused before they are opened,
so that nothing hangs and nothing is endless. Bounds stand in storage/limits.py.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

from pellucid.errors import LONG, FileError, shown
from pellucid.storage.limits import LEVELS, TEXT, VALUES, Limit
from pellucid.storage.os_errors import not_read

LONGEST_NUMBER = 40  # digits of a whole number: those of 128 bits, as a generator's state has
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # the escape of half a letter; halves that belong together are one
BLOCK = 1 << 20  # bytes read together
KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def kind_of(mode: int) -> str | None:
    """What a file is that is neither regular nor a folder, in words; None for those two."""
    return next((word for test, word in KINDS if test(mode)), None)


def refuse_irregular(path: str | os.PathLike[str], mode: int) -> None:
    """Raise FileError for what is neither a regular file nor a folder."""
    kind = kind_of(mode)
    if kind is not None:
        linked = "a link to " if os.path.islink(path) else ""
        raise FileError(f"{shown(path, LONG)} is {linked}{kind}, and only regular files are read. Remove it, or give a "
                        "regular file.")


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """The file, open to read bytes. Raises FileError when it is missing, no regular file, or may not be read."""
    try:
        refuse_irregular(path, os.stat(path).st_mode)  # opening a device may do something already
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
        try:
            refuse_irregular(path, os.fstat(handle).st_mode)  # it may have been exchanged since
            return open(handle, "rb")
        except BaseException:
            os.close(handle)
            raise
    except FileError:
        raise
    except ValueError as error:  # a NUL byte in the name
        raise FileError(f"{shown(path, LONG)} cannot be read: {error}. Check the path.") from error
    except OSError as error:
        raise not_read(Path(path), error) from error


def read_bytes(path: str | os.PathLike[str], *, most: int | None = None, limit: Limit = TEXT) -> bytes:
    """The bytes of a file, at most `most` (None: as `limit` says).

    Raises FileError when it is longer, missing, a folder, no regular file, or may not be read.
    """
    bound = limit.now if most is None else most
    with open_regular(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            content = file.read(bound + 1) if size <= bound else b""
        except OSError as error:
            raise not_read(Path(path), error) from error
    if size > bound or len(content) > bound:
        got = max(size, len(content))
        if most is None:
            raise limit.beyond(path, f"{got:,}")
        raise FileError(f"{shown(path, LONG)} is {got:,} bytes long, and {bound:,} is the most that is read of such a "
                        "file. Check that it is the file you mean.")
    return content


def read_start(path: str | os.PathLike[str], length: int) -> bytes:
    """The first bytes of a file, at most `length`. Raises FileError as `open_regular` does."""
    with open_regular(path) as file:
        try:
            return file.read(length)
        except OSError as error:
            raise not_read(Path(path), error) from error


def read_text(path: str | os.PathLike[str], *, most: int | None = None) -> str:
    """The text of a UTF-8 file, line ends as they are. Raises FileError, also when it is not UTF-8."""
    content = read_bytes(path, most=most)
    if 0 in content[:BLOCK]:
        raise FileError(f"{shown(path, LONG)} is not UTF-8 text (byte {content.index(0)} is NUL). Save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")  # some editors put a mark before the first letter
    except UnicodeDecodeError as error:
        raise FileError(f"{shown(path, LONG)} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def read_json(path: str | os.PathLike[str], *, most: int | None = None) -> Any:
    """The value in a JSON file. Raises FileError, which names the line, when it is broken, too deep or too long."""
    try:
        return parse_json(read_text(path, most=most), path, half_letters="surrogateescape")
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        else:
            place = str(error)
        raise FileError(f"{shown(path, LONG)} is not valid JSON ({place}). Mend it or write it again.") from error


def parse_json(text: str, where: object, *, half_letters: str = "strict") -> Any:
    """The value of a JSON text, bounded in nesting and in how many values it holds before any is made.

    Raises FileError beyond the bounds and ValueError or RecursionError, as `json` does, for what is no JSON: NaN,
    infinite and gigantic numbers, a key that comes twice and halves of letters are none. With `half_letters`
    "surrogateescape" those may stand that Python puts for a byte of a path which is no UTF-8, as config.json has them.
    """
    opened = text.count("[") + text.count("{")
    VALUES.check(opened + text.count(","), where)
    value = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole, object_pairs_hook=_once)
    if SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode(errors=half_letters)  # UnicodeEncodeError, a ValueError
    if opened > LEVELS.now and depth(value) > LEVELS.now:
        raise LEVELS.beyond(where, "deeper", what="nested JSON")
    return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice in one object")
    return found


def depth(value: Any) -> int:
    """How many lists and dictionaries lie within each other."""
    deepest, layer = 0, [value]
    while layer := [entry for entry in layer if isinstance(entry, (dict, list))]:
        deepest += 1
        layer = [inner for entry in layer for inner in (entry.values() if isinstance(entry, dict) else entry)]
    return deepest


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file of any length, read a block at a time. Raises FileError as `open_regular` does."""
    with open_regular(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise not_read(Path(path), error) from error


def stored_bytes(file: BufferedReader) -> int:
    """Bytes that a file really takes on its disk, at most its size: a sparse file takes few."""
    status = os.fstat(file.fileno())
    taken = getattr(status, "st_blocks", 0) * 512
    return min(status.st_size, taken) if taken else status.st_size  # some file systems do not tell
