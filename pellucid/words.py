"""What is read from a word that somebody typed, or that a file holds: a whole number, a path, what else was meant.

Python's own conversions take or raise more than a user means: str.isdigit knows ², int() refuses more than 4300 digits
with an error of its own, and Path.expanduser raises RuntimeError for a user that is not there.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pellucid.errors import UsageError, shown

LARGEST = 999_999_999  # of a whole number that is typed; no setting means more
MOST_DIGITS = 4000  # that int() is given of names, which may be any
CLOSE = 0.6  # how alike two words must be for one to be meant for the other; difflib's default


def whole(text: str, least: int = 0, most: int = LARGEST) -> int | None:
    """The whole number of a word, in digits 0 to 9 with a sign before them; None for any other, and beyond the ends."""
    found = re.fullmatch(r"\s*(-?)0*([0-9]{1,18})\s*", text)
    number = int(found[1] + found[2]) if found else None
    return number if number is not None and least <= number <= most else None


def decimal(text: str) -> float | None:
    """The finite number of a word written with a decimal point; None for any other."""
    word = text.strip()
    if len(word) > 400 or not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", word):
        return None
    value = float(word)
    return value if math.isfinite(value) else None


def user_path(path: str | os.PathLike[str]) -> Path:
    """A path with ~ and ~USER at its beginning replaced; a file of such a name, lying here, is that file.

    Raises UsageError for a user that this machine does not know.
    """
    place = os.path.expanduser(path)
    user = place.partition("/")[0]
    if re.fullmatch(r"~[\w.-]*", user) and not os.path.lexists(place):
        raise UsageError(f"{shown(place)}: there is no user {shown(user[1:])} here, or without a home folder. "
                         "Type the whole path.")  # fmt: skip
    return Path(place)


def hidden(text: str) -> str:
    """An address without its password, fit for messages and files."""
    scheme, mark, rest = text.partition("://")
    user, at, place = rest.rpartition("@")
    name = user.partition(":")[0] + (":***" if ":" in user else "")
    return f"{scheme}{mark}{name}{at}{place}"


def nearest(word: str, known: Iterable[str]) -> str:
    """"Did you mean '...'?" for a mistyped word, nothing where none is near."""
    by_lower = {name.lower(): name for name in known}
    from difflib import get_close_matches

    found = get_close_matches(word.lower()[:100], list(by_lower), 1, CLOSE)
    return f"Did you mean '{by_lower[found[0]]}'?" if found else ""
