"""From the rows of history.csv and steps.csv to arrays that can be drawn.

Rows      history: epoch, loss, accuracy, val_loss, val_accuracy (a row an epoch; any of them may be missing or empty)
          steps: step, epoch, loss, accuracy, `update_ratio/<layer>` (a row a step; ratios may be empty in some rows)
          Values may be numbers or the text of a CSV file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

RATIO = "update_ratio/"
LARGEST = 1e100  # what lies beyond cannot be drawn: differences and squares must stay finite
MOST_POINTS = 1500  # more cannot be seen: steps are averaged in bins

Rows = Sequence[Mapping[str, Any]]


def column(rows: Rows, name: str) -> np.ndarray:
    """One column (rows,) as floats, NaN where it is missing, empty, infinite, beyond LARGEST or no number."""
    values = np.array([_number(row.get(name)) for row in rows], dtype=np.float64)
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def above(rows: Rows, least: float) -> Rows:
    """The rows with their losses less `least`."""
    losses = {name: column(rows, name) - least for name in ("loss", "val_loss")}
    return [{**row, **{name: values[place] for name, values in losses.items() if name in row}}
            for place, row in enumerate(rows)]  # fmt: skip


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def layer_ratios(steps: Rows) -> dict[str, np.ndarray]:
    """Update ratios (steps,) by layer, NaN where not measured; layers that never moved are left out."""
    names = dict.fromkeys(key for row in steps for key in row if key.startswith(RATIO))
    found = {name.removeprefix(RATIO): column(steps, name) for name in names}
    found = {name: np.where(values > 0, values, np.nan) for name, values in found.items()}
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def step_clock(history: Rows, steps: Rows) -> np.ndarray:
    """Where each step lies on the epoch axis (steps,): the last step of an epoch lies on the epoch's number."""
    at, epoch = column(steps, "step"), column(steps, "epoch")
    epoch[np.isnan(at)] = np.nan
    numbers = np.unique(epoch[np.isfinite(epoch)])
    if not len(numbers):
        return np.full(len(steps), np.nan)
    x = [float(np.nanmin(at)) - 1, *(float(np.max(at[epoch == number])) for number in numbers)]
    y = [float(numbers[0]) - 1, *(float(number) for number in numbers)]
    if len(numbers) > 1 and numbers[-1] not in column(history, "epoch"):  # stopped within its last epoch
        y[-1] = y[-2] + min(1.0, (x[-1] - x[-2]) / (x[1] - x[0]))
    clock: np.ndarray = np.interp(at, x, y)
    return clock


def thin(x: np.ndarray, y: np.ndarray, points: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """The finite points, averaged in bins of neighbours when there are more than `points`."""
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    width = -(-len(x) // points)
    if width <= 1:
        return x, y
    starts = np.arange(0, len(x), width)
    counts = np.diff(np.append(starts, len(x)))
    return np.add.reduceat(x, starts) / counts, np.add.reduceat(y, starts) / counts
