"""How long one image takes: the limit that a model must keep, beside the score that is to be as high as can be.

Measured   image by image (batch 1): preprocessing and the network, not the reading of the file; a few unmeasured ones
           first. The limit is held against the 95th percentile: 19 of 20 images must be done in time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.data.images import Images
from pellucid.errors import UsageError, describe

WARM_UP, FEWEST, MOST = 5, 20, 300
SECONDS = 10.0  # after which the fewest are enough


@dataclass(frozen=True)
class Latency:
    """Milliseconds an image at batch 1, over n images, and whether the limit is kept (None without a limit)."""

    median_ms: float
    p95_ms: float
    n: int
    limit_ms: float | None
    satisfied: bool | None

    def to_json(self) -> dict[str, Any]:
        """As --json holds it."""
        return asdict(self) | {"batch": 1}


def refuse_limit(limit_ms: float | None) -> None:
    """Raise UsageError for a limit that no model can keep."""
    if limit_ms is not None and not 0 < limit_ms < math.inf:
        raise UsageError(describe("evaluate", "--max-latency", "above 0 milliseconds, and finite", f"{limit_ms:g}"))


def measure_latency(predict: Callable[[np.ndarray], object], images: Images, limit_ms: float | None) -> Latency:
    """The time of `predict` on single images (1,H,W,C), at most 300 of them, from the first on and round again."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(-WARM_UP, MOST):
        x = images.take(np.array([number % len(images)]))
        start = time.perf_counter()
        predict(x)
        end = time.perf_counter()
        if number >= 0:
            taken.append(1000 * (end - start))
        if len(taken) >= FEWEST and end - began > SECONDS:
            break
    median, p95 = (float(np.quantile(taken, share)) for share in (0.5, 0.95))
    return Latency(median, p95, len(taken), limit_ms, None if limit_ms is None else p95 <= limit_ms)
