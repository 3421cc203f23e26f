"""How many times as fast as NumPy's float32 product each product of bits of a network is, on this machine, one thread.

Both multiply the windows of one image, at most `MOST` rows of c N signs, with all filters of the layer; by turns, and
the median of the rounds' ratios counts. That is the product alone: floats are made to words before it, and read after.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np

from pellucid.engines.packed.compiling import obstacle
from pellucid.engines.packed.program import program_of
from pellucid.engines.packed.words import packed
from pellucid.engines.threads import limited_threads
from pellucid.errors import UsageError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.quantized import OfBits

MOST, ROUNDS = 1024, 7


def measured_speed_ups(graph: Graph) -> Mapping[str, float]:
    """By layer; raises UsageError without Numba, and for a network that multiplies no signs."""
    todo = plan(graph)
    products = [step for step in todo.steps if step.number in program_of(todo).products]
    if not products:
        raise UsageError("summary: --measure times products of signs, and this network has none. Leave it out, or name "
                         "a network with words such as bconv_32.")  # fmt: skip
    if obstacle():
        raise UsageError(f"summary: --measure wants Numba. {obstacle()}")
    found = {}
    with limited_threads(1):
        for step in products:
            assert isinstance(step.spec, OfBits)
            shape = graph.weights[dict(step.weights)[step.spec.kernel_name]].shape
            filters, places = shape[-1], math.prod(size or 1 for size in todo.shapes[step.output][:-1])
            found[step.layer] = round(times_as_fast(min(places, MOST), math.prod(shape) // filters, filters), 1)
    return found


def times_as_fast(rows: int, taps: int, filters: int) -> float:
    """Of one product (rows, taps) x (taps, filters) of random signs."""
    from pellucid.engines.packed.kernels import differing, side_by_side

    random = np.random.default_rng(0)
    a, b = random.random((rows, taps)) < 0.5, random.random((taps, filters)) < 0.5
    words, blocks = packed(a), side_by_side(packed(b.T))
    signs = [np.where(x, 1, -1).astype(np.float32) for x in (a, b)]
    times = [(seconds(lambda: differing(words, blocks)), seconds(lambda: signs[0] @ signs[1]))
             for _ in range(ROUNDS + 1)]  # fmt: skip
    return statistics.median(theirs / ours for ours, theirs in times[1:])


def seconds(call: Callable[[], object]) -> float:
    """Of the processor for one call: what else the machine does counts little."""
    began = time.process_time()
    call()
    return time.process_time() - began
