"""A score by its name, which way it is better and what it counts in; and the one that a run is judged by.

What a reader is told of a score follows from these alone, so that a run can be listed and compared where nobody knows
its task.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.reports.wording import share

MORE, LESS = "more", "less"
SHARE = "share"  # the unit of a share of the samples, those that are right: pages show it in percent

MIXED = "score"  # what stands above scores of several names
LARGEST = 1e100  # of a number in a file
LONGEST_NAME = 32  # of a score and of a unit in a file


@dataclass(frozen=True)
class Score:
    """What a value is a value of. `better` is "more" or "less"; `unit` a word such as "degrees", SHARE, or nothing."""

    name: str
    better: str = MORE
    unit: str = ""

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.better == MORE else -1

    def has(self, value: float) -> bool:
        """Whether it can be this value: a share lies from 0 to 1."""
        return self.unit != SHARE or 0 <= value <= 1

    def headline(self, value: float, interval: tuple[float, float] | None) -> Headline:
        """A value of it that a part is judged by."""
        low, high = interval or (None, None)
        return Headline(self.name, value, low, high, self.better, self.unit)

    def plain(self, value: float) -> str:
        """A value for a terminal, its unit left out: four digits of a share, five figures of what may be any size."""
        return f"{value:.4f}" if self.unit == SHARE else f"{value:#.5g}".rstrip(".")

    def worded(self, value: float | None) -> str:
        """A value for a page, with its unit."""
        if self.unit == SHARE or value is None or not math.isfinite(value):
            return share(value)
        return f"{value:.4g} {self.unit}".rstrip()

    def difference(self, value: float, interval: Iterable[float] | None) -> str:
        """By how much one is beyond another, and how sure that is; of a share in points of a percent."""
        scale, form, unit = (100, "+.2f", " points") if self.unit == SHARE else (1, "+.4g", f" {self.unit}".rstrip())
        told = "interval not known" if interval is None else " to ".join(f"{scale * end:{form}}" for end in interval)
        return f"{scale * value:{form}}{unit} ({told})"


LOSS = Score("loss", LESS)


@dataclass(frozen=True)
class Headline:
    """The one score that a part is judged by, with its 95 % interval where there is one.

    `better` and `unit` are as in `Score`.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    better: str = MORE
    unit: str = ""

    @classmethod
    def from_json(cls, told: Any) -> Headline | None:
        """What `to_json` gave; None for anything else."""
        if not isinstance(told, Mapping):
            return None
        name, better, unit = (told.get(key) for key in ("name", "better", "unit"))
        value, low, high = (number(told.get(key)) for key in ("value", "low", "high"))
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
            return None
        if better not in (MORE, LESS) or value is None or not Score(name, better, str(unit)).has(value):
            return None
        low, high = (None, None) if low is None or high is None else (low, high)
        return cls(name, value, low, high, better, unit if isinstance(unit, str) and len(unit) <= LONGEST_NAME else "")

    @property
    def score(self) -> Score:
        """What it is a value of."""
        return Score(self.name, self.better, self.unit)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """As `--json` has it."""
        return vars(self).copy()

    def in_a_cell(self, *, named: bool) -> str:
        """The value for a terminal; `named`: after its name, where a table holds several scores."""
        value = self.score.plain(self.value)
        return f"{self.name} {value}" if named else value

    def line(self, split: str, n: int, *more: str) -> str:
        """`test accuracy 0.9861 (0.9680 to 0.9940, 360 images)`, with more between the brackets."""
        unit = "" if self.unit in ("", SHARE) else f" {self.unit}"
        sure = [] if self.interval is None else [" to ".join(map(self.score.plain, self.interval))]
        inside = ", ".join([*sure, f"{n:,} images", *more])
        return f"{split} {self.name} {self.score.plain(self.value)}{unit} ({inside})"


def heading(rows: Iterable[Mapping[str, Any]]) -> str:
    """What stands above the headlines (as JSON, or None) of several runs: the name that all have, or MIXED."""
    names = {row["headline"]["name"] for row in rows if row["headline"]}
    return str(names.pop()) if len(names) == 1 else MIXED


def number(value: Any) -> int | float | None:
    """A number that can be reckoned with: finite, and its square too; else None."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if usable else None
