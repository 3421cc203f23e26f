"""A table beside pictures in another form than ours is read, and Kaggle's layout is no set of two classes."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_tables_of_other_forms(case: Callable[[str], str]) -> None:
    said = case("08-table-passed-over")
    assert "pellucid:" not in said
    for name in ("semicolon", "tab", "utf16", "target"):
        assert section(said, name).split()[-2:] == ["all", "18"] and "ant" in section(said, name), said
    assert "all       40" in section(said, "kaggle") and "left out: 10" in section(said, "kaggle"), said
    assert section(said, "target --label target").split() == ["all", "18"]
    assert "data   kaggle: train 29, validation 3, test 8 images of 24x24x3 in 3 classes" in said
