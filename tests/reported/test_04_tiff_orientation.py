"""A TIFF that says how it stands: its header and its pixels are those of the upright picture."""

from __future__ import annotations

from collections.abc import Callable


def test_turned_and_upright_are_one_set(case: Callable[[str], str]) -> None:
    upright, turned, pixels, *_, mixed = case("04-tiff-orientation").strip().splitlines()
    assert upright.startswith("upright: 24x40x3 uint8") and turned.startswith("turned: 24x40x3 uint8")
    assert pixels == "upright (24, 40, 3) [20, 220] | turned (24, 40, 3) [20, 220]"
    assert mixed.startswith("fingerprint ")
