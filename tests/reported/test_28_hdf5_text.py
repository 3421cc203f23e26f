"""Text as every h5py user writes it is read, and an array that is not used is no reason to refuse a file."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_text_in_hdf5(case: Callable[[str], str]) -> None:
    said = case("28-hdf5-text")
    for name in ("names", "extra"):
        assert section(said, name).startswith("fingerprint "), said
