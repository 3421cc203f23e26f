"""EMNIST's names of files and labels 1..K are read, with a line that says so."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_labels_from_one(case: Callable[[str], str]) -> None:
    said = case("17-labels-from-one")
    for name in ("emnist", "renamed", "matlab.npz"):
        assert section(said, name).startswith("fingerprint "), said
