"""Where a network multiplies with bits, and what that saves.

Speed-up  S = 64 c N / (c N + 64) in operations, for windows of N taps over c channels: 64 products of bits are one
          operation, and one product with a scale a result remains. Source: Rastegari et al. 2016, section 4.1
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.graph.graph import Graph, Nested
from pellucid.graph.plan import plan
from pellucid.spec.operations import Unary
from pellucid.spec.quantized import OfBits
from pellucid.spec.quantizers import MagnitudeAwareSign

SIGNS = ("ste_sign", "approx_sign")


def has_bits(graph: Graph) -> bool:
    """Whether any layer's kernel is of bits."""
    return any(has_bits(entry.spec.graph) if isinstance(entry.spec, Nested) else is_of_bits(entry.spec)
               for entry in graph.layers)  # fmt: skip


def is_of_bits(spec: object) -> bool:
    """Whether a layer multiplies with bits."""
    return isinstance(spec, OfBits) and spec.quantizer is not None


def latent(graph: Graph) -> dict[str, OfBits]:
    """The layer of each float kernel that becomes bits, by the kernel's key; once, however often it is called."""
    return {dict(step.weights)[step.spec.kernel_name]: step.spec for step in plan(graph).steps
            if isinstance(step.spec, OfBits) and step.spec.quantizer is not None}  # fmt: skip


@dataclass(frozen=True)
class BitRow:
    """One layer of bits: its weights, bytes as bits and as floats, products of one image; of signs where both are.

    `speed_up` is S, None where the input is not of bits.
    """

    name: str
    weights: int
    bytes: int
    bytes_of_floats: int
    products: int
    of_signs: bool
    speed_up: float | None


def rows_of_bits(graph: Graph) -> list[BitRow]:
    """Every layer whose kernel is of bits, in the order of the network."""
    todo = plan(graph)
    signs = {step.output for step in todo.steps if is_sign(step.spec)}
    found: dict[str, BitRow] = {}
    for step in todo.steps:
        spec = step.spec
        if not isinstance(spec, OfBits) or spec.quantizer is None:
            continue
        shape = graph.weights[dict(step.weights)[spec.kernel_name]].shape
        weights = math.prod(shape)
        taps = math.prod(shape[axis] for axis in spec.filter_axes)  # c N
        scales = weights // taps if isinstance(spec.quantizer, MagnitudeAwareSign) else 0
        both = step.inputs[0] in signs
        products = spec.flops([todo.shapes[step.inputs[0]]], todo.shapes[step.output]) // 2
        products += found[step.layer].products if step.layer in found else 0  # called more than once
        found[step.layer] = BitRow(step.layer, weights, -(-weights // 8) + 4 * scales, 4 * weights, products, both,
                                   round(speed_up(taps), 2) if both else None)  # fmt: skip
    return list(found.values())


def told_of_bits(graph: Graph, measured: Mapping[str, float] | None = None) -> list[str]:
    """What the layers of bits save, in lines, and how fast their products are where that was measured; or none."""
    rows, floats = rows_of_bits(graph), 4 * sum(math.prod(weight.shape) for weight in graph.weights.values())
    if not rows:
        return []
    packed = floats - sum(row.bytes_of_floats - row.bytes for row in rows)
    signs, others = (sum(row.products for row in rows if row.of_signs == both) for both in (True, False))
    lines = [f"Weights of one bit: {sum(row.weights for row in rows):,}; {packed:,} bytes instead of {floats:,}",
             f"Products of signs for one image: {signs:,}; of floats and bits: {others:,}"]  # fmt: skip
    head = ("Layer of bits", "Bits", "Bytes", "as floats", "Products", "S", *(["measured"] if measured else []))
    cells = [head, *(cells_of(row, measured) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines += ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in cells]
    if any(row.speed_up for row in rows):
        lines.append("S = 64 cN / (cN + 64): so many times fewer operations; --measure shows how many times as fast "
                     "as NumPy's product of floats" if not measured else
                     "S = 64 cN / (cN + 64): so many times fewer operations; measured: times as fast as NumPy's "
                     "product of floats, here, on one thread")  # fmt: skip
    return lines


def cells_of(row: BitRow, measured: Mapping[str, float] | None) -> tuple[str, ...]:
    """A row of the table."""
    own = "" if row.speed_up is None else f"{row.speed_up:.2f}"
    fast = [f"{measured[row.name]:.1f}" if row.name in measured else ""] if measured else []
    return row.name, f"{row.weights:,}", f"{row.bytes:,}", f"{row.bytes_of_floats:,}", f"{row.products:,}", own, *fast


def speed_up(taps: int) -> float:
    """S for windows of so many products, c N."""
    return 64 * taps / (taps + 64)


def is_sign(spec: object) -> bool:
    """Whether a step makes bits."""
    return isinstance(spec, Unary) and spec.function in SIGNS
