"""Slices: quiet where no part is worse, a planted one is found, the arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.slices import chances, holm, worse_slices
from pellucid.diagnosis.tags import Tags, class_tags, column_tags


def part(seed: int, *, n: int = 2000, worse: str = "", rate: float = 0.25) -> tuple[Answers, Tags]:
    """Answers that are wrong in 8 of 100 cases, and 40 tags of which `worse` is wrong at `rate`."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, n)
    groups = random.integers(0, 12, n)
    marks = {f"tag {t}": random.random(n) < 0.1 for t in range(18)}
    tags = Tags.joined([
        class_tags(labels, tuple("abcdefghij")), column_tags("group", [f"g{group}" for group in groups]),
        Tags.of("measured", marks, n),
    ])  # fmt: skip
    chance = np.full(n, 0.08)
    if worse:
        chance[tags.marks[:, tags.names.index(worse)]] = rate
    wrong = random.random(n) < chance
    return Answers(labels, np.eye(10)[(labels + wrong) % 10], tuple("abcdefghij")), tags


def test_quiet_on_20_seeds() -> None:
    found = [worse_slices(*part(seed)) for seed in range(20)]
    assert [one.worse for one in found] == [()] * 20
    assert {one.tried for one in found} == {40} and {one.too_small for one in found} == {0}


def test_false_alarms_are_as_rare_as_promised() -> None:
    alarms = sum(bool(worse_slices(*part(1000 + seed)).worse) for seed in range(200))
    assert alarms <= 6  # one of a hundred is promised; 7 or more of 200 would come by chance in 1 of 200 cases


@pytest.mark.parametrize("worse", ["tag 3", "group=g5", "class d"])
def test_a_planted_slice_is_found(worse: str) -> None:
    for seed in range(20):
        found = worse_slices(*part(seed, worse=worse))
        assert [one.tag for one in found.worse] == [worse], seed
        one = found.worse[0]
        assert one.difference_interval[0] > 0 and one.p <= 0.01 and one.error > one.rest_error


def test_chances_are_those_of_scipy() -> None:
    random = np.random.default_rng(5)
    for n in (1, 2, 9, 150, 20_000):
        total = int(random.integers(0, n + 1))
        sizes = random.integers(1, n + 1, 9)
        mistakes = np.array([random.integers(0, min(total, size) + 1) for size in sizes])
        wanted = hypergeom.sf(mistakes - 1, n, total, sizes)
        assert chances(mistakes, sizes, total, n) == pytest.approx(wanted, rel=1e-7, abs=1e-300), n


def test_by_hand() -> None:
    # 40 samples, 10 wrong; of the 20 with the tag 9 are wrong: 9/20 - 1/20 = 0.4
    has = np.arange(40) < 20
    wrong = (np.arange(40) < 9) | (np.arange(40) == 39)
    answers = Answers(np.zeros(40, int), np.eye(2)[wrong.astype(int)], ("a", "b"))
    tags = Tags.of("given", {"tag": has, "small": np.arange(40) < 19}, 40)
    found = worse_slices(answers, tags)
    (one,) = found.worse
    assert (one.tag, one.n, one.mistakes, one.error, one.rest_error) == ("tag", 20, 9, 0.45, 0.05)
    assert one.difference == pytest.approx(0.4) and one.p == pytest.approx(
        fisher_exact([[9, 11], [1, 19]], alternative="greater").pvalue)  # fmt: skip
    assert (found.tried, found.too_small, found.level, found.least) == (1, 1, 0.01, 20)
    assert found.to_json()["worse"][0]["tag"] == "tag"


def test_the_surest_comes_first() -> None:
    answers, tags = part(0, n=4000, worse="tag 3", rate=0.5)
    again, _ = part(0, n=4000, worse="group=g5", rate=0.3)
    both = Answers(answers.labels, np.where(again.right[:, None], answers.scores, again.scores), answers.class_names)
    found = worse_slices(both, tags).worse
    assert [one.tag for one in found][:2] == ["tag 3", "group=g5"]


def test_holm_by_hand() -> None:
    # ordered 0.01 0.02 0.03 0.04 times 4 3 2 1: 0.04 0.06 0.06 0.04, never falling: 0.04 0.06 0.06 0.06
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0] and holm(np.array([])).tolist() == []


def test_no_mistakes_and_no_tags() -> None:
    perfect = Answers(np.zeros(60, int), np.eye(2)[np.zeros(60, int)], ("a", "b"))
    assert worse_slices(perfect, Tags.of("given", {"half": np.arange(60) < 30}, 60)).worse == ()
    assert worse_slices(perfect, Tags.of("given", {}, 60)).tried == 0
