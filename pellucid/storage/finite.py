"""Scores for JSON, which knows neither NaN nor infinity: a loss may overflow on a part that is only looked at."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> Any:
    """The value with None for every number that is not finite."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finite_number(value: float) -> float | None:
    """A score as a plain number; None for one that is not finite."""
    return float(value) if math.isfinite(value) else None
