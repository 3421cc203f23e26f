"""Endings that hold pictures: read, or told as pictures with what to do about them."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_endings_of_pictures(case: Callable[[str], str]) -> None:
    said = case("07-suffixes")
    for name in ("some", "one_class"):
        assert "pellucid:" not in section(said, name) and section(said, name).count("10") >= 2, said
    for name in ("some", "one_class", "avif", "heic"):
        assert "no pictures" not in section(said, name), said
