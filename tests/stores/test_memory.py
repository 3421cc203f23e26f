"""Memory does not grow with the store: 13 MB and 130 MB; benchmarks/stores.py has 1.3 GB, and the default network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.store_sets import stored
from benchmarks.stores import MORE, apart, trained

SIZE = (32, 32, 6)
WORDS = ("--model", "pool,pool,FC_4", "--engine", "reference", "--batch-size", "64", "--no-checks")


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_a_set_larger_than_what_may_be_taken(tmp_path: Path) -> None:
    small = apart(trained, stored(tmp_path / "13.h5", 2_120, SIZE), MORE, *WORDS)
    large = apart(trained, stored(tmp_path / "130.h5", 21_200, SIZE), MORE, *WORDS)
    assert "fault" not in small and "fault" not in large, (small, large)
    assert large["peak_mb"] < small["peak_mb"] + 40, (small, large)
