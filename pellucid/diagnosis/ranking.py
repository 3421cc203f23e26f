"""AUROC: the chance that a sample of a class is given a higher probability of it than a sample of the others.

Formula   with each of the n samples at its place in the order of the probabilities (ties share their mean place), and
          weights w that say how often a sample was drawn: area = (sum_pos w (below + own/2) - pos^2/2) / (pos neg)
Classes   two: the area of the second one. More: the mean over classes of one against the rest
Source    Hanley & McNeil 1982 (area as Wilcoxon's statistic); Fawcett 2006, section 9 (several classes).
"""

from __future__ import annotations

import numpy as np

from pellucid.diagnosis.answers import Answers

MOST_CLASSES = 50  # of which a thousand draws are still a matter of seconds


def auroc_of_draws(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """The area for each draw (b,), NaN where a class is missing; weights (N,b) say how often a sample was drawn."""
    if answers.classes == 2:
        return auroc_of_class(answers, weights, 1)
    present = np.unique(answers.labels)
    areas = np.stack([auroc_of_class(answers, weights, int(k)) for k in present])  # (classes with samples, b)
    return np.asarray(areas.mean(axis=0))


def auroc_of_class(answers: Answers, weights: np.ndarray, k: int) -> np.ndarray:
    """The area of class k against the rest for each draw (b,)."""
    score = answers.scores[:, k]
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    own = np.flatnonzero((answers.labels == k)[order])
    first = np.searchsorted(ordered, ordered[own], side="left")                    # of the samples that tie
    last = np.searchsorted(ordered, ordered[own], side="right")
    below = np.zeros((answers.n + 1, weights.shape[1]))
    np.cumsum(weights[order], axis=0, out=below[1:])
    drawn = weights[order[own]]                                                    # (positives, b)
    pos = drawn.sum(axis=0)
    neg = below[-1] - pos
    above = (drawn * (below[first] + below[last])).sum(axis=0) / 2 - pos**2 / 2
    return np.asarray(np.divide(above, pos * neg, out=np.full(len(pos), np.nan), where=pos * neg != 0))


def why_undefined(answers: Answers, k: int | None = None) -> str:
    """Why there is no area or no interval, or which classes have none; empty when all is there."""
    present = np.unique(answers.labels)
    if len(present) < 2:
        only = answers.class_names[int(present[0])]
        return f"all samples are of the class '{only}': there is no other to tell it from"
    if k is not None and k not in present:
        return "the class has no sample"
    if k is not None or answers.classes == 2:
        return ""
    missing = answers.classes - len(present)
    notes = [f"left out, without a sample: {missing} of {answers.classes} classes"] if missing else []
    if answers.classes > MOST_CLASSES:
        notes.append(f"no interval: with more than {MOST_CLASSES} classes it would take minutes")
    return "; ".join(notes)
