"""The layers of a graph that have weights, with what a foreign file's layout depends on.

A dense layer after Flatten reads the map in the order H, W, C here and C, H, W in torch; `before_flatten` is that map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.graph.graph import Graph, Nested, Node
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec, WeightSpec
from pellucid.spec.reshaping import Flatten
from pellucid.spec.shapes import Shape


@dataclass(frozen=True)
class Place:
    """One layer with weights: its path, its spec, its weights by short name."""

    path: str
    spec: LayerSpec
    weights: Mapping[str, WeightSpec]
    before_flatten: Shape | None = None

    def key(self, short: str) -> str:
        """The weight's key in the store."""
        return f"{self.path}/{short}"


def places_of(graph: Graph, prefix: str = "") -> list[Place]:
    """The layers with weights in the graph's order, those inside sub-models where these stand."""
    weights = graph.weights
    calls = {node.layer: node for node in reversed(graph.nodes)}
    found: list[Place] = []
    for number, entry in enumerate(graph.layers):
        if isinstance(entry.spec, Nested):
            found += places_of(entry.spec.graph, f"{prefix}{entry.name}/")
            continue
        own = {weight.name: weight for key, weight in weights.items() if key.startswith(entry.name + "/")}
        if own:
            found.append(Place(prefix + entry.name, entry.spec, own, map_before(graph, calls[number])))
    return found


def map_before(graph: Graph, node: Node) -> Shape | None:
    """The map that was flattened before this node, when every layer between leaves the numbers in their order."""
    while len(node.inputs) == 1:
        node = graph.nodes[node.inputs[0][0]]
        spec = graph.layers[node.layer].spec
        shapes = graph.node_inputs(node)
        if isinstance(spec, Flatten):
            return shapes[0] if len(shapes[0]) == 3 else None
        rows = len(shapes) == 1 and len(shapes[0]) == 1
        if not rows or isinstance(spec, (Dense, Nested)) or spec.output_shape(shapes, "") != shapes[0]:
            return None
    return None
