"""Confident learning worked by hand, planted label errors found on real digits, folds that keep their promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.folds import fold_numbers
from pellucid.data.images import ArrayImages
from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.label_errors import estimated_errors, find_label_errors
from pellucid.errors import ArgumentError, DataError, UsageError
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data
from pellucid.tasks.classification.diagnosing.labels import answers_of, known_of
from pellucid.using.cross_validation import answers_without, cross_validate

#      label    p(a)  p(b)  p(c)
CASE = [("a", (0.90, 0.05, 0.05)),
        ("a", (0.80, 0.10, 0.10)),
        ("a", (0.10, 0.90, 0.00)),
        ("b", (0.20, 0.70, 0.10)),
        ("b", (0.30, 0.50, 0.20)),
        ("b", (0.70, 0.20, 0.10)),
        ("c", (0.00, 0.20, 0.80)),
        ("c", (0.30, 0.30, 0.40))]  # fmt: skip


def case() -> Answers:
    labels = np.array(["abc".index(label) for label, _ in CASE])
    return Answers(labels, np.array([p for _, p in CASE]), ("a", "b", "c"))


def test_by_hand() -> None:
    # thresholds: a (0.9 + 0.8 + 0.1) / 3 = 0.6;  b (0.7 + 0.5 + 0.2) / 3 = 0.4667;  c (0.8 + 0.4) / 2 = 0.6
    # confident classes: 0 a, 1 a, 2 b, 3 b, 4 b, 5 a, 6 c, 7 none
    found = find_label_errors(case())
    assert found.thresholds == pytest.approx([0.6, 1.4 / 3, 0.6])
    assert found.joint.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 1]]
    assert np.flatnonzero(found.flagged).tolist() == [2, 5]
    # Q's rows are scaled to the counts of the labels (3, 3, 2), which sum to 8: off the diagonal 3 * 1/3 + 3 * 1/3
    assert found.estimated == pytest.approx(2.0)
    # margins p[y] - max of the others: 0.85, 0.7, -0.8, 0.5, 0.2, -0.5, 0.6, 0.1
    assert found.score == pytest.approx([0.85, 0.7, -0.8, 0.5, 0.2, -0.5, 0.6, 0.1])
    assert found.order.tolist() == [2, 5, 7, 4, 3, 6, 1, 0] and found.suspects.tolist() == [2, 5]
    assert found.suggested[[2, 5, 7]].tolist() == [1, 0, 0]
    by_confidence = find_label_errors(case(), ranking="confidence")
    assert by_confidence.order.tolist() == [2, 5, 7, 4, 3, 1, 6, 0]  # 1 and 6 tie at 0.8: the order of the data
    told = found.to_json()
    assert told["pairs"] == [{"given": "a", "suggested": "b", "count": 1}, {"given": "b", "suggested": "a", "count": 1}]
    assert (told["n"], told["judged"], told["flagged"], told["estimated"]) == (8, 8, 2, 2.0)


def test_the_estimate_by_hand() -> None:
    # labelled a: 40 samples, of 20 counted 5 are b; labelled b: 60, of 30 counted 3 are a: 40 * 1/4 + 60 * 1/10 = 16
    assert estimated_errors(np.array([[15, 5], [3, 27]]), np.array([40, 60])) == pytest.approx(16)
    # a class of which no sample is counted is taken for right
    assert estimated_errors(np.array([[15, 5], [0, 0]]), np.array([40, 60])) == pytest.approx(10)


def test_samples_that_are_not_judged() -> None:
    judged = np.arange(8) != 2
    found = find_label_errors(case(), judged=judged)
    assert found.thresholds[0] == pytest.approx(0.85) and found.order[-1] == 2 and not found.flagged[2]
    p = np.array([[1, 0, 0]] * 2 + [[0, 1, 0]] * 2 + [[0.4, 0.6, 0]])
    lone = Answers(np.array([0, 0, 1, 1, 2]), p, tuple("abc"))
    without = find_label_errors(lone, judged=np.arange(5) < 4)
    assert np.isnan(without.thresholds[2]) and without.to_json()["thresholds"] == [1.0, 1.0, None]
    assert without.flagged.sum() == 0 and without.estimated == 0


def test_bad_input() -> None:
    with pytest.raises(ArgumentError, match="ranking must be 'margin' or 'confidence', but it is 'noise'"):
        find_label_errors(case(), ranking="noise")
    with pytest.raises(DataError, match="all samples are of one class"):
        find_label_errors(Answers(np.zeros(3, int), np.full((3, 2), 0.5), ("a", "b")))
    with pytest.raises(DataError, match=r"label errors: the model's outputs are no probabilities .*softmax"):
        find_label_errors(Answers(np.array([0, 1]), np.array([[3.0, -1], [0, 2]]), ("a", "b")))


def part_of(labels: np.ndarray, groups: np.ndarray | None = None) -> Part:
    n = len(labels)
    pixels = ArrayImages(np.zeros((n, 2, 2, 1), np.uint8))
    return Part(pixels, Classes(labels), [str(i) for i in range(n)], np.arange(n), groups)


def test_folds_are_even_in_every_class() -> None:
    labels = np.random.default_rng(0).choice(4, 203, p=[0.5, 0.3, 0.15, 0.05])
    numbers = fold_numbers(part_of(labels), 5, key=Key.of(3), where="test")
    for k in range(4):
        assert np.ptp(np.bincount(numbers[labels == k], minlength=5)) <= 1
    assert np.ptp(np.bincount(numbers)) <= 1
    assert np.array_equal(numbers, fold_numbers(part_of(labels), 5, key=Key.of(3), where="test"))
    assert not np.array_equal(numbers, fold_numbers(part_of(labels), 5, key=Key.of(4), where="test"))


def test_folds_tear_no_group_apart() -> None:
    random = np.random.default_rng(0)
    groups = np.array([f"p{i}" for i in random.integers(0, 23, 200)])
    labels = np.append(random.integers(0, 3, 199), 3)  # one class has a single sample
    numbers = fold_numbers(part_of(labels, groups), 4, key=Key.of(0), where="test")
    assert all(len(set(numbers[groups == group])) == 1 for group in set(groups)) and set(numbers) == {0, 1, 2, 3}


def test_folds_that_cannot_be() -> None:
    labels = np.array([0, 1, 0, 1])
    with pytest.raises(ArgumentError, match="--folds must be from 2 to 4, the images there are, but it is 1"):
        fold_numbers(part_of(labels), 1, key=Key.of(0), where="test")
    with pytest.raises(DataError, match=r"at most the number of groups, 2, but it is 3\. Type --folds 2"):
        fold_numbers(part_of(labels, np.array(list("aabb"))), 3, key=Key.of(0), where="test")


DIGITS = RunConfig(data="digits", model="FC_32", epochs=12, limit=1000, patience=4, lr=0.01)


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray]:
    """3 % of the digits mislabelled: which samples are flagged, and which were mislabelled."""
    data = load_data(DIGITS)
    part, random = data.part("train"), np.random.default_rng(7)
    wrong = np.zeros(len(part), bool)
    wrong[random.permutation(len(part))[: round(0.03 * len(part))]] = True
    labels = np.where(wrong, (part.labels + random.integers(1, 10, len(part))) % 10, part.labels)
    noisy = replace(data, parts={**data.parts, "train": replace(part, annotations=Classes(labels))})
    validated = cross_validate(DIGITS, folds=3, dataset=noisy)
    answers = answers_of(validated)
    assert known_of(validated).all() and np.bincount(validated.fold).tolist() == [300, 300, 300]
    assert (answers.predicted == part.labels).mean() > 0.85
    found = find_label_errors(answers)
    return wrong, found.order


def test_planted_label_errors_come_first(planted: tuple[np.ndarray, np.ndarray]) -> None:
    wrong, order = planted
    assert wrong[order[: wrong.sum()]].mean() > 0.6  # by chance it would be 0.03
    assert wrong[order[: 3 * wrong.sum()]].sum() >= 0.9 * wrong.sum()


def test_a_model_does_not_see_what_it_judges() -> None:
    """Labels of the held-out fold play no part in its answers."""
    data = load_data(replace(DIGITS, epochs=1, limit=300))
    part = data.part("train")
    kept, held_out = part.subset(np.arange(60, len(part))), part.subset(np.arange(60))
    config = replace(DIGITS, epochs=1, limit=300)
    relabelled = replace(held_out, annotations=Classes((held_out.labels + 3) % 10))
    first, again = (answers_without(config, data, kept, part)[0].outputs for part in (held_out, relabelled))
    assert np.array_equal(first, again) and first.shape == (60, 10)


def test_a_run_that_went_on_from_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the run went on from old\.safetensors, whose weights may have seen"):
        cross_validate(replace(DIGITS, model="old.safetensors"))


def test_a_class_with_one_sample_is_not_judged() -> None:
    data = load_data(replace(DIGITS, epochs=1, limit=300))
    part = data.part("train")
    keep = np.append(np.flatnonzero(part.labels != 9), np.flatnonzero(part.labels == 9)[:1])
    thin = replace(data, parts={**data.parts, "train": part.subset(np.sort(keep))})
    validated = cross_validate(replace(DIGITS, epochs=1, limit=300), folds=2, dataset=thin)
    known = known_of(validated)
    assert (~known).sum() == 1 and validated.part.labels[~known].tolist() == [9]
    assert np.isnan(find_label_errors(answers_of(validated), judged=known).thresholds[9])
