"""How far scores of objects may be off by chance: the middle 95 % of a thousand draws of the objects from themselves.

Source   Efron & Tibshirani 1993, chapter 13 (percentile interval)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.diagnosis.resampling import percentile_interval, resamples_for
from pellucid.keys import Key

CHUNK = 1 << 24  # numbers at once


def draws_of(n: int, draws: int | None = None) -> np.ndarray:
    """(B,N) how often each of n objects is in each draw; the same every time."""
    random = Key.of(0).fold("redrawing").generator()
    return random.multinomial(n, np.full(n, 1 / n), draws or resamples_for(n)).astype(np.float64)


def interval_of(score: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, width: int = 1,
                ) -> tuple[float, float] | None:  # fmt: skip
    """Of a score that gives (B,) values for draws (B,N), and holds `width` numbers a draw at once; None: not known."""
    step = max(1, CHUNK // max(1, width))
    values = np.concatenate([score(draws[start : start + step]) for start in range(0, len(draws), step)])
    known = values[np.isfinite(values)]
    return percentile_interval(known) if len(known) else None
