"""Batch norm and sign after a product of bits as one comparison: found by the float arithmetic at every whole number.

What follows a product up to the next sign is applied to each number that can come out, once; where the signs of a
channel turn at one place, that place is its threshold. gamma < 0 turns it round, gamma = 0 makes it a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.engines.packed.products import Kernel
from pellucid.engines.packed.words import Bits, packed, word_count
from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.graph.plan import Step
from pellucid.spec.pooling import MaxPooling2D

AT_ONCE = 1 << 22  # numbers


@dataclass(frozen=True, eq=False)
class Thresholds:
    """A bit is 1 from least (F,) int32 on; where turned (W,) has a 1, below it."""

    least: np.ndarray
    turned: np.ndarray

    def bits_of(self, y: np.ndarray) -> Bits:
        """The bits of whole numbers (N, F) or (N,I,J,F)."""
        from pellucid.engines.packed.kernels import above

        features = len(self.least)
        words = np.empty((y.size // features, word_count(features)), np.uint64)
        above(y.reshape(-1, features), self.least, self.turned, words)
        return Bits(words.reshape(*y.shape[:-1], -1), features)

    def pooled(self, x: Bits, pool: MaxPooling2D) -> Bits:
        """The bits of the largest of each window: OR where a bit is 1 above, AND where it is turned."""
        (u, v), (down, right) = pool.pool_size, pool.steps
        _, h, w, _ = x.words.shape
        i, j = (h - u) // down + 1, (w - v) // right + 1
        taps = [x.words[:, a : a + (i - 1) * down + 1 : down, b : b + (j - 1) * right + 1 : right]
                for a in range(u) for b in range(v)]  # fmt: skip
        any_, all_ = np.bitwise_or.reduce(taps), np.bitwise_and.reduce(taps)
        return Bits((any_ & ~self.turned) | (all_ & self.turned), x.channels)


def folded(kernel: Kernel, steps: Sequence[tuple[Step, dict[str, np.ndarray]]]) -> Thresholds | None:
    """The thresholds of what follows a product, steps with their weights; None where signs turn more than once."""
    most, features = kernel.most, kernel.features
    numbers = np.arange(-most, most + 1, dtype=np.float32)
    parts = np.array_split(numbers, 1 + len(numbers) * features // AT_ONCE)
    positive = np.concatenate([signs(kernel, part, steps) for part in parts])
    ones, place = positive.sum(0), np.arange(len(numbers))[:, None]
    rises = (positive == (place >= len(numbers) - ones)).all(0)
    falls = (positive == (place < ones)).all(0)
    if not (rises | falls).all():
        return None
    least = np.where(rises, len(numbers) - ones, ones) - most
    return Thresholds(least.astype(np.int32), packed(~rises))


def signs(kernel: Kernel, numbers: np.ndarray, steps: Sequence[tuple[Step, dict[str, np.ndarray]]]) -> np.ndarray:
    """(V, F) whether each number (V,), scaled and through the steps, is at least 0."""
    y = scaled(kernel, np.repeat(numbers[:, None], kernel.features, 1))
    for step, weights in steps:
        y, _ = arithmetic_of(step.spec).forward(step.spec, [y], weights, Context(step, training=False))
    return np.asarray(y >= 0)


def scaled(kernel: Kernel, y: np.ndarray) -> np.ndarray:
    """Whole numbers (..., F) float32 times alpha, plus the bias, as the float layer does it."""
    y = y if kernel.alpha is None else y * kernel.alpha
    return y if kernel.bias is None else y + kernel.bias
