"""The count of differing bits by tables, for processors that shuffle bytes (AVX2) but count no bits of vectors.

Shapes    rows (M,K) uint64, filters (G, T + 1, 7, 32 V) uint8: four bits of each of 32 V filters side by side, seven
          fours a turn, and in the last turn how many of a filter's fours are odd -> differing (M, 32 V G) int32
Lookup    the four bits of two rows choose a table of 16, for the one row in the lower half of a byte, for the other in
          the upper. One shuffle looks up 32 filters
Halves    of fours a and b d bits differ, and d + odd(a) - odd(b) is even, odd(a) being 1 where a has 1 or 3 bits. Half
          of it, 0 to 2, is what tables hold: d summed = 2 x halves summed - odd fours of the row + those of the filter.
          Seven are added in halves of a byte, 7 x 2 < 16, 18 turns in bytes, 126 x 2 < 256 (counts themselves: 3 and
          63), then bytes of even and of odd places in numbers of 16 bits
Order     a tile of rows at a time, 18 turns at a time: rows, filters, tables and counts stay in the first cache.
          One row a table takes more loads and is slower (1.3 times), two or more rows beside each other are as well;
          tables of the filters that the rows choose from need no shuffle, but loads, and are slower (1.4 times)
Source    tables of four bits: Mula, Kurz & Lemire 2018; one of them a row, so that the filters are the indices, as
          products of few bits in T-MAC: Wei et al. 2024
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from pellucid.engines.packed.compiling import compiled
from pellucid.engines.packed.instructions import BYTES, LANES, in_order, popcount, shuffled

TURN, TURNS = 7, 18             # fours that are added in halves of a byte; turns in bytes
PAIRS = 16                      # of rows, whose counts are kept at hand
WIDTHS = (4, 2)                 # vectors of filters side by side
MOST = 2 * (2**16 - 1)          # bits whose halves 16 bits can count
LINE = 64                       # bytes of a line of the cache
BYTE, SHORT, LONG = (ir.IntType(bits) for bits in (8, 16, 64))
TABLE, HALVES = ir.VectorType(BYTE, LANES // 2), ir.VectorType(SHORT, LANES // 2)
TWICE = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [*range(LANES // 2)] * 2)
LOW, FOUR = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(4)
FIRSTS, ONE, TWO = np.uint64(0x1111111111111111), np.uint64(1), np.uint64(2)


def aligned(values: np.ndarray) -> np.ndarray:
    """A copy that begins where a line of the cache does, so that no vector lies in two."""
    room = np.empty(values.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    found = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    found[...] = values
    return found


def tables() -> np.ndarray:
    """(256, 16): of the bits of two rows, and of four bits of a filter, half of how many differ, made even."""
    four = np.arange(16)
    odd = np.bitwise_count(four) % 2
    halves = (np.bitwise_count(four[:, np.newaxis] ^ four) + odd[:, np.newaxis] - odd) // 2
    both = halves[np.newaxis] + 16 * halves[:, np.newaxis]                         # (other, one, filter)
    return aligned(both.reshape(256, 16).astype(np.uint8))


def laid_out(filters: np.ndarray) -> np.ndarray:
    """Filters (F,K) uint64 as the kernel reads them; what fills the last block and the last turn is 0."""
    wide = LANES * min(WIDTHS, key=lambda vectors: (-len(filters) % (LANES * vectors), -vectors))
    eights = np.ascontiguousarray(filters.astype("<u8")).view(np.uint8)
    fours = np.concatenate([eights & 15, eights >> 4], axis=1)
    fours = np.pad(fours, [(0, -len(fours) % wide), (0, -fours.shape[1] % TURN)])
    odd = (np.bitwise_count(fours) % 2).sum(1, dtype="<u2").reshape(-1, wide).view(np.uint8)
    last = np.pad(odd, [(0, 0), (0, (TURN - 2) * wide)]).reshape(-1, 1, TURN, wide)
    # the first half of a vector's filters in its even bytes, so that counts of 16 bits lie in the order of the filters
    places = fours.reshape(len(odd), wide // LANES, 2, LANES // 2, -1, TURN).transpose(0, 4, 5, 1, 3, 2)
    return aligned(np.concatenate([places.reshape(len(odd), -1, TURN, wide), last], axis=1))


def counted(vectors: int) -> Any:
    """The innermost loop for so many vectors of filters: counts of two rows are added to, at these addresses."""

    @intrinsic
    def count(typing: Any, chosen: Any, filters: Any, tables: Any, counts: Any, turns: Any) -> Any:
        def emitted(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
            places = [builder.inttoptr(one, kind.as_pointer())
                      for one, kind in zip(given[:4], (BYTE, BYTES, TABLE, HALVES), strict=True)]  # fmt: skip
            emit(builder, vectors, places, given[4])
            return context.get_dummy_value()

        return types.void(types.uintp, types.uintp, types.uintp, types.uintp, types.intp), emitted

    return count


def emit(builder: ir.IRBuilder, vectors: int, places: Sequence[Any], turns: Any) -> None:
    """chosen: a byte a four, the number of its table; filters: 7 vectors of filters a turn; counts: first one row's."""
    chosen, filters, tables, counts = places
    sums = [cgutils.alloca_once_value(builder, ir.Constant(BYTES, None)) for _ in range(2 * vectors)]
    half, four = ir.Constant(BYTES, [15] * LANES), ir.Constant(HALVES, [4] * HALVES.count)
    with cgutils.for_range(builder, turns) as loop:
        first = builder.mul(loop.index, ir.Constant(LONG, TURN))
        start = builder.mul(loop.index, ir.Constant(LONG, TURN * vectors))
        both = [ir.Constant(BYTES, None)] * vectors
        for k in range(TURN):
            number = builder.zext(load(builder, chosen, first, k), LONG)
            table = builder.load(builder.gep(tables, [number]), align=LANES // 2)
            table = builder.shuffle_vector(table, table, TWICE)
            for v in range(vectors):
                found = shuffled(builder, table, load(builder, filters, start, k * vectors + v, LANES))
                both[v] = in_order(builder, builder.add(both[v], found))
        for v in range(vectors):
            upper = builder.and_(builder.bitcast(builder.lshr(builder.bitcast(both[v], HALVES), four), BYTES), half)
            for total, part in ((sums[v], both[v]), (sums[vectors + v], upper)):
                builder.store(builder.add(builder.load(total), part), total)
    widen(builder, [builder.load(total) for total in sums], counts)


def widen(builder: ir.IRBuilder, sums: Sequence[Any], counts: Any) -> None:
    """Sums in bytes, of both rows in the first half and of the upper in the second, are added to counts of 16 bits."""
    vectors = len(sums) // 2
    sixteen = ir.Constant(BYTES, [16] * LANES)
    even, eight = (ir.Constant(HALVES, [value] * HALVES.count) for value in (255, 8))
    lower = [builder.sub(total, builder.mul(upper, sixteen))                         # modulo 256
             for total, upper in zip(sums[:vectors], sums[vectors:], strict=True)]   # fmt: skip
    for place, total in enumerate((*lower, *sums[vectors:])):
        each = builder.bitcast(total, HALVES)
        for odd, part in enumerate((builder.and_(each, even), builder.lshr(each, eight))):
            at = builder.gep(counts, [ir.Constant(LONG, 2 * place + odd)])
            builder.store(builder.add(builder.load(at, align=2), part), at, align=2)


def load(builder: ir.IRBuilder, values: Any, first: Any, further: int, align: int = 1) -> Any:
    """The value at a place."""
    return builder.load(builder.gep(values, [builder.add(first, ir.Constant(LONG, further))]), align=align)


count_4, count_2 = counted(4), counted(2)  # by a name each: what a closure holds is never found in Numba's cache


@njit(inline="always")
def odd_fours(row: Any) -> Any:
    """How many fours of a row have 1 or 3 bits."""
    odd = np.uint64(0)
    for k in range(row.shape[0]):
        twos = row[k] ^ (row[k] >> ONE)
        odd += popcount((twos ^ (twos >> TWO)) & FIRSTS)
    return odd


@njit(inline="always")
def choose(one: Any, other: Any, chosen: Any) -> None:
    """The tables of two rows: eight fours of each at a time."""
    words = one.shape[0]
    for k in range(words):
        a, b = one[k], other[k]
        chosen[k] = (a & LOW) | ((b & LOW) << FOUR)
        chosen[words + k] = ((a >> FOUR) & LOW) | (b & ~LOW)


@compiled
def differing(
    rows: np.ndarray, filters: np.ndarray, tables: np.ndarray, odd: np.ndarray, chosen: np.ndarray, counts: np.ndarray,
    found: np.ndarray,
) -> None:
    """The loops; odd (G, 32 V) int32; room: chosen (pairs, 2 K + 1) uint64, counts (2 pairs, 32 V) uint16."""
    m_rows, at_once = rows.shape[0], chosen.shape[0]
    turns, wide = filters.shape[1] - 1, filters.shape[3]
    odd_rows = np.empty(2 * at_once, np.int32)
    for start in range(0, m_rows, 2 * at_once):
        several = min(2 * at_once, m_rows - start)
        pairs = (several + 1) // 2
        for pair in range(pairs):
            choose(rows[start + 2 * pair], rows[min(start + 2 * pair + 1, m_rows - 1)], chosen[pair])
        for m in range(several):
            odd_rows[m] = odd_fours(rows[start + m])
        for g in range(filters.shape[0]):
            counts[:] = 0
            for turn in range(0, turns, TURNS):
                at, more = filters.ctypes.data + (g * (turns + 1) + turn) * TURN * wide, min(TURNS, turns - turn)
                for pair in range(pairs):
                    first = chosen.ctypes.data + 8 * pair * chosen.shape[1] + TURN * turn
                    into = counts.ctypes.data + 4 * wide * pair
                    if wide == 4 * LANES:
                        count_4(first, at, tables.ctypes.data, into, more)
                    else:
                        count_2(first, at, tables.ctypes.data, into, more)
            for m in range(several):
                for f in range(wide):
                    found[start + m, g * wide + f] = 2 * np.int32(counts[m, f]) + odd[g, f] - odd_rows[m]


TABLES = tables()


def looked_up(rows: np.ndarray, filters: np.ndarray, found: np.ndarray) -> None:
    """Write into `found` (M, 32 V G) how many bits differ."""
    wide = filters.shape[-1]
    odd = filters[:, -1, :2].reshape(-1, 2 * wide).view("<u2").astype(np.int32)
    chosen = aligned(np.zeros((PAIRS, 2 * rows.shape[1] + 1), np.uint64))
    counts = aligned(np.zeros((2 * PAIRS, wide), np.uint16))
    differing(rows, filters, TABLES, odd, chosen, counts, found)
