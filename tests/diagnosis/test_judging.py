"""Whether models can judge labels: worked cases of good models, bad ones and few images."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.judging import judge, named
from pellucid.diagnosis.label_errors import find_label_errors
from pellucid.tasks.classification.diagnosing.labels import in_words

N, K = 5000, 10


def made(own_error: float, wrong: float, seed: int = 0, n: int = N) -> tuple[Answers, np.ndarray]:
    """Models that err where they are unsure, labels that are wrong at random, and which are (N,)."""
    random = np.random.default_rng(seed)
    true, sure = random.integers(0, K, n), random.random(n)
    errs = random.random(n) < 4 * own_error * (1 - sure) ** 3  # of the surest hardly any
    said = np.where(errs, (true + random.integers(1, K, n)) % K, true)
    labels = np.where(random.random(n) < wrong, (true + random.integers(1, K, n)) % K, true)
    p = np.full((n, K), 0.0)
    p[np.arange(n), said] = 0.5 + sure / 2
    p += (1 - p.sum(axis=1, keepdims=True)) / K
    return Answers(labels, p, tuple("abcdefghij")), labels != true


def answers_of(own_error: float, wrong: float, seed: int = 0, n: int = N) -> Answers:
    return made(own_error, wrong, seed, n)[0]


@pytest.mark.parametrize(
    ("own_error", "wrong", "verdict"),
    [(0.02, 0.0, "none"), (0.1, 0.0, "none"), (0.45, 0.0, "cannot"), (0.4, 0.1, "cannot"), (0.02, 0.1, "some"),
     (0.1, 0.1, "some"), (0.1, 0.03, "some")],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_the_verdict_and_its_share(own_error: float, wrong: float, verdict: str, seed: int) -> None:
    found = judge(answers_of(own_error, wrong, seed))
    assert found.verdict == verdict, found
    if verdict != "cannot":
        assert found.low - 0.01 <= wrong <= found.high + 0.01 and found.own_error == pytest.approx(own_error, abs=0.03)


@pytest.mark.parametrize(("own_error", "precision"), [(0.02, 0.9), (0.1, 0.7)])
def test_as_many_labels_are_named_as_are_wrong(own_error: float, precision: float) -> None:
    answers, wrong = made(own_error, 0.1)
    found = judge(answers)
    chosen = named(found, answers, find_label_errors(answers))
    assert len(chosen) == round(found.share * N) and wrong[chosen].mean() > precision
    own = answers.scores[chosen, answers.labels[chosen]]
    assert (np.diff(own) >= 0).all()


def test_without_a_share_of_wrong_labels_those_flagged_are_named() -> None:
    answers = answers_of(0.1, 0.0)
    found = find_label_errors(answers)
    assert named(judge(answers), answers, found).tolist() == found.suspects.tolist() and found.flagged.any()


def test_few_images_and_those_that_are_left_out() -> None:
    assert judge(answers_of(0.02, 0.1, n=49)).verdict == "cannot"
    answers = answers_of(0.02, 0.0)
    most = np.random.default_rng(1).random(N) < 0.8
    answers.labels[~most] = (answers.labels[~most] + 1) % K
    assert judge(answers, most).verdict == "none" and judge(answers).verdict == "some"


@pytest.mark.parametrize(("images", "classes"), [(374, 26), (3000, 10)])
def test_models_that_guess_say_nothing_of_labels(images: int, classes: int) -> None:
    for seed in range(5):  # their surest answers are as wrong as the others
        random = np.random.default_rng(seed)
        p = random.dirichlet(np.full(classes, 5.0), images)
        found = judge(Answers(random.integers(0, classes, images), p, tuple(map(str, range(classes)))))
        assert found.verdict == "cannot"
        told = in_words({"judgement": found.to_json(), "folds": 5, "named": 9, "wrong": 9.0, "judged": images})
        assert "so many that models may be wrong" in told


def test_each_verdict_in_words() -> None:
    def told(own_error: float, wrong: float, n: int = N) -> str:
        found = judge(answers_of(own_error, wrong, n=n)).to_json()
        return in_words({"judgement": found, "folds": 5, "named": 321, "wrong": 512.0, "judged": n})

    assert "Nothing can be said" in told(0.28, 0.0) and "themselves wrong on about 2" in told(0.28, 0.0)
    assert "80 images are too few" in told(0.02, 0.0, n=80) and "wrong on" not in told(0.02, 0.0, n=80)
    assert "No sign of training labels that are wrong at random" in told(0.1, 0.0) and "321 labels" in told(0.1, 0.0)
    assert told(0.02, 0.1).startswith("About 512 of 5,000 training labels are wrong (")
