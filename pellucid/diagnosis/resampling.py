"""Bootstrap: how far a score moves when the part is drawn anew from itself, all draws at once.

Draws      within each true class, as many samples as it has (stratified), so that a rare class never vanishes from a
           draw and every draw has the part's own shares of classes; stratified=False draws from the whole part
Counts     what a confusion matrix needs is drawn as counts: its cells are multinomial, no sample is touched
Interval   the middle 95 % of the scores of the draws (percentile interval)
Source     Efron & Tibshirani 1993, chapters 6, 8 (one sample for each population) and 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.keys import Key

RESAMPLES = 1000
FEWEST, ENTRIES = 200, 20_000_000  # of a part too large for 1000 draws of it, at least so many, and so many numbers
CHUNK = 1 << 19  # samples drawn at once: what stays in the cache


@dataclass(frozen=True)
class Counts:
    """Of b draws and K classes: right predictions, true samples and predictions of each class, all (b,K)."""

    right: np.ndarray
    true: np.ndarray
    said: np.ndarray

    @classmethod
    def of(cls, answers: Answers) -> Counts:
        """Those of the part itself, b = 1."""
        table = answers.confusion
        return cls(np.diag(table)[None], table.sum(axis=1)[None], table.sum(axis=0)[None])


def resamples_for(n: int) -> int:
    """How many draws of n samples are worth their time."""
    return min(RESAMPLES, max(FEWEST, ENTRIES // n))


def drawn_counts(answers: Answers, draws: int, key: Key, *, stratified: bool = True) -> Counts:
    """The counts of `draws` draws of the part."""
    random = key.fold("counts").generator()
    table = answers.confusion
    rows, columns = np.nonzero(table)                                              # the cells that have samples
    if stratified:
        blocks = [
            random.multinomial(row.sum(), row[row > 0] / row.sum(), size=draws) for row in table if row.any()
        ]
        cells = np.concatenate(blocks, axis=1)                                     # (b, cells)
    else:
        cells = random.multinomial(answers.n, table[rows, columns] / answers.n, size=draws)
    shape = (draws, answers.classes)
    right, true, said = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for cell, (row, column) in enumerate(zip(rows, columns, strict=True)):
        true[:, row] += cells[:, cell]
        said[:, column] += cells[:, cell]
        if row == column:
            right[:, row] = cells[:, cell]
    return Counts(right, true, said)


def drawn_samples(labels: np.ndarray, draws: int, key: Key, *, stratified: bool = True) -> Iterator[np.ndarray]:
    """How often each sample is in each of `draws` draws: a few draws (N,b) at a time, so that memory is bounded."""
    random = key.fold("samples").generator()
    strata = np.asarray(labels) if stratified else np.zeros(len(labels), np.int64)
    n, order = len(strata), np.argsort(strata, kind="stable")
    _, first, size = np.unique(strata[order], return_index=True, return_counts=True)
    begin, width = np.repeat(first, size)[:, None], np.repeat(size, size)[:, None]  # of each place's own stratum
    at_once = max(1, CHUNK // n)
    for start in range(0, draws, at_once):
        b = min(at_once, draws - start)
        share = random.random((n, b), dtype=np.float32)
        place = np.minimum((share * width).astype(np.int64), width - 1)            # a float32 share may round up
        cells = order[begin + place] * b + np.arange(b)
        yield np.bincount(cells.ravel(), minlength=n * b).reshape(n, b).astype(np.float64)


def percentile_interval(values: np.ndarray) -> tuple[float, float] | None:
    """The middle 95 % of (b,) scores; None when a draw had none, or when all are equal and so tell nothing."""
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
