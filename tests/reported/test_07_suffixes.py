"""Endings that hold pictures: read, or told as pictures with what to do about them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.reported.conftest import section


def test_endings_of_pictures(case: Callable[[str], str]) -> None:
    said = case("07-suffixes")
    for name in ("some", "one_class"):
        assert "pellucid:" not in section(said, name) and section(said, name).count("10") >= 2, said
    for name in ("some", "one_class", "avif", "heic"):
        assert "no pictures" not in section(said, name), said
    assert counts(section(said, "some")) == counts(section(said, "one_class")) == {"ant": 10, "bee": 10}
    heic = section(said, "heic")
    assert counts(section(said, "avif"))["bee"] == 6 and "IMG_1.HEIC" in heic
    assert "--skip-broken" in heic or 'pip install "pellucid[heic]"' in heic


def counts(said: str) -> dict[str, int]:
    """The rows of the table of classes."""
    return {name: int(count) for name, count in re.findall(r"^(ant|bee) +(\d+)$", said, re.MULTILINE)}
