"""What a search varies: ranges of numbers and choices of words, as they are typed.

    lr=1e-5:1e-1:log     a number, every decade as likely as the next
    dropout=0:0.6        a number, every value as likely as the next
    batch_size=8:128     a whole number, where the setting is one
    optimizer=adam,rmsprop            words; those of a setting whose words hold commas are separated by |

Every parameter maps a share of its width, 0 to 1, to a value; on a log scale the width is measured in decades.
Source    log scales for rates and penalties: Bergstra & Bengio 2012, "Random search for hyper-parameter optimization".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pellucid.errors import UsageError, describe
from pellucid.words import LARGEST

Kind = Literal["number", "whole", "word", "flag"]
Value = float | int | str | bool
SCALES = ("plain", "log")
RANGE, CHOICE = "--range", "--choice"
MOST, MOST_WHOLE = 1e100, LARGEST  # of an end: the width, and its share of a log scale, must be finite
EXAMPLES = {RANGE: "lr=1e-5:1e-1:log", CHOICE: "optimizer=adam,rmsprop"}


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both ends included; `whole` ones only, or all."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """The value at a share of the width; of whole numbers each takes an equal part of it."""
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        value = min(max(value, self.low), self.high + (0.999 if self.whole else 0))
        return math.floor(value) if self.whole else value

    def place(self, value: Any) -> float:
        """The share of the width at which a value lies; below 0 or above 1 for one outside."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return float((value - self.low) / (self.high - self.low))

    def between(self, low: float, high: float) -> Range:
        """The part from one share to another, in whole numbers where only those count, and never without width."""
        ends = (self._end(low), self._end(high))
        if not self.whole:
            return replace(self, low=ends[0], high=ends[1])
        first, last = math.floor(round(ends[0], 9)), math.ceil(round(ends[1], 9))  # 44.000000000000007 is 44
        return replace(self, low=first, high=max(last, first + 1))

    def _end(self, share: float) -> float:
        """The point at a share, whole or not; unlike `at`, also beyond the ends."""
        if share in (0.0, 1.0):
            return self.high if share else self.low
        return self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share

    @property
    def text(self) -> str:
        """As it is typed after the name."""
        return f"{typed(self.low)}:{typed(self.high)}{':log' if self.log else ''}"


@dataclass(frozen=True)
class Choice:
    """One of several words, each as likely as the next."""

    name: str
    words: tuple[Value, ...]

    def at(self, share: float) -> Value:
        """The word at a share of the list."""
        return self.words[min(int(share * len(self.words)), len(self.words) - 1)]

    @property
    def text(self) -> str:
        """As it is typed after the name."""
        words = [str(word) for word in self.words]
        return ("|" if any("," in word for word in words) else ",").join(words)


Parameter = Range | Choice
Space = tuple[Parameter, ...]


def parse_range(text: str, kinds: Mapping[str, Kind]) -> Range:
    """A range of a number setting; raises UsageError for anything else. `kinds` are the settings that may vary."""
    name, rest = name_of(RANGE, text, kinds)
    if kinds[name] not in ("number", "whole"):
        raise UsageError(f"search: {RANGE} {text}: {name} is no number. Give its words: {CHOICE} {name}=ONE,OTHER")
    low, high, scale = parts_of(text, rest)
    whole = kinds[name] == "whole"
    if whole and (low != int(low) or high != int(high)):
        raise UsageError(describe("search", f"{RANGE} {name}", "whole at both ends", rest))
    if max(abs(low), abs(high)) > (MOST_WHOLE if whole else MOST) or (scale == "log" and 0 < low < 1 / MOST):
        wanted = f"of whole numbers up to {MOST_WHOLE:,}" if whole else f"between {1 / MOST:g} and {MOST:g}"
        raise UsageError(describe("search", f"{RANGE} {name}", wanted, rest))
    if not low < high:
        raise UsageError(describe("search", f"{RANGE} {name}", "a lower end, then a higher one", rest,
                                  f"Type e.g. {RANGE} {EXAMPLES[RANGE]}"))  # fmt: skip
    if scale == "log" and low <= 0:
        remedy = f"Start above it: {RANGE} {name}={high / 10_000:g}:{high:g}:log" if high > 0 else "Leave out :log."
        raise UsageError(f"search: {RANGE} {text}: a log scale never reaches {low:g}. {remedy}")
    return Range(name, int(low) if whole else low, int(high) if whole else high, scale == "log", whole)


def parts_of(text: str, rest: str) -> tuple[float, float, str]:
    """Low end, high end and scale of LOW:HIGH[:SCALE]."""
    parts = rest.split(":")
    scale = parts[2].lower() if len(parts) == 3 else "plain"
    try:
        low, high = (float(part) for part in parts[:2])
    except ValueError:
        low = high = math.nan
    if len(parts) not in (2, 3) or scale not in SCALES or not (math.isfinite(low) and math.isfinite(high)):
        wanted = f"NAME=LOW:HIGH, or NAME=LOW:HIGH:log, e.g. {EXAMPLES[RANGE]}"
        raise UsageError(describe("search", RANGE, wanted, repr(text)))
    return low, high, scale


def parse_choice(text: str, kinds: Mapping[str, Kind], with_commas: Sequence[str]) -> Choice:
    """Words of a setting; those of the settings `with_commas` are separated by | alone. Raises UsageError."""
    name, rest = name_of(CHOICE, text, kinds)
    separator = "|" if name in with_commas or "|" in rest else ","
    words = [word.strip() for word in rest.split(separator)]
    if len(words) < 2 or len(set(words)) < len(words):
        wanted = f"two different words or more, with {separator} between them"
        raise UsageError(describe("search", f"{CHOICE} {name}", wanted, repr(rest)))
    return Choice(name, tuple(value_of(name, word, kinds[name]) for word in words))


def value_of(name: str, word: str, kind: Kind) -> Value:
    """A word as the setting takes it."""
    if kind == "word":
        return word
    if kind == "flag":
        if word.lower() not in ("true", "false"):
            raise UsageError(describe("search", f"{CHOICE} {name}", "true,false", repr(word)))
        return word.lower() == "true"
    try:
        return int(word) if kind == "whole" else float(word)
    except ValueError:
        wanted = "whole numbers" if kind == "whole" else "numbers"
        raise UsageError(describe("search", f"{CHOICE} {name}", wanted, repr(word))) from None


def name_of(flag: str, text: str, kinds: Mapping[str, Kind]) -> tuple[str, str]:
    """The setting's name, with _ for -, and what stands after the equals sign."""
    name, equals, rest = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    if not equals or not rest.strip():
        raise UsageError(describe("search", flag, f"NAME=..., e.g. {EXAMPLES[flag]}", repr(text)))
    if name not in kinds:
        raise UsageError(describe("search", f"the setting of {flag}", f"one of {', '.join(kinds)}", repr(name)))
    return name, rest.strip()


def typed(number: float) -> str:
    """The shortest text that reads back to the same number."""
    short = f"{number:.6g}"
    return short if float(short) == number else repr(number)


def as_words(space: Space) -> str:
    """`lr 1e-05:0.1:log, dropout 0:0.6`, ends with three figures."""
    return ", ".join(
        f"{parameter.name} {parameter.low:.3g}:{parameter.high:.3g}{':log' if parameter.log else ''}"
        if isinstance(parameter, Range) else f"{parameter.name} {parameter.text}" for parameter in space
    )  # fmt: skip


def spelled(values: Mapping[str, Value]) -> str:
    """`lr 0.00123  optimizer adam`, numbers with four figures."""
    return "  ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in values.items())  # fmt: skip
