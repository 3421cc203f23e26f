"""Arguments of public calls: unknown, missing or too many of them, and values of a wrong kind, become sentences."""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from pellucid.errors import ArgumentError, describe, shown
from pellucid.words import nearest

P = ParamSpec("P")
R = TypeVar("R")


def spoken(function: Callable[P, R]) -> Callable[P, R]:
    """The function, or a class's __init__, with a sentence instead of a TypeError for arguments it does not take."""
    signature = inspect.signature(function)
    constructs = function.__name__ == "__init__"

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except TypeError:
            fault = fault_of(args, kwargs)
            if fault is None:
                raise
            where = type(args[0]).__name__ if constructs else function.__name__
            known = [name for name, p in signature.parameters.items() if name != "self" and p.kind is not p.VAR_KEYWORD]
            unknown = next((word for word in kwargs if word not in known), None)
            remedy = "" if unknown is None else nearest(unknown, known)
            text = f"{where}: {shown(fault)}. Its arguments are: {', '.join(known)}."
            raise ArgumentError(f"{text} {remedy}".rstrip()) from None

    def fault_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TypeError | None:
        """What is wrong with the arguments themselves; None for a TypeError of the work that they were taken for."""
        try:
            signature.bind(*args, **kwargs)
        except TypeError as fault:
            return fault
        return None

    return checked


def whole(where: str, argument: str, value: Any, least: int) -> int:
    """A whole number >= least; raises ArgumentError otherwise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        remedy = ""
        if isinstance(value, (float, np.floating)) and math.isfinite(value) and value >= least:
            remedy = f"Pass {argument}={max(int(value), least)}, or divide with // instead of /."
        raise ArgumentError(describe(where, argument, f"an integer >= {least}", shown(repr(value)), remedy))
    return int(value)


def whole_or_none(where: str, argument: str, value: Any, least: int = 1) -> int | None:
    """A whole number >= least, or None."""
    return None if value is None else whole(where, argument, value, least)


def real(where: str, argument: str, value: Any, *, low: float = -math.inf, finite: bool = True) -> float:
    """A number >= low, a finite one unless said otherwise; raises ArgumentError for anything else."""
    plain = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not plain or (finite and not abs(value) <= sys.float_info.max) or value < low:  # integers go beyond floats
        wanted = f"a {'finite ' if finite else ''}number" if low == -math.inf else f"a number >= {low:g}"
        raise ArgumentError(describe(where, argument, wanted, shown(repr(value))))
    return float(value)


def flag(where: str, argument: str, value: Any) -> bool:
    """True or False, also as 1 or 0; raises ArgumentError otherwise."""
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise ArgumentError(describe(where, argument, "True or False", shown(repr(value))))


def one_of(where: str, argument: str, value: Any, choices: Sequence[Any], wanted: str) -> Any:
    """One of a few words or flags; raises ArgumentError, in the words of `wanted`, for anything else."""
    if isinstance(value, (str, bool, int)) and value in choices:
        return value
    raise ArgumentError(describe(where, argument, wanted, shown(repr(value))))


def word(where: str, argument: str, value: Any) -> str:
    """A text that is not empty; raises ArgumentError otherwise."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(describe(where, argument, "a word", shown(repr(value))))
    return value
