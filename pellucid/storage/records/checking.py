"""Holding a value that came from a file against its description, and saying in one sentence what does not fit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pellucid.errors import FileError, PellucidError, shown

LARGEST = 1.7976931348623157e308  # of float64: what is beyond is infinite
Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Meta(ge=0, le=2**53)]  # what a float still counts one by one
Positive = Annotated[int, Meta(ge=1, le=2**53)]
Word = Annotated[str, Meta(min_length=1, max_length=1024)]


def checked(value: Any, kind: Any, where: str | os.PathLike[str], remedy: str) -> Any:
    """`value` itself, found to be of `kind`; keys that the description does not know are left alone.

    Raises FileError that names the file, the place in it, what was wanted and what came.
    """
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as fault:
        wanted, _, place = str(fault).partition(" - at ")
        at = f" at {shown(place.strip('`'))}" if place else ""
        raise FileError(f"{os.fspath(where)} is damaged: {shown(wanted, 160).rstrip('.')}{at}. {remedy}.") from None
    return value


@contextmanager
def rebuilt(where: str | os.PathLike[str], remedy: str) -> Iterator[None]:
    """Name the file in what a block says that makes objects from its record; whatever goes wrong is the record's."""
    path = os.fspath(where)
    try:
        yield
    except MemoryError:
        raise
    except PellucidError as fault:
        said = str(fault)
        raise FileError(said if said.startswith(path) else f"{path}: {said}") from None
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError,
            AssertionError) as fault:
        said = shown(fault, 160).rstrip(".")
        raise FileError(f"{path} is damaged: its record makes no sense ({said}). {remedy}.") from None
