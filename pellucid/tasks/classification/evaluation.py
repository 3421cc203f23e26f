"""What a model did on one part of a data set: every score of the report comes from here.

Axes      N samples, K classes
Shapes    labels (N,)   probabilities (N,K)   confusion (K,K): rows true, columns predicted
Scores    as `diagnosis.scores` defines them. A score that divides by nothing (recall of a class with no sample,
          precision of a class never predicted) is None, not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.costs import Costs
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.measures import parts_of, ratio
from pellucid.diagnosis.resampling import Counts
from pellucid.diagnosis.scores import DEFAULT, score_all
from pellucid.errors import ShapeError, describe
from pellucid.reports.scores import MORE, SHARE, Headline, Score
from pellucid.storage.finite import finite_number

ACCURACY = Score("accuracy", MORE, SHARE)
MOST_IN_TABLE = 100  # classes, beyond which the confusion matrix is left out of --json


@dataclass(frozen=True)
class WantedScores:
    """Scores by name, and what mistakes cost."""

    names: Sequence[str]
    costs: Costs | None


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
        if len(self.names) != self.answers.n:
            wanted = f"one a sample, {self.answers.n} in all"
            raise ShapeError(describe(self.answers.where, "names", wanted, f"{len(self.names)} long"))

    @cached_property
    def answers(self) -> Answers:
        """Labels and probabilities alone, as the questions of the diagnosis take them."""
        return Answers(self.labels, self.probabilities, self.class_names, f"evaluation of '{self.split}'")

    @property
    def outputs(self) -> np.ndarray:
        """The probabilities (N,K), as the network gave them."""
        return self.probabilities

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.answers.n

    @property
    def scores(self) -> np.ndarray:
        """Probabilities (N,K) with NaN, as a diverged model gives, counted as no confidence at all."""
        return self.answers.scores

    @property
    def predicted(self) -> np.ndarray:
        """Most probable class of each sample (N,); the first one on a tie."""
        return self.answers.predicted

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class (N,)."""
        return self.answers.confidence

    @property
    def accuracy(self) -> float:
        """Share of samples whose predicted class is the true one."""
        return float(np.mean(self.answers.right))

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return wilson_interval(int(np.sum(self.answers.right)), self.n)

    @property
    def headline(self) -> Headline:
        """The accuracy."""
        return ACCURACY.headline(self.accuracy, self.accuracy_interval)

    def wrong(self) -> np.ndarray:
        """Which samples (N,) are taken for another class."""
        return np.asarray(self.predicted != self.labels)

    @property
    def confusion(self) -> np.ndarray:
        """Counts (K,K), rows true, columns predicted."""
        return self.answers.confusion

    @cached_property
    def per_class(self) -> dict[str, np.ndarray]:
        """precision, recall, f1 (K,) floats, NaN where undefined, and n (K,) the number of true samples."""
        counts = Counts.of(self.answers)
        columns = {name: ratio(*parts_of(counts, name))[0] for name in ("precision", "recall", "f1")}
        return {**columns, "n": counts.true[0]}

    def class_rows(self) -> list[dict[str, Any]]:
        """The same as plain JSON, a row a class; None for what is undefined."""
        columns = self.per_class
        return [
            {"class": name, "n": int(columns["n"][k])}
            | {score: finite_number(columns[score][k]) for score in ("precision", "recall", "f1")}
            for k, name in enumerate(self.class_names)
        ]

    def large(self) -> dict[str, Any]:
        """The confusion matrix, of up to a hundred classes."""
        return {"confusion": self.confusion.tolist() if len(self.class_names) <= MOST_IN_TABLE else None}

    def _value(self, name: str) -> float | None:
        return score_all([name], self.answers, resamples=0)[0].value

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 of the classes that were true or predicted at least once."""
        return self._value("macro_f1")

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean recall of the classes that have samples."""
        return self._value("balanced_accuracy")

    @property
    def top5(self) -> float | None:
        """Share of samples whose true class is among the five most probable; None for five classes or fewer."""
        return self._value("top5")

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

    def to_metrics(self, wanted: WantedScores | None = None) -> dict[str, Any]:
        """The scores as plain JSON values; None for what is undefined or not finite.

        Loss, accuracy, the usual scores and the table of classes are always there; "scores" holds those that are wanted
        with n, interval and what there is to know of them.
        Raises UsageError for a name that is no score.
        """
        names, costs = (DEFAULT, None) if wanted is None else (wanted.names, wanted.costs)
        confused = [
            {"true": self.class_names[true], "predicted": self.class_names[said], "count": count}
            for true, said, count in self.most_confused(10)
        ]
        scores = score_all(names, self.answers, costs=costs)
        plain = score_all(DEFAULT, self.answers, resamples=0)
        return {
            "split": self.split,
            "n": self.n,
            "loss": finite_number(self.loss),
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.accuracy_interval),
            **{score.name: score.value for score in (*plain, *scores) if score.is_plain},
            "scores": [score.to_json() for score in scores],
            "per_class": self.class_rows(),
            "most_confused": confused,
        }
