"""Reported: 'accuracy' of logits had its border at 0.5."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_the_border_of_logits_is_zero(case: Callable[..., str]) -> None:
    reported, above_zero, above_half = map(float, re.findall(r"0\.\d+(?=$| \|)", case("21-accuracy-of-logits"), re.M))
    assert abs(reported - above_zero) < 1e-6 and reported != above_half
