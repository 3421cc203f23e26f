"""The limit on pixels that a message tells is the one that holds, with the flag that allows more."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_the_limit_told_is_the_limit(case: Callable[[str], str]) -> None:
    said = case("27-pixel-limit")
    fits, big = section(said, "fits"), section(said, "big")
    assert "Warn" not in said
    assert "has 99,000,000 pixels (11000 x 9000), but at most 50,000,000 are read. Type --max-pixels 99000000" in fits
    assert "has 195,000,000 pixels" in big and "at most 50,000,000" in big and "--max-pixels 195000000" in big
