"""The split of a regression's error: from the reference over the parts, one gap at a time, and which gap to work on.

Error     the mean absolute error of each number in standard deviations of the training numbers, averaged over them
Bias      train less what a person or the best method reaches; variance: validation less train; dev over-fitting: test
          less validation. A gap is noise while its 95 % interval (both parts' normal ones, in quadrature) holds 0
Verdict   the largest gap that is no noise and worth more than a twentieth of a constant answer's error
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pellucid.diagnosis.decomposition import BIAS, DEV, MISMATCH, ORDER, VARIANCE, Gap
from pellucid.tasks.regression.evaluation import Evaluation

NOTHING = "nothing learnt"
WORTH, HOPELESS = 0.05, 0.9  # of a constant answer's error: a gap that is spoken of; a training error that is no better


@dataclass(frozen=True)
class PartError:
    """The error of a part of n images in standard deviations; `half` is half of its 95 % interval."""

    part: str
    error: float
    half: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval; no error is below 0."""
        return max(0.0, self.error - self.half), self.error + self.half

    @property
    def measured_on(self) -> str:
        """The images, in words."""
        return f"{self.n:,} images"


@dataclass(frozen=True)
class Split:
    """Errors and gaps in standard deviations; `constant` is the error of the best constant answer."""

    reference: float
    reference_given: bool
    errors: Sequence[PartError]
    gaps: Sequence[Gap]
    constant: float

    @property
    def problem(self) -> str:
        """The name of the gap to work on; "nothing learnt", or "" where none is worth it."""
        if self.errors[0].error > HOPELESS * self.constant:
            return NOTHING
        return self.problems[0] if self.problems else ""

    @property
    def problems(self) -> tuple[str, ...]:
        """The gaps that are sure and worth a step, the largest first."""
        worth = [gap for gap in self.gaps if gap.sure and gap.value > WORTH * self.constant]
        return tuple(gap.name for gap in sorted(worth, key=lambda gap: -gap.value))

    @property
    def main_problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None

    def gap(self, name: str) -> Gap | None:
        """The gap of that name, if it could be measured."""
        return next((gap for gap in self.gaps if gap.name == name), None)


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Split:
    """From the reference to train, and from each part to the next; `reference` is in the unit of the only number."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    level = (reference or 0.0) / float(judged["train"].scale.mean())
    called = {"train": BIAS, "train-dev": VARIANCE, "test": DEV,
              "validation": MISMATCH if "train-dev" in judged else VARIANCE}  # fmt: skip
    gaps = []
    for start, end in pairwise([PartError("reference", level, 0.0, 0), *errors]):
        size, room = end.error - start.error, math.hypot(start.half, end.half)
        gaps.append(Gap(called[end.part], start.part, end.part, size, size - room, size + room))
    return Split(level, reference is not None, errors, gaps, constant_of(judged["train"]))


def error_of(part: str, evaluation: Evaluation) -> PartError:
    """The error of a part."""
    errors = np.abs(evaluation.errors / evaluation.scale).mean(axis=1)
    spread = float(errors.std(ddof=1)) if evaluation.n > 1 else 0.0
    return PartError(part, float(errors.mean()), 1.96 * spread / math.sqrt(evaluation.n), evaluation.n)


def constant_of(evaluation: Evaluation) -> float:
    """The error of the best constant answer."""
    middle = np.median(evaluation.truth, axis=0)
    return float(np.abs((evaluation.truth - middle) / evaluation.scale).mean())
