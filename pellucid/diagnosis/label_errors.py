"""Confident learning: which labels are probably wrong, from probabilities of models that did not learn the sample.

Axes        N samples, K classes; p (N,K) out-of-sample probabilities, y (N,) the labels as given
Threshold   t[j] = mean of p[n,j] over the samples labelled j: how sure the models usually are of class j
Joint       C[i,j] counts the samples labelled i whose class is confidently j: j has the largest p[n,j] among the
            classes with p[n,j] >= t[j]; a sample with no such class is not counted
Estimate    Q[i,j] = C[i,j] / sum_j C[i,j] * n_i / sum of the same over all i, j: the share of samples labelled i that
            are j; the number of wrong labels is N times the sum of Q off the diagonal
Flagged     the samples counted off the diagonal of C
Ranking     by margin p[n,y] - max over k != y of p[n,k], or by confidence p[n,y]; the smallest first, ties in the
            order of the data
Source      Northcutt, Jiang & Chuang 2021, "Confident learning", JAIR 70, sections 3.1 (C and Q) and 3.2 (methods
            C_{y,y*} and the rankings).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.errors import ArgumentError, DataError, describe


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """What is known of N labels; a sample whose class the models could not know is not judged.

    order (N,) all samples, the most suspicious first, those not judged last; score (N,) what they are ranked by;
    flagged, judged (N,) bool; suggested (N,) the likeliest other class; thresholds (K,), NaN for a class that no judged
    sample has; joint (K,K) counts, rows given, columns confident; estimated: how many labels are wrong.
    """

    labels: np.ndarray
    order: np.ndarray
    score: np.ndarray
    flagged: np.ndarray
    judged: np.ndarray
    suggested: np.ndarray
    thresholds: np.ndarray
    joint: np.ndarray
    estimated: float
    ranking: str
    class_names: tuple[str, ...]

    @property
    def suspects(self) -> np.ndarray:
        """The flagged samples, the most suspicious first."""
        return np.asarray(self.order[self.flagged[self.order]])

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it; the samples themselves are the caller's, who knows their names."""
        pairs = self.joint.copy()
        np.fill_diagonal(pairs, 0)
        cells = np.argsort(-pairs, axis=None, kind="stable")[:10]
        places = [divmod(int(cell), len(self.class_names)) for cell in cells if pairs.flat[cell]]
        return {
            "n": len(self.labels),
            "judged": int(self.judged.sum()),
            "flagged": int(self.flagged.sum()),
            "estimated": round(self.estimated, 1),
            "ranking": self.ranking,
            "pairs": [
                {"given": self.class_names[i], "suggested": self.class_names[j], "count": int(pairs[i, j])}
                for i, j in places
            ],
            "thresholds": [None if np.isnan(value) else float(value) for value in self.thresholds],
        }


def find_label_errors(answers: Answers, *, judged: np.ndarray | None = None, ranking: str = "margin") -> LabelErrors:
    """The labels that are probably wrong; answers hold out-of-sample probabilities.

    `judged` (N,) leaves out samples whose probabilities mean nothing. Raises DataError for outputs that are no
    probabilities or a part with one class, ArgumentError for an unknown ranking.
    """
    if ranking not in ("margin", "confidence"):
        raise ArgumentError(describe("label errors", "ranking", "'margin' or 'confidence'", repr(ranking)))
    counted = np.ones(answers.n, bool) if judged is None else np.asarray(judged, bool)
    y, p = np.asarray(answers.labels), answers.scores
    if answers.unsound:
        raise DataError(f"label errors: {answers.unsound}.")
    if len(np.unique(y[counted])) < 2:
        raise DataError("label errors: all samples are of one class, so no label can be another one's. Add a class.")
    thresholds = class_thresholds(p, y, counted)
    sure = confident_classes(p, thresholds)
    usable = counted & (sure >= 0)
    joint = np.zeros((answers.classes, answers.classes), np.int64)
    np.add.at(joint, (y[usable], sure[usable]), 1)
    own = np.take_along_axis(p, y[:, None], axis=1)[:, 0]
    others = p.copy()
    others[np.arange(answers.n), y] = -np.inf
    score = own - others.max(axis=1) if ranking == "margin" else own
    return LabelErrors(
        labels=y,
        order=np.lexsort((np.arange(answers.n), score, ~counted)),
        score=score,
        flagged=usable & (sure != y),
        judged=counted,
        suggested=np.where(usable & (sure != y), sure, others.argmax(axis=1)),
        thresholds=thresholds,
        joint=joint,
        estimated=estimated_errors(joint, np.bincount(y[counted], minlength=answers.classes)),
        ranking=ranking,
        class_names=answers.class_names,
    )


def class_thresholds(p: np.ndarray, y: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """t (K,), NaN for a class without a counted sample."""
    found = np.full(p.shape[1], np.nan)
    for k in np.unique(y[counted]):
        found[k] = p[counted & (y == k), k].mean()
    return found


def confident_classes(p: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The confident class of each sample (N,), -1 where no class reaches its threshold."""
    reached = np.where(p >= np.nan_to_num(thresholds, nan=np.inf), p, -np.inf)  # a class without a threshold is none's
    return np.where(np.isfinite(reached).any(axis=1), reached.argmax(axis=1), -1)


def estimated_errors(joint: np.ndarray, counts: np.ndarray) -> float:
    """N times the mass of Q off its diagonal; joint (K,K), counts (K,) of the labels as given."""
    rows = joint.sum(axis=1)
    share = np.divide(joint, rows[:, None], out=np.eye(len(joint)), where=rows[:, None] > 0)
    scaled = share * counts[:, None]
    total = scaled.sum()
    return float(counts.sum() * (total - np.trace(scaled)) / total)
