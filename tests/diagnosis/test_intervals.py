"""Intervals of shares and of their differences, against published and hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.diagnosis.intervals import difference_interval, interval_of, wilson_interval


@pytest.mark.parametrize(
    ("counts", "interval"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ],
)
def test_difference_as_published(counts: tuple[int, int, int, int], interval: tuple[float, float]) -> None:
    assert difference_interval(*counts) == pytest.approx(interval, abs=6e-5)


def test_difference_holds_the_truth_in_about_95_of_100() -> None:
    draw = np.random.default_rng(0)
    truth, trials = 0.05 - 0.03, 5000
    first, second = draw.binomial(800, 0.05, trials), draw.binomial(500, 0.03, trials)
    held = [low <= truth <= high for low, high in (difference_interval(int(a), 800, int(b), 500)
                                                   for a, b in zip(first, second, strict=True))]  # fmt: skip
    assert 0.94 < np.mean(held) < 0.97


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_a_share_as_published(hits: int, n: int, low: float, high: float) -> None:
    # 81 of 263 and 0 of 20 are worked examples of Newcombe 1998a, table I, method 3
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_interval_of_metrics() -> None:
    assert interval_of({"accuracy": 81 / 263, "n": 263}) == wilson_interval(81, 263)
    assert interval_of({"accuracy": None, "n": 263}) is None
    assert interval_of({"accuracy": 0.5}) is None
    assert interval_of({"accuracy": 1e308, "n": 10}) is None
    assert interval_of({"accuracy": -3, "n": 10}) is None
