"""Folders that systems leave behind are no classes, and what lies in them is counted as hidden."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_system_folders_are_left_out(case: Callable[[str], str]) -> None:
    said = case("09-system-folders")
    assert "pellucid:" not in said
    for name in ("top_eaDir", "top_recycle", "top_Recycle", "top_RECYCLE.BIN", "empty_lost+found", "empty_System"):
        assert "hidden" in section(said, name), said
    assert "inside: train 26, validation 3, test 7 images" in said and "hidden files ignored: 12" in said
    assert "passed: duplicates, leakage," in section(said, "inside")
