"""The split of any error: from the reference over the parts, one gap at a time, and which gap to work on.

Bias      train less what a person reaches; variance: validation less train; dev over-fitting: test less validation
Noise     a gap whose 95 % interval (both parts' ones, in quadrature) holds 0
Verdict   the largest gap that is no noise and worth more than a task calls worth a step
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pellucid.diagnosis.decomposition import BIAS, DEV, MISMATCH, VARIANCE, Gap

NOTHING = "nothing learnt"


@dataclass(frozen=True)
class Measured:
    """The error of a part of n samples, its 95 % interval, and half of that interval before an end was cut at 0."""

    part: str
    error: float
    interval: tuple[float, float]
    half: float
    n: int

    @property
    def measured_on(self) -> str:
        """The samples, in words."""
        return f"{self.n:,} images"


@dataclass(frozen=True)
class Walk:
    """Errors of the parts and the gaps between them.

    `worth`: the size from which a gap is spoken of; `hopeless`: the training error from which nothing was learnt.
    """

    reference: float
    reference_given: bool
    errors: Sequence[Measured]
    gaps: Sequence[Gap]
    worth: float
    hopeless: float

    @property
    def problem(self) -> str:
        """The name of the gap to work on; "nothing learnt", or "" where none is worth it."""
        if self.errors[0].error > self.hopeless:
            return NOTHING
        return self.problems[0] if self.problems else ""

    @property
    def problems(self) -> tuple[str, ...]:
        """The gaps that are sure and worth a step, the largest first."""
        worth = [gap for gap in self.gaps if gap.sure and gap.value > self.worth]
        return tuple(gap.name for gap in sorted(worth, key=lambda gap: -gap.value))

    @property
    def main_problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None

    def gap(self, name: str) -> Gap | None:
        """The gap of that name, if it could be measured."""
        return next((gap for gap in self.gaps if gap.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The gaps and what they are, as plain values."""
        return {"gaps": [gap.to_json() for gap in self.gaps], "main_problem": self.main_problem,
                "problems": list(self.problems)}  # fmt: skip


def walk(errors: Sequence[Measured], reference: float, *, given: bool, worth: float, hopeless: float) -> Walk:
    """From the reference to train, and from each part to the next; `errors` in the order of the parts."""
    divided = any(error.part == "train-dev" for error in errors)
    called = {"train": BIAS, "train-dev": VARIANCE, "validation": MISMATCH if divided else VARIANCE, "test": DEV}
    gaps = []
    for start, end in pairwise([Measured("reference", reference, (reference, reference), 0.0, 0), *errors]):
        size, room = end.error - start.error, math.hypot(start.half, end.half)
        gaps.append(Gap(called[end.part], start.part, end.part, size, size - room, size + room))
    return Walk(reference, given, errors, gaps, worth, hopeless)
