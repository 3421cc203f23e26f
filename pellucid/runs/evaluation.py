"""What a model did on one part of a data set: every score of the report comes from here.

Axes      N samples, K classes
Shapes    labels (N,)   probabilities (N,K)   confusion (K,K): rows true, columns predicted
Scores    precision, recall and F1 from scikit-learn. A score that divides by nothing (recall of a class with no
          sample, precision of a class never predicted) is None, not 0. Balanced accuracy is the mean recall of the
          classes that have samples; macro F1 the mean F1 of the classes that were true or predicted at least once.
Source    Brodersen et al. 2010, balanced accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.diagnosis.intervals import wilson_interval
from pellucid.errors import DataError, ShapeError, describe


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels and predicted probabilities of one part, and the scores that follow from them.

    split names the part ("train", "train-dev", "validation", "test"); labels (N,) are class numbers from 0;
    probabilities (N,K); class_names has K entries; names (N) says where each sample came from; loss is the mean over
    the part; ids (N,) are the global sample numbers, if there are any.
    Raises ShapeError when these sizes disagree and DataError when the part is empty or a label is outside 0..K-1.
    """

    split: str
    labels: np.ndarray
    probabilities: np.ndarray
    class_names: tuple[str, ...]
    names: Sequence[str]
    loss: float
    ids: np.ndarray | None = None

    def __post_init__(self) -> None:
        where = f"evaluation of '{self.split}'"
        labels, probabilities = np.shape(self.labels), np.shape(self.probabilities)
        if len(labels) != 1:
            raise ShapeError(describe(where, "labels", "one number a sample, (N,)", f"of shape {labels}"))
        wanted = (labels[0], len(self.class_names))
        if probabilities != wanted:
            raise ShapeError(describe(where, "probabilities", f"(N, K) = {wanted}", f"of shape {probabilities}"))
        if len(self.names) != labels[0]:
            raise ShapeError(describe(where, "names", f"one a sample, {labels[0]} in all", f"{len(self.names)} long"))
        if labels[0] == 0:
            raise DataError(describe(where, "the part", "at least one sample", "empty", "Choose another --split."))
        low, high = int(np.min(self.labels)), int(np.max(self.labels))
        if low < 0 or high >= wanted[1]:
            text = f"from {low} to {high}"
            raise DataError(describe(where, "every label", f"a class number from 0 to {wanted[1] - 1}", text))

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.labels)

    @cached_property
    def scores(self) -> np.ndarray:
        """Probabilities (N,K) with NaN, as a diverged model gives, counted as no confidence at all."""
        return np.nan_to_num(np.asarray(self.probabilities, dtype=np.float64), nan=0.0)

    @cached_property
    def predicted(self) -> np.ndarray:
        """Most probable class of each sample (N,); the first one on a tie."""
        best: np.ndarray = np.argmax(self.scores, axis=1)
        return best

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class (N,)."""
        highest: np.ndarray = np.max(self.scores, axis=1)
        return highest

    @property
    def accuracy(self) -> float:
        """Share of samples whose predicted class is the true one."""
        return float(np.mean(self.predicted == self.labels))

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return wilson_interval(int(np.sum(self.predicted == self.labels)), self.n)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Counts (K,K), rows true, columns predicted."""
        classes = len(self.class_names)
        cells = np.asarray(self.labels, dtype=np.int64) * classes + self.predicted
        counts: np.ndarray = np.bincount(cells, minlength=classes * classes)
        return counts.reshape(classes, classes)

    @cached_property
    def per_class(self) -> dict[str, np.ndarray]:
        """precision, recall, f1 (K,) floats, NaN where undefined, and n (K,) the number of true samples."""
        from sklearn.metrics import precision_recall_fscore_support

        classes = np.arange(len(self.class_names))
        precision, recall, f1, n = precision_recall_fscore_support(
            self.labels, self.predicted, labels=classes, average=None, zero_division=np.nan
        )
        return {"precision": precision, "recall": recall, "f1": f1, "n": n}

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that were true or predicted at least once."""
        return float(np.nanmean(self.per_class["f1"]))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have samples."""
        return float(np.nanmean(self.per_class["recall"]))

    @cached_property
    def top5(self) -> float | None:
        """Share of samples whose true class is among the five most probable; None for five classes or fewer."""
        if len(self.class_names) <= 5:
            return None
        best = np.argsort(-self.scores, axis=1, kind="stable")[:, :5]
        return float(np.mean(np.any(best == np.asarray(self.labels)[:, None], axis=1)))

    def worst_mistakes(self, count: int) -> np.ndarray:
        """Indices of at most `count` wrong samples, the most confident in its wrong class first."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:count]

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """At most `count` pairs (true class, predicted class, samples) of different classes, the commonest first."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        pairs = [(int(true), int(said)) for true, said in zip(*np.unravel_index(order, wrong.shape), strict=True)]
        return [(true, said, int(wrong[true, said])) for true, said in pairs if wrong[true, said]]

    def to_metrics(self) -> dict[str, Any]:
        """All scores as plain JSON values; None for what is undefined or not finite."""
        columns = self.per_class
        per_class = [
            {"class": name, "n": int(columns["n"][k])}
            | {score: _finite(columns[score][k]) for score in ("precision", "recall", "f1")}
            for k, name in enumerate(self.class_names)
        ]
        confused = [
            {"true": self.class_names[true], "predicted": self.class_names[said], "count": count}
            for true, said, count in self.most_confused(10)
        ]
        metrics: dict[str, Any] = {
            "split": self.split,
            "n": self.n,
            "loss": _finite(self.loss),
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.accuracy_interval),
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "per_class": per_class,
            "most_confused": confused,
        }
        return metrics if self.top5 is None else metrics | {"top5": self.top5}


def interval_of(metrics: Mapping[str, Any]) -> tuple[float, float] | None:
    """The Wilson interval for a metrics dictionary that has accuracy and n, else None."""
    accuracy, n = metrics.get("accuracy"), metrics.get("n")
    if not isinstance(accuracy, (int, float)) or not isinstance(n, int) or n < 1 or not math.isfinite(accuracy):
        return None
    return wilson_interval(round(accuracy * n), n)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
