"""Broken pictures are told all at once, with how many there are; CMYK is read, and the line says so."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_three_broken_pictures_are_one_message(case: Callable[[str], str]) -> None:
    said = case("24-one-bad-picture-at-a-time")
    broken, cmyk, named = section(said, "broken"), section(said, "cmyk"), section(said, "cmyk --channels rgb")
    assert "ant/x05.jpg: the picture is truncated" in broken
    assert "and 2 more: bee/x05.jpg, cat/x05.jpg" in broken and "--skip-broken 9%" in broken
    assert cmyk.startswith("fingerprint ") and named.startswith("fingerprint ")
