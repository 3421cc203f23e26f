"""Legal values: a rule about an argument, written once, as data.

A rule checks a value, brings it to its one stored form, says in words what it wants, and knows values that it
must refuse; messages, documentation and the bad-value tests are all made from it.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol


class Illegal(Exception):
    """A value that a rule refuses; `Spec` turns it into an ArgumentError that names the owner."""

    def __init__(self, remedy: str = "") -> None:
        super().__init__(remedy)
        self.remedy = remedy


class Rule(Protocol):
    """What every rule offers."""

    @property
    def wanted(self) -> str:
        """The legal values in words, as they follow `must be`."""

    @property
    def bad(self) -> tuple[Any, ...]:
        """Values that must be refused."""

    def check(self, value: Any) -> Any:
        """Return the value in its stored form, or raise Illegal."""


def legal(
    rule: Rule, default: Any = dataclasses.MISSING, *, by_keyword: bool = False, printed: bool = True,
    later: bool = False,
) -> Any:  # fmt: skip
    """A dataclass field with its rule; `by_keyword`: no place among the positional arguments; `printed`: in repr.

    `later`: older files lack it, so it is not written while at its default.
    """
    metadata = {"rule": rule, "later": later}
    return dataclasses.field(default=default, metadata=metadata, kw_only=by_keyword, repr=printed)


def as_integer(value: Any) -> int:
    """An integer of any integer type, but neither a bool nor a float."""
    if isinstance(value, bool):
        raise Illegal
    try:
        return operator.index(value)
    except TypeError:
        raise Illegal from None


@dataclass(frozen=True)
class Text:
    """A word that is not empty."""

    wanted: str = "a word"
    bad: tuple[Any, ...] = ("", 7, None)

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise Illegal
        return value


@dataclass(frozen=True)
class Texts:
    """Words, any number of them."""

    wanted: str = "a tuple of words"
    bad: tuple[Any, ...] = ("bias", 7, (1,), ("",), None)

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Illegal
        return tuple(map(Text().check, value))


@dataclass(frozen=True)
class Integer:
    """A whole number, at least `minimum`."""

    minimum: int

    @property
    def wanted(self) -> str:
        return f"an integer >= {self.minimum}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (self.minimum - 1, 1.5, "3", None, True)

    def check(self, value: Any) -> int:
        number = as_integer(value)
        if number < self.minimum:
            raise Illegal
        return number


@dataclass(frozen=True)
class Real:
    """A finite number in an interval; `open_low` and `open_high` leave out the ends."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    @property
    def wanted(self) -> str:
        if self.low == -math.inf and self.high == math.inf:
            return "a finite number"
        low = f"{'>' if self.open_low else '>='} {self.low:g}" if self.low > -math.inf else ""
        high = f"{'<' if self.open_high else '<='} {self.high:g}" if self.high < math.inf else ""
        return "a number " + " and ".join(part for part in (low, high) if part)

    @property
    def bad(self) -> tuple[Any, ...]:
        ends: list[Any] = [math.nan, math.inf, "0.5", True]
        if self.low > -math.inf:
            ends.append(self.low if self.open_low else self.low - 1)
        if self.high < math.inf:
            ends.append(self.high if self.open_high else self.high + 1)
        return tuple(ends)

    def check(self, value: Any) -> float:
        if isinstance(value, (bool, str)):
            raise Illegal
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise Illegal from None
        low_fits = number > self.low if self.open_low else number >= self.low
        high_fits = number < self.high if self.open_high else number <= self.high
        if not (math.isfinite(number) and low_fits and high_fits):
            raise Illegal
        return number


@dataclass(frozen=True)
class Reals:
    """A finite number, or a tuple of them: one a channel."""

    wanted: str = "a finite number, or a tuple of them, one a channel"
    bad: tuple[Any, ...] = (math.nan, (), (1.0, math.inf), "0.5", True, None)

    def check(self, value: Any) -> float | tuple[float, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return Real().check(value)
        if not value:
            raise Illegal
        return tuple(map(Real().check, value))


@dataclass(frozen=True)
class Rising:
    """A tuple of whole numbers >= 0, each larger than the one before."""

    wanted: str = "a tuple of integers >= 0 that rise"
    bad: tuple[Any, ...] = ((), (3, 3), (5, 2), (-1, 2), (1.5,), "10", 7, None)

    def check(self, value: Any) -> tuple[int, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise Illegal
        found = tuple(map(Integer(0).check, value))
        if any(after <= before for before, after in pairwise(found)):
            raise Illegal
        return found


@dataclass(frozen=True)
class Rates:
    """A tuple of numbers >= 0."""

    wanted: str = "a tuple of numbers >= 0"
    bad: tuple[Any, ...] = ((), (0.1, -0.1), (math.nan,), "0.1", 0.1, None)

    def check(self, value: Any) -> tuple[float, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise Illegal
        return tuple(map(Real(0.0).check, value))


@dataclass(frozen=True)
class Flag:
    """True or False."""

    wanted: str = "True or False"
    bad: tuple[Any, ...] = ("yes", 1, None)

    def check(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if type(value).__name__ in ("bool_", "bool") and value in (True, False):
            return bool(value)
        raise Illegal


@dataclass(frozen=True)
class OneOf:
    """One of a few words, in any case."""

    choices: tuple[Any, ...]
    remedies: tuple[tuple[str, str], ...] = ()

    @property
    def wanted(self) -> str:
        return "one of " + ", ".join(repr(choice) for choice in self.choices)

    @property
    def bad(self) -> tuple[Any, ...]:
        return ("no such word", 7, *(word for word, _ in self.remedies))

    def check(self, value: Any) -> Any:
        word = value.lower() if isinstance(value, str) else value
        if isinstance(word, (str, type(None))) and word in self.choices:
            return word
        raise Illegal(dict(self.remedies).get(word, "") if isinstance(word, str) else "")


@dataclass(frozen=True)
class Optional:
    """None, or what another rule allows."""

    rule: Rule

    @property
    def wanted(self) -> str:
        return f"None or {self.rule.wanted}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return tuple(value for value in self.rule.bad if value is not None)

    def check(self, value: Any) -> Any:
        return None if value is None else self.rule.check(value)


@dataclass(frozen=True)
class Pair:
    """Two whole numbers (rows, columns); one number stands for both."""

    minimum: int = 1

    @property
    def wanted(self) -> str:
        return f"an integer >= {self.minimum} or a pair of them (rows, columns)"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (self.minimum - 1, (self.minimum, self.minimum - 1), (3, 3, 3), 1.5, "3", None)

    def check(self, value: Any) -> tuple[int, int]:
        entries = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value, value)
        if len(entries) != 2:
            raise Illegal
        rows, columns = (Integer(self.minimum).check(entry) for entry in entries)
        return rows, columns


@dataclass(frozen=True)
class Padding:
    """'valid', 'same', or whole numbers of pixels (rows, columns) on each side."""

    wanted: str = "'valid', 'same', or a number of pixels on each side (one integer >= 0 or a pair)"
    bad: tuple[Any, ...] = ("full", -1, (1, -1), 1.5, None)

    def check(self, value: Any) -> str | tuple[int, int]:
        if isinstance(value, str):
            return str(OneOf(("valid", "same")).check(value))
        return Pair(0).check(value)


@dataclass(frozen=True)
class Sides:
    """Pixels to add: one number, (rows, columns), or ((top, bottom), (left, right))."""

    wanted: str = "one integer >= 0, (rows, columns), or ((top, bottom), (left, right))"
    bad: tuple[Any, ...] = (-1, (1, 2, 3), ((1, 2), (3, -1)), "1", None)

    def check(self, value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        entries = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value, value)
        if len(entries) != 2:
            raise Illegal
        rows, columns = (Pair(0).check(entry) for entry in entries)
        return rows, columns


@dataclass(frozen=True)
class Sizes:
    """A shape without the batch axis; `wildcard` is the entry that stands for any size (None or -1)."""

    wildcard: int | None = None

    @property
    def wanted(self) -> str:
        return f"a tuple of integers >= 1, or {self.wildcard} for an axis of any size"

    @property
    def bad(self) -> tuple[Any, ...]:
        return (3, (0, 3), (3, 1.5), "28x28", None)

    def check(self, value: Any) -> tuple[int | None, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Illegal(f"Pass a tuple, e.g. ({value},)." if isinstance(value, int) else "")
        return tuple(entry if entry == self.wildcard else Integer(1).check(entry) for entry in value)
