"""Rules about numbers that lie in a graph itself: constants, axes, places of a slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.spec.legal import Illegal, Integer, Real, as_integer

Constant = float | tuple[Any, ...]  # a number, or rows of them
MOST_NUMBERS = 1 << 16  # of one constant: it is written as text into every file


@dataclass(frozen=True)
class Numbers:
    """A finite number, or rows of them nested as deep as the array has axes."""

    wanted: str = "a finite number, or an array of at most 65,536 of them"
    bad: tuple[Any, ...] = (math.nan, "0.5", (), ((1.0, 2.0), (1.0,)), (1.0, math.inf))

    def check(self, value: Any) -> Constant:
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, bool):
            return float(value)
        if isinstance(value, str) or not isinstance(value, Sequence):
            return Real().check(value)
        rows = tuple(self.check(entry) for entry in value)
        if not rows or len({extent(row) for row in rows}) > 1:
            raise Illegal
        if math.prod(extent(rows)) > MOST_NUMBERS:
            raise Illegal("Make it a weight: add_weight(shape, trainable=False).")
        return rows


def extent(value: Constant) -> tuple[int, ...]:
    """The shape of a constant; () of a number."""
    return (len(value), *extent(value[0])) if isinstance(value, tuple) else ()


@dataclass(frozen=True)
class Axes:
    """Axes counted with the batch axis as 0, each once."""

    minimum: int = 0

    @property
    def wanted(self) -> str:
        return f"axes >= {self.minimum}, each once, counted with the batch axis as 0"

    @property
    def bad(self) -> tuple[Any, ...]:
        return ((self.minimum - 1,), (2, 2), "1", 1.5, None, ())

    def check(self, value: Any) -> tuple[int, ...]:
        entries = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        axes = tuple(Integer(self.minimum).check(entry) for entry in entries)
        if not axes or len(set(axes)) < len(axes):
            raise Illegal
        return axes


@dataclass(frozen=True)
class Places:
    """What is taken of each axis behind the batch axis: a place, or (start, stop, step)."""

    wanted: str = "for each axis a whole number, or (start, stop, step) with None for the ends and a step >= 1"
    bad: tuple[Any, ...] = (3, "1", ((1, 2),), ((None, None, 0),), ((None, None, -1),), (1.5,), None)

    def check(self, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Illegal
        return tuple(self._place(entry) for entry in value)

    def _place(self, entry: Any) -> Any:
        if isinstance(entry, str) or not isinstance(entry, Sequence):
            return as_integer(entry)
        if len(entry) != 3:
            raise Illegal
        start, stop = (None if end is None else as_integer(end) for end in entry[:2])
        return start, stop, Integer(1).check(entry[2])


@dataclass(frozen=True)
class Widths:
    """Entries added before and after each axis behind the batch axis."""

    wanted: str = "a pair (before, after) of integers >= 0 for each axis behind the batch axis"
    bad: tuple[Any, ...] = (1, ((1, -1),), ((1, 2, 3),), "1", None)

    def check(self, value: Any) -> tuple[tuple[int, int], ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Illegal
        pairs = []
        for entry in value:
            if isinstance(entry, str) or not isinstance(entry, Sequence) or len(entry) != 2:
                raise Illegal
            pairs.append((Integer(0).check(entry[0]), Integer(0).check(entry[1])))
        return tuple(pairs)


@dataclass(frozen=True)
class Several:
    """A tuple of whole numbers, at least `minimum`; one number is a tuple of one."""

    minimum: int = 0

    @property
    def wanted(self) -> str:
        return f"integers >= {self.minimum}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return ((self.minimum - 1,), "1", (1.5,), None, ())

    def check(self, value: Any) -> tuple[int, ...]:
        if hasattr(value, "tolist"):
            value = value.tolist()
        entries = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        if not entries:
            raise Illegal
        return tuple(Integer(self.minimum).check(entry) for entry in entries)


@dataclass(frozen=True)
class Flags:
    """A True or False for each operand."""

    wanted: str = "a tuple of True and False, one an operand"
    bad: tuple[Any, ...] = (True, (1,), "yes", None, ())

    def check(self, value: Any) -> tuple[bool, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise Illegal
        if any(not isinstance(entry, bool) for entry in value):
            raise Illegal
        return tuple(value)
