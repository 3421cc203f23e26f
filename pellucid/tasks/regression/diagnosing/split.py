"""The split of a regression's error.

Error     the mean absolute error of each number in standard deviations of the training numbers, averaged over them
Worth     a gap of more than a twentieth of a constant answer's error is spoken of
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pellucid.diagnosis.decomposition import ORDER
from pellucid.diagnosis.walk import Measured, Walk, walk
from pellucid.tasks.regression.evaluation import Evaluation

WORTH, HOPELESS = 0.05, 0.9  # of a constant answer's error: a gap that is spoken of; a training error that is no better


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Walk:
    """From the reference, in the unit of the only number, over the parts."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    level, constant = (reference or 0.0) / float(judged["train"].scale.mean()), constant_of(judged["train"])
    return walk(errors, level, given=reference is not None, worth=WORTH * constant, hopeless=HOPELESS * constant)


def error_of(part: str, evaluation: Evaluation) -> Measured:
    """The error of a part with its normal interval; no error is below 0."""
    errors = np.abs(evaluation.errors / evaluation.scale).mean(axis=1)
    mean, spread = float(errors.mean()), float(errors.std(ddof=1)) if evaluation.n > 1 else 0.0
    half = 1.96 * spread / math.sqrt(evaluation.n)
    return Measured(part, mean, (max(0.0, mean - half), mean + half), half, evaluation.n)


def constant_of(evaluation: Evaluation) -> float:
    """The error of the best constant answer."""
    middle = np.median(evaluation.truth, axis=0)
    return float(np.abs((evaluation.truth - middle) / evaluation.scale).mean())
