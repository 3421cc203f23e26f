"""Names of files and of classes that are not UTF-8 are read."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_names_that_are_not_utf_8(case: Callable[[str], str]) -> None:
    said = case("12-bytes-in-names")
    for name in ("files", "classes"):
        assert section(said, name).startswith("fingerprint "), said
