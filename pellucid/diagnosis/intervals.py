"""How sure a share is: 95 % intervals of a proportion and of the difference of two.

Interval    centre = (p + z^2/2n) / (1 + z^2/n);  half width = z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n)
Difference  d = p - q, from d - sqrt((p - low_p)^2 + (high_q - q)^2) to d + sqrt((high_p - p)^2 + (q - low_q)^2)
Source      Wilson 1927; Newcombe 1998, "Interval estimation for the difference between independent proportions",
            method 10, which is made of the two Wilson intervals; of any other two: Zou & Donner 2008, "Construction of
            confidence limits about effect measures".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Bounded = tuple[float, float, float]  # a score, and the ends of its interval
Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion, `right` of `n` (n at least 1); it stays inside 0..1 and is honest near 0 and 1."""
    share, z2 = right / n, Z_95 * Z_95
    scale = 1 + z2 / n
    centre = (share + z2 / (2 * n)) / scale
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / scale
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return (0.0 if right == 0 else low, 1.0 if right == n else high)


def interval_of(metrics: Mapping[str, Any]) -> tuple[float, float] | None:
    """The Wilson interval for a metrics dictionary that has accuracy and n, else None."""
    accuracy, n = metrics.get("accuracy"), metrics.get("n")
    if not isinstance(accuracy, (int, float)) or not isinstance(n, int) or n < 1 or not 0 <= accuracy <= 1:
        return None
    return wilson_interval(round(accuracy * n), n)


def difference_interval(first: int, first_n: int, second: int, second_n: int) -> tuple[float, float]:
    """95 % interval of first/first_n - second/second_n, two proportions of different samples (both n at least 1)."""
    return interval_of_difference(
        (first / first_n, *wilson_interval(first, first_n)), (second / second_n, *wilson_interval(second, second_n))
    )


def interval_of_difference(first: Bounded, second: Bounded) -> tuple[float, float]:
    """The same of any two scores of different samples, each with its own 95 % interval."""
    (p, low_p, high_p), (q, low_q, high_q) = first, second
    return p - q - math.hypot(p - low_p, high_q - q), p - q + math.hypot(high_p - p, q - low_q)
