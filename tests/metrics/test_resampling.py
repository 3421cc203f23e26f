"""The bootstrap: the same spread as scoring thousand drawn samples one by one, and an interval that holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.calibration import reliability
from pellucid.diagnosis.intervals import Z_95
from pellucid.diagnosis.resampling import Counts, drawn_counts, drawn_samples, percentile_interval, resamples_for
from pellucid.diagnosis.scores import score_all
from pellucid.keys import Key


def weak(seed: int, n: int = 300, classes: int = 4) -> Answers:
    """A weak classifier's answers."""
    random = np.random.default_rng(seed)
    labels = random.choice(classes, n, p=[0.4, 0.3, 0.2, 0.1])
    raw = random.dirichlet(np.ones(classes), n)
    raw[np.arange(n), labels] += 0.4 * random.random(n)
    return Answers(labels, raw / raw.sum(axis=1, keepdims=True), tuple("abcd"))


@pytest.mark.parametrize("stratified", [True, False])
def test_drawn_counts_are_those_of_drawn_samples(stratified: bool) -> None:
    answers, draws = weak(0), 4000
    counts = drawn_counts(answers, draws, Key.of(1), stratified=stratified)
    chunks = list(drawn_samples(answers.labels, draws, Key.of(2), stratified=stratified))
    weights = np.concatenate(chunks, axis=1)
    assert weights.shape == (300, draws) and (weights.sum(axis=0) == 300).all() and len(chunks) > 1
    one_hot, said = np.eye(4)[answers.labels], np.eye(4)[answers.predicted]
    sampled = Counts(*((x.T @ weights).T for x in (one_hot * answers.right[:, None], one_hot, said)))
    for name in ("right", "true", "said"):
        by_count, by_sample = getattr(counts, name), getattr(sampled, name)
        assert by_count.mean(axis=0) == pytest.approx(by_sample.mean(axis=0), abs=0.6)
        assert np.cov(by_count.T).ravel() == pytest.approx(np.cov(by_sample.T).ravel(), abs=4)
    true = np.bincount(answers.labels, minlength=4)
    assert (counts.true == true).all() == stratified and (sampled.true == true).all() == stratified


def test_the_spread_is_that_of_draws_scored_one_by_one() -> None:
    answers, random = weak(1), np.random.default_rng(0)
    groups = [np.flatnonzero(answers.labels == k) for k in range(4)]
    scores: dict[str, list[float]] = {"macro_f1": [], "auroc": [], "ece": []}
    for _ in range(150):
        rows = np.concatenate([random.choice(group, len(group)) for group in groups])
        y, p = answers.labels[rows], answers.probabilities[rows]
        scores["macro_f1"].append(sk.f1_score(y, p.argmax(axis=1), average="macro"))
        scores["auroc"].append(sk.roc_auc_score(y, p, multi_class="ovr"))
        scores["ece"].append(reliability(Answers(y, p, answers.class_names)).ece)
    for score in score_all(list(scores), answers, resamples=2000):
        assert score.method == "bootstrap" and score.interval is not None
        spread = float(np.std(scores[score.name]))
        assert sum(score.interval) / 2 == pytest.approx(np.mean(scores[score.name]), abs=0.3 * spread), score
        assert np.diff(score.interval) / (2 * Z_95) == pytest.approx(spread, rel=0.15), score


def test_the_interval_holds_the_truth_in_about_95_of_100() -> None:
    truth = score_all(["macro_f1"], weak(99, n=200_000), resamples=0)[0].value
    assert truth is not None
    found = [score_all(["macro_f1"], weak(seed))[0].interval for seed in range(200)]
    held = [interval is not None and interval[0] <= truth <= interval[1] for interval in found]
    assert 0.90 <= np.mean(held) <= 0.99


def test_a_seed_gives_one_interval() -> None:
    first, again, other = (
        score_all(["macro_f1", "ece"], weak(2), key=Key.of(seed))[1].interval for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_choice_of_strata_shows() -> None:
    answers = weak(3)
    fixed, free = (score_all(["recall:d", "macro_f1"], answers, stratified=s)[1].interval for s in (True, False))
    assert fixed and free and fixed != free


def test_what_cannot_have_an_interval_says_so() -> None:
    perfect = Answers(np.array([0, 0, 1, 1]), np.eye(2)[[0, 0, 1, 1]], ("a", "b"))
    accuracy, f1 = score_all(["accuracy", "macro_f1"], perfect)
    assert accuracy.interval == pytest.approx((0.5101, 1.0), abs=1e-4)  # Wilson does not take four of four for certain
    assert f1.interval is None and f1.note == "no interval: every draw scores the same"
    rare = Answers(np.array([0] * 9 + [1]), np.full((10, 2), 0.5), ("a", "b"))
    lost = score_all(["recall:b", "auroc"], rare, stratified=False)[1]
    assert lost.interval is None and lost.note == "no interval: a class is missing from some draws"


def test_large_parts_are_drawn_less_often() -> None:
    assert [resamples_for(n) for n in (10, 20_000, 50_000, 10**7)] == [1000, 1000, 400, 200]
    assert percentile_interval(np.arange(1001.0)) == (25.0, 975.0)
