"""The split of the error: from the reference over training, train-dev and dev to test, one gap at a time.

Parts     train -> train-dev (held out of the training images) -> dev (in Pellucid: "validation") -> test
Gaps      bias = train - reference;  variance = train-dev - train;  mismatch = dev - train-dev;
          dev over-fitting = test - dev
Without   train-dev the gap from train to dev is variance alone where dev was drawn at random from the training images,
          else variance and mismatch undivided; without dev as well, the gap from train to test is undivided too.
Unit      errors and gaps are shares (0.05 is 5 %); intervals are 95 %, and a gap whose interval holds 0 is noise
Worth it  a gap that is sure but small is no problem: half of the reference error is where it begins, or, where none was
          given, two points of bias and one of the others
Open      where no gap is a problem, one that may be five times that size, for all that the images say
Source    Ng 2018, "Machine Learning Yearning", chapters 20-32 and 40-43.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pellucid.diagnosis.intervals import difference_interval, wilson_interval
from pellucid.errors import ArgumentError, DataError, describe

BIAS, VARIANCE, MISMATCH, DEV = "bias", "variance", "mismatch", "dev over-fitting"
ORDER = ("train", "train-dev", "validation", "test")
NEARLY = 0.8  # a gap of so much of the largest one is as large; the earlier is mended first, for it changes the later
HALF = 0.5  # a gap of so much of the main one is a problem of its own
WORTH = {BIAS: 0.02}  # without a reference; of the other gaps:
WORTH_ELSE, WORTH_LEAST, WORTH_OF_REFERENCE = 0.01, 0.001, 0.5
OPEN = 5  # times the size from which a gap is worth a step


@dataclass(frozen=True)
class PartError:
    """The error of one part: `wrong` of `n` images (n at least 1)."""

    part: str
    wrong: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.wrong <= self.n or self.n < 1:
            raise DataError(describe(f"the error of '{self.part}'", "wrong of n", "0 <= wrong <= n and n at least 1",
                                     f"{self.wrong} of {self.n}"))  # fmt: skip

    @property
    def error(self) -> float:
        """Share of wrong images."""
        return self.wrong / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the error."""
        return wilson_interval(self.wrong, self.n)

    @property
    def measured_on(self) -> str:
        """How many of how many images."""
        return f"{self.wrong:,} of {self.n:,}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"part": self.part, "error": self.error, "interval": list(self.interval), "wrong": self.wrong,
                "n": self.n}  # fmt: skip


@dataclass(frozen=True)
class Gap:
    """One step of the way from the reference to the test error; `undivided` when it may hold more than its name."""

    name: str
    start: str
    end: str
    value: float
    low: float
    high: float
    undivided: bool = False

    @property
    def sure(self) -> bool:
        """Above 0 by more than the noise."""
        return self.low > 0

    @property
    def noise(self) -> bool:
        """As well 0 as not."""
        return self.low <= 0 <= self.high

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "from": self.start, "to": self.end, "value": self.value,
                "interval": [self.low, self.high], "noise": self.noise, "undivided": self.undivided}  # fmt: skip


@dataclass(frozen=True)
class Decomposition:
    """Errors of the parts, the gaps between them, and the problems, the main one first (none when all is noise)."""

    reference: float
    reference_given: bool
    errors: tuple[PartError, ...]
    gaps: tuple[Gap, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """The main problem, then those at least half as large, by size."""
        sure = [gap for gap in self.gaps if gap.sure and gap.value >= self.worth(gap)]
        if not sure:
            return ()
        largest = max(gap.value for gap in sure)
        main = next(gap for gap in sure if gap.value >= NEARLY * largest)
        others = sorted((gap for gap in sure if gap is not main), key=lambda gap: -gap.value)
        return (main.name, *(gap.name for gap in others if gap.value >= HALF * main.value))

    def worth(self, gap: Gap) -> float:
        """The size from which a gap is worth a step of its own."""
        if self.reference_given:
            return max(WORTH_OF_REFERENCE * self.reference, WORTH_LEAST)
        return WORTH.get(gap.name, WORTH_ELSE)

    @property
    def largest_small(self) -> Gap | None:
        """Where there is no problem: the largest of the gaps that are sure, if any is."""
        sure = [] if self.problems else [gap for gap in self.gaps if gap.sure]
        return max(sure, key=lambda gap: gap.value, default=None)

    @property
    def widest_open(self) -> Gap | None:
        """Where there is no problem: the gap that may be largest, if it may be large."""
        wide = [] if self.problems else [gap for gap in self.gaps if gap.high >= OPEN * self.worth(gap)]
        return max(wide, key=lambda gap: gap.high, default=None)

    @property
    def main_problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None

    def gap(self, name: str) -> Gap | None:
        """The gap of that name, if it could be measured."""
        return next((gap for gap in self.gaps if gap.name == name), None)

    def error_of(self, part: str) -> PartError | None:
        """The error of a part, if it was measured."""
        return next((error for error in self.errors if error.part == part), None)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "reference": {"error": self.reference, "given": self.reference_given},
            "parts": [error.to_json() for error in self.errors],
            "gaps": [gap.to_json() | {"small": gap.sure and gap.value < self.worth(gap)} for gap in self.gaps],
            "main_problem": self.main_problem,
            "problems": list(self.problems),
        }


def decompose(
    errors: Mapping[str, PartError] | Sequence[PartError],
    *,
    reference: float | None = None,
    dev_drawn_from_train: bool = False,
) -> Decomposition:
    """Split the error of a run.

    errors: of "train" and of any of "train-dev", "validation", "test"; reference: the error of a person or of the best
    known method, a share from 0 to 1 (None: 0 is taken, and the bias is then an upper limit);
    dev_drawn_from_train: whether the validation part was drawn at random from the training images.
    Raises DataError without a training error and ArgumentError for a reference that is no share.
    """
    found = {error.part: error for error in (errors.values() if isinstance(errors, Mapping) else errors)}
    if "train" not in found:
        raise DataError(describe("diagnosis", "the parts", "'train' and others", ", ".join(found) or "none"))
    if reference is not None and not 0 <= reference <= 1:
        wanted = "a share from 0 to 1, e.g. 0.002 for 0.2 %"
        raise ArgumentError(describe("diagnosis", "the reference error", wanted, reference))
    way = [found[part] for part in ORDER if part in found]
    level = reference or 0.0
    low, high = way[0].interval
    bias = Gap(BIAS, "reference", "train", way[0].error - level, low - level, high - level)
    gaps = [_between(start, end, dev_drawn_from_train) for start, end in pairwise(way)]
    return Decomposition(level, reference is not None, tuple(way), (bias, *gaps))


def _between(start: PartError, end: PartError, dev_drawn: bool) -> Gap:
    """The gap from a part to the next one that was measured."""
    low, high = difference_interval(end.wrong, end.n, start.wrong, start.n)
    name, undivided = {
        ("train", "train-dev"): (VARIANCE, False),
        ("train", "validation"): (VARIANCE, not dev_drawn),
        ("train", "test"): (VARIANCE, True),
        ("train-dev", "validation"): (MISMATCH, False),
        ("train-dev", "test"): (MISMATCH, True),
        ("validation", "test"): (DEV, False),
    }[start.part, end.part]
    return Gap(name, start.part, end.part, end.error - start.error, low, high, undivided)
