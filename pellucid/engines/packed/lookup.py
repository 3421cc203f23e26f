"""The count of differing bits by tables, for processors that shuffle bytes (AVX2) but count no bits of vectors.

Shapes    rows (M,K) uint64, filters (G, T, 3, 32 V) uint8: four bits of each of 32 V filters side by side, three fours
          a turn -> differing (M, 32 V G) int32
Lookup    the four bits of two rows choose a table of 16: how many of them differ from each other four, for the one row
          in the lower half of a byte, for the other in the upper. One shuffle looks up 32 filters. Three lookups are
          added in halves, 3 x 4 < 16, 21 turns in bytes, 63 x 4 < 256, then bytes of even and of odd places in numbers
          of 16 bits
Order     a tile of rows at a time, 21 turns at a time: rows, filters, tables and counts stay in the first cache.
          One row a table takes more loads and is slower (1.3 times), two or more rows beside each other are as well
Source    tables of four bits: Mula, Kurz & Lemire 2018; one of them a row, so that the filters are the indices, as
          products of few bits in T-MAC: Wei et al. 2024
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pellucid.engines.packed.compiling import compiled

LANES, TURN, TURNS = 32, 3, 21  # filters of a vector; fours that are added in halves of a byte; turns in bytes
PAIRS = 16                      # of rows, whose counts are kept at hand
WIDTHS = (4, 2)                 # vectors of filters side by side
MOST = 2**16 - 1                # bits that 16 bits can count
LINE = 64                       # bytes of a line of the cache
BYTE, SHORT, LONG = (ir.IntType(bits) for bits in (8, 16, 64))
BYTES, HALVES = ir.VectorType(BYTE, LANES), ir.VectorType(SHORT, LANES // 2)
LOW, FOUR = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(4)


def aligned(values: np.ndarray) -> np.ndarray:
    """A copy that begins where a line of the cache does, so that no vector lies in two."""
    room = np.empty(values.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    found = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    found[...] = values
    return found


def tables() -> np.ndarray:
    """(256, 32): of the bits of two rows, and of four bits of a filter, how many differ; each twice, a half of AVX2."""
    differ = np.array([[(a ^ b).bit_count() for b in range(16)] for a in range(16)], np.uint8)
    both = differ[np.newaxis] + 16 * differ[:, np.newaxis]                         # (other, one, filter)
    return aligned(np.tile(both.reshape(256, 16), 2).astype(np.uint8))


def laid_out(filters: np.ndarray) -> np.ndarray:
    """Filters (F,K) uint64 as the kernel reads them; what fills the last block and the last turn is 0."""
    wide = LANES * min(WIDTHS, key=lambda vectors: (-len(filters) % (LANES * vectors), -vectors))
    eights = np.ascontiguousarray(filters.astype("<u8")).view(np.uint8)
    fours = np.concatenate([eights & 15, eights >> 4], axis=1)
    fours = np.pad(fours, [(0, -len(fours) % wide), (0, -fours.shape[1] % TURN)])
    return aligned(fours.reshape(-1, wide, fours.shape[1] // TURN, TURN).transpose(0, 2, 3, 1))


def counted(vectors: int) -> Any:
    """The innermost loop for so many vectors of filters: counts of two rows are added to, at these addresses."""

    @intrinsic
    def count(typing: Any, chosen: Any, filters: Any, tables: Any, counts: Any, turns: Any) -> Any:
        def emitted(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
            places = [builder.inttoptr(one, kind.as_pointer())
                      for one, kind in zip(given[:4], (BYTE, BYTES, BYTES, HALVES), strict=True)]  # fmt: skip
            emit(builder, vectors, places, given[4])
            return context.get_dummy_value()

        return types.void(types.uintp, types.uintp, types.uintp, types.uintp, types.intp), emitted

    return count


def emit(builder: ir.IRBuilder, vectors: int, places: Sequence[Any], turns: Any) -> None:
    """chosen: a byte a four, the number of its table; filters: 3 vectors of filters a turn; counts: first one row's."""
    chosen, filters, tables, counts = places
    sums = [cgutils.alloca_once_value(builder, ir.Constant(BYTES, None)) for _ in range(2 * vectors)]
    half, sixteen, four, even, eight = (
        ir.Constant(kind, [value] * kind.count)
        for kind, value in ((BYTES, 15), (BYTES, 16), (HALVES, 4), (HALVES, 255), (HALVES, 8)))
    with cgutils.for_range(builder, turns) as loop:
        first = builder.mul(loop.index, ir.Constant(LONG, TURN))
        numbers = [builder.zext(load(builder, chosen, first, k), LONG) for k in range(TURN)]
        looked = [builder.load(builder.gep(tables, [number]), align=LANES) for number in numbers]
        start = builder.mul(loop.index, ir.Constant(LONG, TURN * vectors))
        for v in range(vectors):
            found = [shuffled(builder, table, load(builder, filters, start, k * vectors + v, LANES))
                     for k, table in enumerate(looked)]  # fmt: skip
            both = builder.add(builder.add(found[0], found[1]), found[2])
            upper = builder.and_(builder.bitcast(builder.lshr(builder.bitcast(both, HALVES), four), BYTES), half)
            for total, part in ((sums[v], both), (sums[vectors + v], upper)):
                builder.store(builder.add(builder.load(total), part), total)
    upper_sums = [builder.load(total) for total in sums[vectors:]]
    lower_sums = [builder.sub(builder.load(total), builder.mul(upper, sixteen))     # modulo 256
                  for total, upper in zip(sums[:vectors], upper_sums, strict=True)]  # fmt: skip
    for place, total in enumerate((*lower_sums, *upper_sums)):
        each = builder.bitcast(total, HALVES)
        for odd, part in enumerate((builder.and_(each, even), builder.lshr(each, eight))):
            at = builder.gep(counts, [ir.Constant(LONG, 2 * place + odd)])
            builder.store(builder.add(builder.load(at, align=2), part), at, align=2)


def load(builder: ir.IRBuilder, values: Any, first: Any, further: int, align: int = 1) -> Any:
    """The value at a place."""
    return builder.load(builder.gep(values, [builder.add(first, ir.Constant(LONG, further))]), align=align)


def shuffled(builder: ir.IRBuilder, table: Any, indices: Any) -> Any:
    """AVX2's shuffle of bytes."""
    kind = ir.FunctionType(BYTES, [BYTES, BYTES])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.pshuf.b"), [table, indices])


count_4, count_2 = counted(4), counted(2)  # by a name each: what a closure holds is never found in Numba's cache


@compiled
def differing(
    rows: np.ndarray, filters: np.ndarray, tables: np.ndarray, chosen: np.ndarray, counts: np.ndarray,
    found: np.ndarray,
) -> None:
    """The loops around them; chosen (pairs, 2 K + 1) uint64 and counts (pairs,2,V,2,16) uint16 are room to work in."""
    m_rows, words = rows.shape
    turns, wide, at_once = filters.shape[1], filters.shape[3], chosen.shape[0]
    for start in range(0, m_rows, 2 * at_once):
        pairs = min(at_once, (m_rows - start + 1) // 2)
        for pair in range(pairs):
            one, other = start + 2 * pair, min(start + 2 * pair + 1, m_rows - 1)
            for k in range(words):      # eight fours of each row at a time
                a, b = rows[one, k], rows[other, k]
                chosen[pair, k] = (a & LOW) | ((b & LOW) << FOUR)
                chosen[pair, words + k] = ((a >> FOUR) & LOW) | (b & ~LOW)
        for g in range(filters.shape[0]):
            counts[:] = 0
            for turn in range(0, turns, TURNS):
                at, several = filters.ctypes.data + (g * turns + turn) * TURN * wide, min(TURNS, turns - turn)
                for pair in range(pairs):
                    first = chosen.ctypes.data + 8 * pair * chosen.shape[1] + TURN * turn
                    into = counts.ctypes.data + 4 * wide * pair
                    if wide == 4 * LANES:
                        count_4(first, at, tables.ctypes.data, into, several)
                    else:
                        count_2(first, at, tables.ctypes.data, into, several)
            for m in range(start, min(start + 2 * at_once, m_rows)):
                own = counts[(m - start) // 2, (m - start) % 2]
                for v in range(own.shape[0]):
                    for place in range(LANES // 2):
                        f = g * wide + LANES * v + 2 * place
                        found[m, f], found[m, f + 1] = own[v, 0, place], own[v, 1, place]


TABLES = tables()


def looked_up(rows: np.ndarray, filters: np.ndarray, found: np.ndarray) -> None:
    """Write into `found` (M, 32 V G) how many bits differ."""
    wide = filters.shape[-1]
    chosen = aligned(np.zeros((PAIRS, 2 * rows.shape[1] + 1), np.uint64))
    counts = aligned(np.zeros((PAIRS, 2, wide // LANES, 2, LANES // 2), np.uint16))
    differing(rows, filters, TABLES, chosen, counts, found)
