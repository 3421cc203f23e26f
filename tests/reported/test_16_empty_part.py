"""An empty test part is no part: another one is split off, and training ends with a report."""

from __future__ import annotations

from collections.abc import Callable


def test_an_empty_part(case: Callable[[str], str]) -> None:
    said = case("16-empty-part")
    assert "fingerprint " in said and "test accuracy" in said and "12 images" in said, said
    assert "metrics.json" in said and "report.html" in said, said
