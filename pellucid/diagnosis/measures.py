"""The table of scores: what each name counts, from an answer to the numbers of many draws at once.

Formula   F-beta = (1 + beta^2) right / (beta^2 true + said); precision = right / said; recall = right / true
Shapes    counts (b,K) of b draws and K classes; weights (N,b), how often a sample was drawn; scores (b,), NaN where
          undefined
Source    van Rijsbergen 1979, chapter 7 (F); Brodersen et al. 2010 (balanced accuracy).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.diagnosis import ranking
from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.calibration import ece_of_draws
from pellucid.diagnosis.costs import Costs
from pellucid.diagnosis.resampling import Counts
from pellucid.errors import UsageError, describe, shown

KNOWN = (
    "accuracy, error, top5 (or top2, top3, ...), balanced_accuracy, macro_f1, weighted_f1 (also _precision, _recall, "
    "_f2, _f0.5), f1:CLASS (also precision:, recall:, f2:), auroc, auroc:CLASS, weighted_error, ece"
)
BETA = r"f\d{1,9}(?:\.\d{1,9})?"


@dataclass(frozen=True)
class Share:
    """A score that is `hits` of `n` samples."""

    name: str
    count: Callable[[Answers], tuple[int, int]]
    absent: str  # what is said when n is 0


@dataclass(frozen=True)
class Tallied:
    """A score that is made of the counts of a confusion matrix: b draws -> (b,), NaN where undefined."""

    name: str
    of: Callable[[Counts], np.ndarray]
    note: Callable[[Answers], str]


@dataclass(frozen=True)
class Sampled:
    """A score that needs the samples themselves: how often each is in b draws (N,b) -> (b,), NaN where undefined."""

    name: str
    of: Callable[[Answers, np.ndarray], np.ndarray]
    note: Callable[[Answers], str]
    most_classes: int | None = None  # beyond, there is no interval


Measure = Share | Tallied | Sampled


def refuse_unknown(names: Sequence[str], class_names: Sequence[str], costs: Costs | None) -> None:
    """Raise UsageError for a name that is no score, before anything is computed for the others."""
    if not names:
        raise UsageError(f"there is no score to compute. Choose from: {KNOWN}.")
    for name in names:
        measure_named(name, class_names, costs)


def measure_named(name: str, class_names: Sequence[str], costs: Costs | None = None) -> Measure:
    """What a name stands for; raises UsageError that lists the names there are."""
    if name == "accuracy":
        return Share(name, lambda a: (int(a.right.sum()), a.n), "")
    if name == "error":
        return Share(name, lambda a: (int((~a.right).sum()), a.n), "")
    if match := re.fullmatch(r"top([0-9]{1,9})", name):
        return _top(name, int(match[1]))
    if name == "weighted_error":
        return _weighted_error(costs, len(class_names))
    if name == "ece":
        return Sampled(name, ece_of_draws, lambda a: a.unsound)
    if name == "balanced_accuracy":
        return Tallied(name, lambda c: _mean(c.right, c.true), lambda a: _left_out(a, said=False))
    if match := re.fullmatch(rf"(macro|weighted)_(precision|recall|{BETA})", name):
        return _averaged(name, match[1], match[2])
    if name == "auroc":
        return Sampled(name, ranking.auroc_of_draws, ranking.why_undefined, ranking.MOST_CLASSES)
    if match := re.fullmatch(rf"(precision|recall|auroc|{BETA}):(.+)", name):
        return _of_class(name, match[1], _number(name, match[2], class_names))
    raise UsageError(f"there is no score '{shown(name)}'. Choose from: {KNOWN}.")


def _number(name: str, wanted: str, class_names: Sequence[str]) -> int:
    if wanted not in class_names:
        known = ", ".join(list(class_names)[:12])
        raise UsageError(describe("scores", f"the class in '{name}'", f"one of {known}", repr(wanted)))
    return list(class_names).index(wanted)


def _top(name: str, k: int) -> Measure:
    if k < 1:
        raise UsageError(describe("scores", "k", "1 or more", k, "Type, for example, top5."))

    def count(answers: Answers) -> tuple[int, int]:
        if k >= answers.classes:
            return 0, 0
        best = np.argsort(-answers.scores, axis=1, kind="stable")[:, :k]
        return int((best == np.asarray(answers.labels)[:, None]).any(axis=1).sum()), answers.n

    return Share(name, count, f"with {k} classes or fewer, every answer is among the {k} most probable")


def _weighted_error(costs: Costs | None, classes: int) -> Measure:
    if costs is None:
        raise UsageError("weighted_error needs the costs of mistakes. Give a table of them with --costs FILE.")
    matrix, scale = costs.matrix, costs.scale
    if len(matrix) != classes:
        raise UsageError(describe("scores", "costs", f"those of {classes} classes", f"those of {len(matrix)}"))

    def of(answers: Answers, weights: np.ndarray) -> np.ndarray:
        return ratio(matrix[answers.labels, answers.predicted] @ weights, scale[answers.labels] @ weights)

    return Sampled("weighted_error", of, lambda a: "no sample of a class whose mistakes cost anything" * (
        not scale[a.labels].any()))


def _averaged(name: str, how: str, which: str) -> Measure:
    def of(counts: Counts) -> np.ndarray:
        above, below = parts_of(counts, which)
        return _mean(above, below, counts.true if how == "weighted" else None)

    return Tallied(name, of, lambda a: _left_out(a, said=which != "recall", either=which.startswith("f")))


def _of_class(name: str, which: str, k: int) -> Measure:
    def hits(answers: Answers) -> tuple[int, int]:
        counts = Counts.of(answers)
        return int(counts.right[0, k]), int((counts.said if which == "precision" else counts.true)[0, k])

    def of(counts: Counts) -> np.ndarray:
        above, below = parts_of(counts, which)
        return ratio(above[:, k], below[:, k])

    if which == "precision":
        return Share(name, hits, "the class is never predicted")
    if which == "recall":
        return Share(name, hits, "the class has no sample")
    if which == "auroc":
        return Sampled(name, lambda a, w: ranking.auroc_of_class(a, w, k), lambda a: ranking.why_undefined(a, k))
    return Tallied(name, of, lambda a: "" if a.confusion[k].any() or a.confusion[:, k].any() else (
        "the class is neither true nor predicted anywhere"))


def parts_of(counts: Counts, which: str) -> tuple[np.ndarray, np.ndarray]:
    """What is divided by what for each class (b,K): precision, recall, or F-beta as f1, f2, f0.5."""
    if which == "precision":
        return counts.right, counts.said
    if which == "recall":
        return counts.right, counts.true
    square = float(which.removeprefix("f")) ** 2
    return (1 + square) * counts.right, square * counts.true + counts.said


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) != 0))


def _mean(above: np.ndarray, below: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The mean of above / below over the classes (b,K) where it is defined; NaN when it is for none."""
    values = ratio(above, below)
    counted = np.isfinite(values) * (1 if weights is None else weights)
    return ratio((np.nan_to_num(values) * counted).sum(axis=1), counted.sum(axis=1))


def _left_out(answers: Answers, *, said: bool, either: bool = False) -> str:
    """Which classes a mean leaves out, and why."""
    true, predicted = answers.confusion.sum(axis=1), answers.confusion.sum(axis=0)
    empty = (true + predicted if either else predicted if said else true) == 0
    if not empty.any():
        return ""
    why = "neither true nor predicted" if either else "never predicted" if said else "without a sample"
    names = [answers.class_names[k] for k in np.flatnonzero(empty)]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"left out, {why}: {', '.join(names[:3])}{more}"
