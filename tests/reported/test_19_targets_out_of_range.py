"""Reported: labels -1 and 1 under binary cross-entropy were learnt, with a loss below zero."""

from __future__ import annotations

from collections.abc import Callable


def test_the_first_target_out_of_range_is_refused(case: Callable[..., str]) -> None:
    said = case("19-targets-out-of-range", raises=True)
    assert "loss [" not in said
    last = said.splitlines()[-1]
    assert "targets of BinaryCrossentropy must be from 0 to 1, but it is -1 at y[" in last and "(y + 1) / 2" in last
