"""The split of the NME.

Error     the mean over objects, with the middle 95 % of draws of the objects
Constant  the answer that does not look: the mean place of each point in the network's input, over the part itself
Worth     a gap of more than a twentieth of that answer's error is spoken of
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.data.boxes.column import inverted
from pellucid.data.points.column import carried
from pellucid.diagnosis.decomposition import ORDER
from pellucid.diagnosis.walk import Measured, Walk, walk
from pellucid.tasks.keypoints.evaluation import Evaluation
from pellucid.tasks.keypoints.scores.distances import each_nme

WORTH, HOPELESS = 0.05, 0.9  # of the constant answer's error: a gap spoken of; a training error that is no better


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Walk:
    """From the reference (an NME; None: 0) over the parts."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    constant = constant_of(judged["train"])
    return walk(errors, reference or 0.0, given=reference is not None, worth=WORTH * constant,
                hopeless=HOPELESS * constant)  # fmt: skip


def error_of(part: str, evaluation: Evaluation) -> Measured:
    """The NME of a part; without an interval as if it were sure."""
    headline = evaluation.headline
    low, high = headline.interval or (headline.value, headline.value)
    return Measured(part, headline.value, (low, high), (high - low) / 2, evaluation.n)


def constant_of(evaluation: Evaluation) -> float:
    """The NME of the mean shape, laid where it is in the mean."""
    truth, placed = evaluation.truth, evaluation.truth.placed()
    marked = np.asarray(np.isfinite(placed.xy).all(axis=2))
    total = np.where(marked[..., np.newaxis], placed.xy, 0).sum(axis=0)
    shape = total / np.maximum(marked.sum(axis=0), 1)[:, np.newaxis]                              # (K,2)
    answer = carried(np.broadcast_to(shape, truth.xy.shape), inverted(truth.affines))
    each = each_nme(np.linalg.norm(answer - truth.xy, axis=2), evaluation.lengths)
    known = each[np.isfinite(each)]
    return float(known.mean()) if len(known) else 1.0
