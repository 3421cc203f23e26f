"""A cascade: classifiers of a window, cheap ones first; a window leaves at the first that takes it for background.

Stage   says yes to a window where the probability of background is at most `loose`, by itself or as the last one at
        most `most`; both are chosen so that a share of the validation part's objects is kept
Shapes  windows (N, h, w, C) -> which of them passed (M,), and the last stage's probabilities (M, K)
Source  CNN-book 11.13; Viola & Jones 2001, section 4
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.images import Array

AT_ONCE = 1024  # windows in one pass


@dataclass(frozen=True, eq=False)
class Stage:
    """A classifier (N, h, w, C) -> (N, K) with the number of its class of background, and from where it says yes."""

    answer: Callable[[Array], Array]
    background: int
    loose: float = 1.0
    most: float = 1.0

    def told(self, windows: Array) -> Array:
        """The probabilities (N, K)."""
        return np.concatenate([self.answer(windows[start : start + AT_ONCE])
                               for start in range(0, len(windows), AT_ONCE)])  # fmt: skip

    def limit(self, objects: Array, share: float) -> float:
        """The largest probability of background that keeps at least `share` of the answers (N, K) for objects."""
        kept = min(len(objects), math.ceil(share * len(objects) - 1e-9))
        return float(np.sort(objects[:, self.background])[max(0, kept - 1)])


@dataclass(frozen=True, eq=False)
class Cascade:
    """Stages, the first asked first."""

    stages: Sequence[Stage]

    def passed(self, windows: Array, *, loose: bool = False) -> tuple[Array, Array]:
        """Which windows (M,) all stages say yes to, and the last one's answers; `loose`: the last one loosely too."""
        left, last = np.arange(len(windows)), len(self.stages) - 1
        told = np.empty((0, 0))
        for number, stage in enumerate(self.stages):
            if not len(left):
                break
            told = stage.told(windows[left])
            yes = told[:, stage.background] <= (stage.loose if loose or number < last else stage.most)
            left, told = left[yes], told[yes]
        return left, told

    @property
    def alone(self) -> Cascade:
        """Its last stage by itself."""
        return Cascade(self.stages[-1:])
