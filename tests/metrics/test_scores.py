"""Scores by name: worked by hand, scikit-learn as the second opinion, and what is said where none is defined."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.costs import Costs
from pellucid.diagnosis.scores import DEFAULT, Score, score_all
from pellucid.errors import ArgumentError, DataError, ShapeError, UsageError


def answers_of(labels: list[int], predicted: list[int], classes: int, sure: float = 0.9) -> Answers:
    """Answers that name `predicted`, each with the probability `sure`."""
    probabilities = np.full((len(labels), classes), (1 - sure) / max(classes - 1, 1))
    probabilities[np.arange(len(labels)), predicted] = sure
    return Answers(np.array(labels), probabilities, tuple("abcdefgh"[:classes]))


def value(name: str, answers: Answers, costs: Costs | None = None) -> float | None:
    return score_all([name], answers, resamples=0, costs=costs)[0].value


@pytest.fixture(scope="module")
def noisy() -> Answers:
    """400 samples of seven classes of unequal size, some of them told well, with many equal probabilities."""
    random = np.random.default_rng(5)
    labels = random.choice(7, 400, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    raw = random.dirichlet(np.ones(7), 400)
    raw[np.arange(400), labels] += random.random(400)
    coarse = np.round(raw / raw.sum(axis=1, keepdims=True), 1) + 0.001
    return Answers(labels, coarse / coarse.sum(axis=1, keepdims=True), tuple("abcdefg"))


def test_by_hand() -> None:
    # true   a a a b c c      confusion a: 2 right, 1 said b; b: 1 right; c: 1 right, 1 said a
    # said   a a b b c a      said in all: a 3, b 2, c 1
    answers = answers_of([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0], 3)
    assert value("accuracy", answers) == pytest.approx(4 / 6)
    assert value("error", answers) == pytest.approx(2 / 6)
    assert value("balanced_accuracy", answers) == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert value("macro_precision", answers) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert value("weighted_precision", answers) == pytest.approx((3 * 2 / 3 + 1 * 1 / 2 + 2 * 1) / 6)
    # F1 = 2 right / (true + said): a 4/6, b 2/3, c 2/3;  F2 = 5 right / (4 true + said): a 10/15, b 5/6, c 5/9
    assert value("macro_f1", answers) == pytest.approx(2 / 3)
    assert value("macro_f2", answers) == pytest.approx((10 / 15 + 5 / 6 + 5 / 9) / 3)
    assert value("f2:c", answers) == pytest.approx(5 / 9)
    # F0.5 = 1.25 right / (0.25 true + said): c 1.25 / 1.5
    assert value("f0.5:c", answers) == pytest.approx(1.25 / 1.5)
    assert value("precision:b", answers) == 0.5 and value("recall:b", answers) == 1.0
    found = score_all(["precision:b", "recall:c"], answers)
    assert [(score.n, score.method) for score in found] == [(2, "wilson"), (2, "wilson")]


def test_weighted_error_by_hand() -> None:
    answers = answers_of([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0], 3)  # mistakes: a said b, c said a
    # a mistake on a costs 1, on b 2, on c 5: (1 + 5) / (3*1 + 1*2 + 2*5)
    assert value("weighted_error", answers, Costs.of_classes([1, 2, 5])) == pytest.approx(6 / 15)
    assert value("weighted_error", answers, Costs.of_classes([1, 1, 1])) == pytest.approx(value("error", answers))
    matrix = [[0, 3, 1], [1, 0, 1], [7, 1, 0]]
    assert value("weighted_error", answers, Costs.of_pairs(matrix)) == pytest.approx((3 + 7) / 6)


def test_auroc_by_hand() -> None:
    # probabilities of b:  b 0.9, b 0.4, a 0.6, a 0.4, a 0.1.  Pairs (b, a) in the right order: 0.9 beats three; 0.4
    # loses to 0.6, ties with 0.4, beats 0.1.  (3 + 0 + 1/2 + 1) of 6 pairs
    chance = np.array([0.9, 0.4, 0.6, 0.4, 0.1])
    answers = Answers(np.array([1, 1, 0, 0, 0]), np.stack([1 - chance, chance], axis=1), ("a", "b"))
    assert value("auroc", answers) == pytest.approx(4.5 / 6)
    assert value("auroc:a", answers) == pytest.approx(4.5 / 6)


def test_top_k_by_hand() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    answers = Answers(np.array([0, 2, 2]), scores, tuple("abc"))
    assert value("top1", answers) == pytest.approx(1 / 3) and value("top2", answers) == pytest.approx(2 / 3)
    whole = score_all(["top3"], answers)[0]
    assert whole.value is None and "with 3 classes or fewer" in whole.note


def test_scikit_learn_agrees(noisy: Answers) -> None:
    y, said, p = noisy.labels, noisy.predicted, noisy.probabilities
    for beta in (0.5, 1, 2):
        for average in ("macro", "weighted"):
            told = sk.fbeta_score(y, said, beta=beta, average=average)
            assert value(f"{average}_f{beta:g}", noisy) == pytest.approx(told, abs=1e-12)
    for average in ("macro", "weighted"):
        assert value(f"{average}_precision", noisy) == pytest.approx(sk.precision_score(y, said, average=average))
        assert value(f"{average}_recall", noisy) == pytest.approx(sk.recall_score(y, said, average=average))
    assert value("balanced_accuracy", noisy) == pytest.approx(sk.balanced_accuracy_score(y, said))
    assert value("auroc", noisy) == pytest.approx(sk.roc_auc_score(y, p, multi_class="ovr", average="macro"))
    assert value("auroc:c", noisy) == pytest.approx(sk.roc_auc_score(y == 2, p[:, 2]))
    apart = p - 1e-6 * np.arange(7)  # on a tie the first class comes first here, the last one there
    told = sk.top_k_accuracy_score(y, apart, k=3)
    assert value("top3", noisy) == value("top3", Answers(y, apart, noisy.class_names)) == pytest.approx(told)
    weights = np.array([1, 2, 3, 4, 5, 6, 7.0])[y]
    told = 1 - sk.accuracy_score(y, said, sample_weight=weights)
    assert value("weighted_error", noisy, Costs.of_classes([1, 2, 3, 4, 5, 6, 7])) == pytest.approx(told)


def test_one_class_only() -> None:
    found = {score.name: score for score in score_all([*DEFAULT, "auroc"], answers_of([1, 1, 1], [1, 1, 0], 6))}
    assert found["auroc"].value is None and "all samples are of the class 'b'" in found["auroc"].note
    assert found["balanced_accuracy"].value == pytest.approx(2 / 3)
    assert found["balanced_accuracy"].note == "left out, without a sample: a, c, d and 2 more"
    assert found["macro_f1"].note == "left out, neither true nor predicted: c, d, e and 1 more"


def test_auroc_of_many_classes_has_no_interval() -> None:
    random = np.random.default_rng(0)
    p, y = random.dirichlet(np.ones(60), 300), np.arange(300) % 59
    score = score_all(["auroc"], Answers(y, p, tuple(f"c{k}" for k in range(60))))[0]
    told = np.mean([sk.roc_auc_score(y == k, p[:, k]) for k in range(59)])
    assert score.value == pytest.approx(told) and score.interval is None
    left_out, slow = score.note.split("; ")
    assert left_out == "left out, without a sample: 1 of 60 classes"
    assert slow == "no interval: with more than 50 classes it would take minutes"


def test_a_class_with_one_sample() -> None:
    answers = answers_of([0, 0, 0, 1, 1, 1, 2], [0, 0, 1, 1, 1, 0, 2], 3)
    f1, recall = score_all(["macro_f1", "recall:c"], answers)
    assert f1.interval is not None and f1.note == "the interval is too narrow: one sample only of c"
    assert recall.interval == pytest.approx((0.2065, 1.0), abs=1e-4) and recall.note == ""
    assert score_all(["macro_f1"], answers, stratified=False)[0].note != f1.note


def test_a_class_that_is_absent() -> None:
    answers = answers_of([0, 0, 1], [0, 0, 0], 3)
    found = {name: score_all([name], answers)[0] for name in ("precision:b", "recall:c", "f1:c", "auroc:c", "f1:b")}
    assert (found["precision:b"].value, found["precision:b"].note) == (None, "the class is never predicted")
    assert (found["recall:c"].value, found["recall:c"].note) == (None, "the class has no sample")
    assert (found["f1:c"].value, found["f1:c"].note) == (None, "the class is neither true nor predicted anywhere")
    assert (found["auroc:c"].value, found["auroc:c"].note) == (None, "the class has no sample")
    assert found["f1:b"].value == 0.0
    assert score_all(["macro_precision"], answers, resamples=0)[0].note == "left out, never predicted: b, c"


def test_outputs_that_are_no_probabilities() -> None:
    logits = np.array([[3.0, -1.0], [0.5, 2.0]])
    answers = Answers(np.array([0, 1]), logits, ("a", "b"))
    found = {score.name: score for score in score_all(["accuracy", "auroc", "ece"], answers)}
    assert found["accuracy"].value == 1.0 and found["auroc"].value == 1.0
    assert found["ece"].value is None
    assert "no probabilities (from -1 to 3 with sums from 2 to 2.5)" in found["ece"].note
    assert "activation='softmax'" in found["ece"].note
    broken = Answers(np.array([0, 1]), np.array([[np.nan, 1], [0.5, 0.5]]), ("a", "b"))
    assert "not finite for 1 of 2 samples" in score_all(["ece"], broken)[0].note


@pytest.mark.parametrize(
    ("name", "told"),
    [("f1:z", "the class in 'f1:z' must be one of a, b"), ("top0", "k must be 1 or more"),
     ("weighted_error", "--costs FILE"), ("acuracy", "there is no score 'acuracy'. Choose from: accuracy, error")],
)  # fmt: skip
def test_a_name_that_is_no_score(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=r".") as fault:
        score_all([name], answers_of([0, 1], [0, 1], 2))
    assert told in str(fault.value)


def test_other_bad_input() -> None:
    answers = answers_of([0, 1], [0, 1], 2)
    with pytest.raises(ArgumentError, match="resamples must be 0 or more, but it is -1"):
        score_all(["accuracy"], answers, resamples=-1)
    with pytest.raises(UsageError, match="costs must be those of 2 classes, but it is those of 3"):
        score_all(["weighted_error"], answers, costs=Costs.of_classes([1, 1, 1]))
    with pytest.raises(ShapeError, match=r"matrix must be \(K, K\)"):
        Costs.of_pairs([[0, 1]])
    with pytest.raises(DataError, match="the cost of a right answer must be 0, but it is 2"):
        Costs.of_pairs([[0, 1], [1, 2]])
    with pytest.raises(DataError, match="numbers from 0 on, one of them above 0"):
        Costs.of_classes([0, 0])


def test_json_is_plain() -> None:
    assert Score("accuracy", 0.5, 2, (0.1, 0.9), "wilson").to_json() == {
        "name": "accuracy", "value": 0.5, "n": 2, "interval": [0.1, 0.9], "method": "wilson", "note": ""
    }  # fmt: skip
    assert Score("auroc", None, 2, note="one class").to_json()["interval"] is None
