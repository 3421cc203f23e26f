"""Pictures of another depth than the training's: brought to it, with the same class and about the same probability."""

from __future__ import annotations

import re
from collections.abc import Callable

LINE = re.compile(r"^new/(\w+?)(\d)_(\w+)\.\w+ +(\w+) ([\d.]+)$", re.M)


def test_01(case: Callable[[str], str]) -> None:
    said = case("01-depth-at-predict")
    found: dict[str, list[float]] = {}
    for picture, number, depth, best, probability in LINE.findall(said):
        assert picture == best, said
        found.setdefault(picture + number, []).append(float(probability))
        assert depth in ("16", "float", "8")
    assert len(found) == 9 and all(len(values) == 3 for values in found.values()), said
    assert all(max(values) - min(values) < 0.01 for values in found.values()), said
    assert len(re.findall(r"^test accuracy 1\.0000 .*24 images\)", said, re.M)) == 2, said
    assert said.rstrip().endswith("core cases: 9 of 9 kept"), said
