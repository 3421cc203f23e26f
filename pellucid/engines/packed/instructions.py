"""Instructions that Numba has no word for, and the order in which sums are made."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 32  # bytes of a vector
BYTES = ir.VectorType(ir.IntType(8), LANES)


@intrinsic
def popcount(typing: Any, word: Any) -> Any:
    """The bits of a word that are 1: what the processor has for it."""

    def emitted(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.ctpop(given[0])

    return types.uint64(types.uint64), emitted


def shuffled(builder: ir.IRBuilder, table: Any, indices: Any) -> Any:
    """AVX2's shuffle of bytes."""
    kind = ir.FunctionType(BYTES, [BYTES, BYTES])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.pshuf.b"), [table, indices])


def in_order(builder: ir.IRBuilder, total: Any) -> Any:
    """The same bytes, in a register: sums are made as they are written, where LLVM's trees hold more than 16 vectors.

    An empty line of assembler, which no optimisation looks into.
    """
    return builder.asm(ir.FunctionType(BYTES, [BYTES]), "", "=x,0", [total], side_effect=False)
