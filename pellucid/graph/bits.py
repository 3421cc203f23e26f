"""Where a network multiplies with bits."""

from __future__ import annotations

from collections.abc import Iterator

from pellucid.graph.graph import Graph, Nested
from pellucid.graph.plan import plan
from pellucid.spec.quantized import OfBits


def has_bits(graph: Graph) -> bool:
    """Whether any layer's kernel is of bits."""
    return any(has_bits(entry.spec.graph) if isinstance(entry.spec, Nested) else is_of_bits(entry.spec)
               for entry in graph.layers)  # fmt: skip


def is_of_bits(spec: object) -> bool:
    """Whether a layer multiplies with bits."""
    return isinstance(spec, OfBits) and spec.quantizer is not None


def latent(graph: Graph) -> Iterator[tuple[str, OfBits]]:
    """The key of each float kernel that becomes bits, and its layer."""
    for step in plan(graph).steps:
        if isinstance(step.spec, OfBits) and step.spec.quantizer is not None:
            yield dict(step.weights)[step.spec.kernel_name], step.spec
