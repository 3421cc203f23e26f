"""How much memory the numbers of a network take, before any of it is asked for.

Training keeps what every layer gave until the gradients are known, and once more the gradient of the largest; a
prediction keeps only what one layer takes and gives. Fused and in-place steps may need less of the former, workspaces
more: the figures are for refusing what cannot fit, with a margin that the caller takes.
"""

from __future__ import annotations

import math

from pellucid.graph.graph import Graph, Nested
from pellucid.spec.reshaping import Flatten, InputLayer, Reshape
from pellucid.spec.shapes import Shape

VIEWS = (Flatten, Reshape, InputLayer)  # give the same numbers in another shape; the input is counted apart


def weight_count(graph: Graph) -> int:
    """Numbers in all weights."""
    return sum(math.prod(weight.shape) for weight in graph.weights.values())


def kept(graph: Graph) -> int:
    """Numbers, for one image, in what all layers give; axes of any size count as one."""
    total = 0
    for number, node in enumerate(graph.nodes):
        spec = graph.layers[node.layer].spec
        if isinstance(spec, Nested):
            total += kept(spec.graph)
        elif not isinstance(spec, VIEWS):
            total += sum(map(_count, graph.shapes[number]))
    return total + sum(map(_count, graph.input_shapes.values()))


def widest(graph: Graph) -> int:
    """Numbers, for one image, that the largest layer takes and gives."""
    most = 0
    for number, node in enumerate(graph.nodes):
        spec = graph.layers[node.layer].spec
        here = sum(map(_count, [*graph.node_inputs(node), *graph.shapes[number]]))
        most = max(most, widest(spec.graph) if isinstance(spec, Nested) else here)
    return most


def _count(shape: Shape) -> int:
    return math.prod(size or 1 for size in shape)
