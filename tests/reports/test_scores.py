"""Scores in words: shares in percent, others with their unit; and a headline that comes from a file."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.reports.scores import LESS, MORE, SHARE, Headline, Score, heading
from pellucid.tasks.stored import headline_in, task_in

ACCURACY, MAE = Score("accuracy", MORE, SHARE), Score("mae", LESS, "degrees")


@pytest.mark.parametrize(
    ("score", "value", "plain", "worded"),
    [
        (ACCURACY, 0.98612, "0.9861", "98.61 %"), (ACCURACY, 1.0, "1.0000", "100 %"),
        (MAE, 6.51234567, "6.5123", "6.512 degrees"), (MAE, 12345.6, "12346", "1.235e+04 degrees"),
        (Score("r2"), 0.00001234, "1.2340e-05", "1.234e-05"),
    ],
)  # fmt: skip
def test_values_in_words(score: Score, value: float, plain: str, worded: str) -> None:
    assert (score.plain(value), score.worded(value)) == (plain, worded)
    assert score.worded(None) == score.worded(float("nan")) == "\N{EN DASH}"


def test_differences_in_words() -> None:
    assert ACCURACY.difference(-0.0123, (-0.02, 0.004)) == "-1.23 points (-2.00 to +0.40)"
    assert MAE.difference(0.5, (0.25, 0.75)) == "+0.5 degrees (+0.25 to +0.75)"
    assert MAE.difference(0.5, None) == "+0.5 degrees (interval not known)"


def test_a_headline_in_a_line() -> None:
    assert ACCURACY.headline(0.5, (0.4, 0.6)).line("test", 1000, "weights of epoch 3") == (
        "test accuracy 0.5000 (0.4000 to 0.6000, 1,000 images, weights of epoch 3)"
    )
    assert MAE.headline(6.5, None).line("test", 9) == "test mae 6.5000 degrees (9 images)"


@pytest.mark.parametrize("odd", [
    None, 7, [], {}, {"name": ""}, {"value": None}, {"value": "6"}, {"value": True}, {"value": float("inf")},
    {"better": "larger"}, {"better": []}, {"name": "x" * 33}, {"name": 3},
])  # fmt: skip
def test_only_a_whole_headline_is_one(odd: Any) -> None:
    whole = MAE.headline(6.5, (6.4, 6.6)).to_json()
    assert Headline.from_json(whole) == MAE.headline(6.5, (6.4, 6.6))
    assert Headline.from_json(whole | odd if odd and isinstance(odd, dict) else odd) is None


def test_half_an_interval_is_none() -> None:
    assert Headline.from_json({"name": "mae", "value": 1, "low": 0, "better": "less"}) == Headline(
        "mae", 1, None, None, "less")  # fmt: skip


def test_runs_of_before_have_the_first_tasks_headline() -> None:
    old = headline_in({"accuracy": 0.975, "n": 360})
    assert old is not None and (old.name, old.value, old.better, old.unit) == ("accuracy", 0.975, "more", "share")
    assert old.interval == pytest.approx((0.9532, 0.9868), abs=1e-4)
    sure = headline_in({"accuracy": 0.5, "n": None})
    assert sure is not None and sure.interval is None
    for without in ({"accuracy": None, "n": 4}, {}, {"accuracy": 1, "n": 4, "headline": 3}):
        assert headline_in(without) is None
    task = task_in({})
    assert task is not None and task.score() == ACCURACY and task_in({"task": "nobody's"}) is None


def test_a_column_has_the_name_that_all_share() -> None:
    rows: list[dict[str, Any]] = [{"headline": None}, {"headline": MAE.headline(1, None).to_json()}]
    assert heading(rows) == "mae"
    assert heading([*rows, {"headline": ACCURACY.headline(1, None).to_json()}]) == heading([]) == "score"
