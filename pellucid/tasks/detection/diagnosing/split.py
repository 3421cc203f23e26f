"""The split of what AP50 lacks.

Error     1 - AP50; its 95 % interval is that of AP50, a bootstrap over pictures
Worth     a gap of more than two points is spoken of
"""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.diagnosis.decomposition import ORDER
from pellucid.diagnosis.walk import Measured, Walk, walk
from pellucid.tasks.detection.evaluation import Evaluation

WORTH, HOPELESS = 0.02, 0.05  # of AP50: a gap that is spoken of; a training score that is next to nothing


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Walk:
    """From the reference (AP50; None: 1) over the parts."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    level = 0.0 if reference is None else 1 - reference
    return walk(errors, level, given=reference is not None, worth=WORTH, hopeless=1 - HOPELESS)


def error_of(part: str, evaluation: Evaluation) -> Measured:
    """What AP50 of a part lacks; without an interval as if it were sure."""
    value = evaluation.headline.value
    low, high = evaluation.interval or (value, value)
    return Measured(part, 1 - value, (1 - high, 1 - low), (high - low) / 2, evaluation.n)
