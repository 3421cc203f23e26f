"""Hard negatives: windows of background pictures that a cascade takes for objects; before there is one, any windows.

Windows are drawn at random, a few of one picture after those of another, until there are enough or `most` were looked
at: where one in a hundred is taken for an object, 10,000 of them need a million. Source: CNN-book 11.13.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.cascades.backgrounds import Backgrounds
from pellucid.cascades.cascade import Cascade
from pellucid.data.images import Array
from pellucid.keys import Key

EACH = 512  # windows of a picture at a time, at most


@dataclass(frozen=True, eq=False)
class Mined:
    """Windows (N, h, w, C) taken for objects, of so many that were looked at."""

    windows: Array
    looked: int


def mine(backgrounds: Backgrounds, cascade: Cascade | None, wanted: int, most: int, key: Key) -> Mined:
    """At most `wanted` negatives."""
    found: list[Array] = []
    count = looked = turn = 0
    each = min(EACH, -(-wanted // len(backgrounds))) if cascade is None else EACH
    while count < wanted and looked < most:
        order = key.fold("turn", turn).generator().permutation(len(backgrounds))
        for number in order.tolist():
            if count >= wanted or looked >= most:
                break
            generator = key.fold("crops", turn, number).generator()
            windows = backgrounds.look.some(backgrounds.picture(number), min(each, most - looked), generator)
            looked += len(windows)
            taken = windows if cascade is None else windows[cascade.passed(windows, loose=True)[0]]
            found.append(taken)
            count += len(taken)
        turn += 1
    windows = np.concatenate(found)[:wanted]
    return Mined(windows, looked)
