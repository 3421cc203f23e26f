"""How many bits differ, for every row of inputs and every filter: the product of signs is n - 2 of that.

Shapes    rows (M,K) uint64, filters (G,K,32) uint64: blocks of 32 filters side by side -> differing (M, 32 G) int32
Counting  seven words at once: full adders make of seven bits their sum in three, so three popcounts do for seven;
          source: Harley & Seal; Mula, Kurz & Lemire 2018. ctpop becomes what the processor has for it. Trees of 15,
          21 and 31 words, carries kept over 16 words and sums of words made beforehand save operations, and all are
          slower with AVX2 (by 2 to 90 %): its 16 registers do not hold them
With AVX2 and without a popcount of vectors tables are more than twice as fast (lookup.py), and are taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pellucid.engines.packed.compiling import compiled, has_tables
from pellucid.engines.packed.instructions import popcount
from pellucid.engines.packed.lookup import MOST, laid_out, looked_up
from pellucid.engines.packed.words import WORD

BLOCK = 32  # filters side by side, which the compiler takes several at a time


@njit(inline="always")
def added(a: Any, b: Any, c: Any) -> Any:
    """A full adder of each bit: carry and sum."""
    either = a ^ b
    return (a & b) | (either & c), either ^ c


def side_by_side(filters: np.ndarray) -> np.ndarray:
    """Filters (F,K) uint64 as `differing` reads them here: F blocks of so many as the last axis says, the last filled.

    (G,K,32) uint64, or (G, T + 1, 7, 32 V) uint8 for tables.
    """
    if has_tables() and WORD * filters.shape[1] <= MOST:
        return laid_out(filters)
    filled = np.pad(filters, [(0, -len(filters) % BLOCK), (0, 0)])
    return np.ascontiguousarray(filled.reshape(-1, BLOCK, filled.shape[1]).transpose(0, 2, 1))


def differing(rows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """(M, G times the filters of a block) int32: how many bits of rows (M,K) uint64 differ from those of filters."""
    found = np.empty((len(rows), filters.shape[0] * filters.shape[-1]), np.int32)
    if filters.dtype == np.uint8:
        looked_up(rows, filters, found)
    else:
        counted(rows, filters, found)
    return found


@compiled
def counted(rows: np.ndarray, filters: np.ndarray, found: np.ndarray) -> None:
    """Write into `found` (M, 32 G) how many bits differ."""
    m_rows, words = rows.shape
    counts = np.empty(BLOCK, np.uint64)
    for g in range(filters.shape[0]):
        block = filters[g]
        for m in range(m_rows):
            counts[:] = 0
            k = 0
            while k + 7 <= words:
                a, b, c, d = rows[m, k], rows[m, k + 1], rows[m, k + 2], rows[m, k + 3]
                e, h, i = rows[m, k + 4], rows[m, k + 5], rows[m, k + 6]
                for f in range(BLOCK):
                    twos_1, one_1 = added(a ^ block[k, f], b ^ block[k + 1, f], c ^ block[k + 2, f])
                    twos_2, one_2 = added(d ^ block[k + 3, f], e ^ block[k + 4, f], h ^ block[k + 5, f])
                    twos_3, ones = added(one_1, one_2, i ^ block[k + 6, f])
                    fours, twos = added(twos_1, twos_2, twos_3)
                    counts[f] += popcount(ones) + 2 * popcount(twos) + 4 * popcount(fours)
                k += 7
            while k < words:
                a = rows[m, k]
                for f in range(BLOCK):
                    counts[f] += popcount(a ^ block[k, f])
                k += 1
            for f in range(BLOCK):
                found[m, g * BLOCK + f] = counts[f]


@compiled
def above(values: np.ndarray, least: np.ndarray, turned: np.ndarray, words: np.ndarray) -> None:
    """Write into words (M,W) whether values (M,F) reach `least` (F,), turned round where `turned` (W,) is 1."""
    features = least.shape[0]
    for m in range(values.shape[0]):
        for w in range(words.shape[1]):
            word = np.uint64(0)
            for c in range(min(64, features - 64 * w)):
                if values[m, 64 * w + c] >= least[64 * w + c]:
                    word |= np.uint64(1) << np.uint64(c)
            words[m, w] = word ^ turned[w]
