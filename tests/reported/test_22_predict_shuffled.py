"""Reported: predictions for a shuffled folder came in an order that nothing told."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_rows_stand_in_the_order_of_the_classes(case: Callable[..., str]) -> None:
    evaluated, predicted = map(float, re.findall(r"[01]\.\d+", case("22-predict-shuffled")))
    assert predicted == evaluated > 0.9
