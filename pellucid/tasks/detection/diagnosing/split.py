"""The split of what AP50 lacks: from the reference over the parts, one gap at a time, and which gap to work on.

Error     1 - AP50; its 95 % interval is that of AP50, a bootstrap over pictures
Bias      train less what a person reaches; variance: validation less train; dev over-fitting: test less validation.
          A gap is noise while its 95 % interval (both parts' ones, in quadrature) holds 0
Verdict   the largest gap that is no noise and worth more than two points
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pellucid.diagnosis.decomposition import BIAS, DEV, MISMATCH, ORDER, VARIANCE, Gap
from pellucid.tasks.detection.evaluation import Evaluation

NOTHING = "nothing learnt"
WORTH, HOPELESS = 0.02, 0.05    # of AP50: a gap that is spoken of; a training score that is next to nothing


@dataclass(frozen=True)
class PartError:
    """What AP50 of a part of n pictures lacks; `interval` is its 95 %."""

    part: str
    error: float
    interval: tuple[float, float]
    n: int

    @property
    def half(self) -> float:
        """Half of the interval."""
        return (self.interval[1] - self.interval[0]) / 2

    @property
    def measured_on(self) -> str:
        """The pictures, in words."""
        return f"{self.n:,} pictures"


@dataclass(frozen=True)
class Split:
    """Errors of the parts and the gaps between them."""

    reference: float
    reference_given: bool
    errors: Sequence[PartError]
    gaps: Sequence[Gap]

    @property
    def problem(self) -> str:
        """The name of the gap to work on; "nothing learnt", or "" where none is worth it."""
        if self.errors[0].error > 1 - HOPELESS:
            return NOTHING
        return self.problems[0] if self.problems else ""

    @property
    def problems(self) -> tuple[str, ...]:
        """The gaps that are sure and worth a step, the largest first."""
        worth = [gap for gap in self.gaps if gap.sure and gap.value > WORTH]
        return tuple(gap.name for gap in sorted(worth, key=lambda gap: -gap.value))

    @property
    def main_problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None

    def gap(self, name: str) -> Gap | None:
        """The gap of that name, if it could be measured."""
        return next((gap for gap in self.gaps if gap.name == name), None)


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Split:
    """From the reference (AP50; None: 1) to train, and from each part to the next."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    level = 0.0 if reference is None else 1 - reference
    called = {"train": BIAS, "train-dev": VARIANCE, "test": DEV,
              "validation": MISMATCH if "train-dev" in judged else VARIANCE}  # fmt: skip
    gaps = []
    for start, end in pairwise([PartError("reference", level, (level, level), 0), *errors]):
        size, room = end.error - start.error, math.hypot(start.half, end.half)
        gaps.append(Gap(called[end.part], start.part, end.part, size, size - room, size + room))
    return Split(level, reference is not None, errors, gaps)


def error_of(part: str, evaluation: Evaluation) -> PartError:
    """What AP50 of a part lacks; without an interval as if it were sure."""
    value = evaluation.headline.value
    low, high = evaluation.interval or (value, value)
    return PartError(part, 1 - value, (1 - high, 1 - low), evaluation.n)
