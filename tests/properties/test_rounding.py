"""Sums over very many rows in float32 keep the accuracy that batch norm of large maps needs."""

from __future__ import annotations

import numpy as np

from pellucid.engines.reference.rows import sum_rows


def test_a_sum_over_a_million_rows_is_right_to_a_millionth() -> None:
    """Added one after another, float32 numbers near 5 would lose up to the fourth digit."""
    x = np.random.default_rng(0).normal(5, 1, (1_000_003, 3)).astype(np.float32)
    truth = x.sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(sum_rows(x), truth, rtol=1e-6)
    assert np.abs(x.cumsum(axis=0)[-1] / truth - 1).max() > 5e-6  # what one long sum gives
