"""The scores of one part: against scikit-learn's own functions, by hand, and with classes that are absent."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn import metrics as sk

from pellucid.errors import DataError, ShapeError
from pellucid.tasks.classification.evaluation import Evaluation


def make(labels: list[int], predicted: list[int], *, classes: int, confidence: list[float] | None = None) -> Evaluation:
    """An evaluation whose predictions are as given; the confidence in them 0.9 unless told."""
    sure = np.full(len(labels), 0.9) if confidence is None else np.asarray(confidence)
    probabilities = np.repeat(((1 - sure) / max(classes - 1, 1))[:, None], classes, axis=1)
    probabilities[np.arange(len(labels)), predicted] = sure
    names = [f"sample {i}" for i in range(len(labels))]
    return Evaluation("test", np.array(labels), probabilities, tuple(f"c{k}" for k in range(classes)), names, 0.25)


def test_scores_equal_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    labels, probabilities = rng.integers(0, 7, 211), rng.dirichlet(np.ones(7), 211)
    found = Evaluation("test", labels, probabilities, tuple("abcdefg"), [""] * 211, 1.5)
    predicted = probabilities.argmax(axis=1)
    assert found.accuracy == pytest.approx(sk.accuracy_score(labels, predicted), abs=1e-15)
    assert found.confusion.tolist() == sk.confusion_matrix(labels, predicted).tolist()
    assert found.macro_f1 == pytest.approx(sk.f1_score(labels, predicted, average="macro"), abs=1e-12)
    assert found.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(labels, predicted), abs=1e-12)
    assert found.top5 == pytest.approx(sk.top_k_accuracy_score(labels, probabilities, k=5), abs=1e-12)


def test_confusion_by_hand_has_true_rows() -> None:
    # c0: 2 right, 1 called c1.  c1: 1 right.  c2: 1 called c0.
    found = make([0, 0, 0, 1, 2], [0, 0, 1, 1, 0], classes=3)
    assert found.confusion.tolist() == [[2, 1, 0], [0, 1, 0], [1, 0, 0]]
    # precision of c0 = 2 of 3 predicted, recall = 2 of 3 true; c1: 1 of 2, 1 of 1; c2: never predicted, 0 of 1
    scores = found.per_class
    assert scores["precision"][:2] == pytest.approx([2 / 3, 1 / 2]) and math.isnan(scores["precision"][2])
    assert scores["recall"] == pytest.approx([2 / 3, 1.0, 0.0])
    assert scores["f1"] == pytest.approx([2 / 3, 2 / 3, 0.0])
    assert scores["n"].tolist() == [3, 1, 1]
    assert found.most_confused(5) == [(0, 1, 1), (2, 0, 1)]


def test_absent_class_is_none_and_not_counted() -> None:
    found = make([0, 0, 1], [0, 3, 1], classes=5)  # c2 and c4 neither true nor predicted, c3 only predicted
    assert found.balanced_accuracy == pytest.approx((0.5 + 1.0) / 2)
    assert found.macro_f1 == pytest.approx((2 / 3 + 1.0 + 0.0) / 3)  # c0, c1 and c3, as scikit-learn counts
    per_class = found.to_metrics()["per_class"]
    assert per_class[2] == {"class": "c2", "n": 0, "precision": None, "recall": None, "f1": None}
    assert per_class[3] == {"class": "c3", "n": 0, "precision": 0.0, "recall": None, "f1": 0.0}


def test_worst_mistakes_are_the_most_confident_ones() -> None:
    found = make([0, 1, 1, 0], [1, 1, 0, 1], classes=2, confidence=[0.6, 0.99, 0.8, 0.7])
    assert found.worst_mistakes(10).tolist() == [2, 3, 0]
    assert found.worst_mistakes(2).tolist() == [2, 3]
    assert make([0, 1], [0, 1], classes=2).worst_mistakes(24).tolist() == []


def test_metrics_are_plain_json_even_for_a_diverged_model() -> None:
    broken = Evaluation("test", np.array([0, 1]), np.full((2, 2), np.nan), ("a", "b"), ["x", "y"], float("nan"))
    metrics = json.loads(json.dumps(broken.to_metrics(), allow_nan=False))
    assert metrics["loss"] is None and metrics["accuracy"] == 0.5 and metrics["n"] == 2
    assert "top5" not in metrics
    assert make([0], [0], classes=6).to_metrics()["top5"] == 1.0


def test_nan_is_no_confidence() -> None:
    answers = np.array([[np.nan, 0.4, 0.3], [0.2, np.nan, 0.1]])
    found = Evaluation("test", np.array([1, 0]), answers, ("a", "b", "c"), ["x", "y"], 0.1)
    assert found.predicted.tolist() == [1, 0] and found.confidence.tolist() == [0.4, 0.2]


def test_sizes_that_disagree_are_refused() -> None:
    good = np.full((2, 2), 0.5)
    with pytest.raises(ShapeError, match=r"probabilities must be \(N, K\) = \(2, 2\), but it is of shape \(2, 3\)"):
        Evaluation("test", np.array([0, 1]), np.full((2, 3), 0.3), ("a", "b"), ["x", "y"], 0.1)
    with pytest.raises(ShapeError, match=r"labels must be one number a sample"):
        Evaluation("test", np.array([[0], [1]]), good, ("a", "b"), ["x", "y"], 0.1)
    with pytest.raises(ShapeError, match=r"names must be one a sample, 2 in all, but it is 1 long"):
        Evaluation("test", np.array([0, 1]), good, ("a", "b"), ["x"], 0.1)
    with pytest.raises(DataError, match=r"class number from 0 to 1, but it is from 0 to 2"):
        Evaluation("test", np.array([0, 2]), good, ("a", "b"), ["x", "y"], 0.1)
    with pytest.raises(DataError, match=r"at least one sample, but it is empty"):
        Evaluation("test", np.array([], dtype=int), np.zeros((0, 2)), ("a", "b"), [], 0.1)
