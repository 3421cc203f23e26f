"""Intervals of shares and of their differences: the worked examples of Newcombe's two papers."""

from __future__ import annotations

import pytest

from pellucid.diagnosis.intervals import difference_interval, wilson_interval


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
     (20, 20, 0.8389, 1.0), (1, 1, 0.2065, 1.0)],
)  # fmt: skip
def test_wilson_interval(hits: int, n: int, low: float, high: float) -> None:
    # 81/263, 15/148, 0/20 and 1/29 are the columns of Newcombe 1998a, table I, method 3
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
     ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
     ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0)],
)  # fmt: skip
def test_difference_interval(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    # the eight columns of Newcombe 1998b, table II, method 10
    assert difference_interval(*one, *other) == pytest.approx((low, high), abs=5e-5)
    assert difference_interval(*other, *one) == pytest.approx((-high, -low), abs=5e-5)
