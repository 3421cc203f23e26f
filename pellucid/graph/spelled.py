"""A graph with every piece of arithmetic as a layer of its own: Dense(relu) becomes dense, then dense.relu.

The numbers are the same; a trace of it shows what lies between a layer's product and its activation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from pellucid.graph.graph import Graph, LayerEntry, Nested, Node, Source
from pellucid.spec.layer import LayerSpec


def spelled(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """The spelled-out graph, and for each of its weight keys the key in `graph`."""
    layers: list[LayerEntry] = []
    pieces: dict[int, list[int]] = {}  # layer -> the layers it became
    keys: dict[str, str] = {}
    for number, entry in enumerate(graph.layers):
        own: list[LayerEntry] = []
        primitives = () if isinstance(entry.spec, Nested) else entry.spec.primitives()
        shorts = [key.rpartition("/")[2] for key in graph.weights if key.startswith(f"{entry.name}/")]
        if len(primitives) < 2:
            own.append(entry)
        for place, primitive in enumerate(primitives if len(primitives) > 1 else ()):
            name = entry.name if place == 0 else f"{entry.name}.{primitive.spec.prefix}"
            own.append(LayerEntry(name, without_activation(primitive.spec), entry.trainable))
            renamed = {f"{name}/{inner}": f"{entry.name}/{outer}" for inner, outer in primitive.weights.items()}
            keys |= renamed
            for short in shorts if place else ():
                keys.setdefault(f"{name}/{short}", f"{entry.name}/{short}")
        pieces[number] = list(range(len(layers), len(layers) + len(own)))
        layers += own
    nodes: list[Node] = []
    last: dict[int, int] = {}  # node -> the node that gives its result
    for number, node in enumerate(graph.nodes):
        taken: tuple[Source, ...] = tuple((last[source], output) for source, output in node.inputs)
        for place, piece in enumerate(pieces[node.layer]):
            nodes.append(Node(piece, taken, dilation=None if place else node.dilation))
            taken = ((len(nodes) - 1, 0),)
        last[number] = len(nodes) - 1
    inputs = tuple((name, last[number]) for name, number in graph.inputs)
    outputs = tuple((name, (last[number], output)) for name, (number, output) in graph.outputs)
    full = Graph(tuple(layers), tuple(nodes), inputs, outputs, graph.training_only)
    return full, {key: keys.get(key, key) for key in full.weights}


def without_activation(spec: LayerSpec) -> LayerSpec:
    """The same arithmetic, linear: its activation has become a layer of its own."""
    if not hasattr(spec, "activation"):
        return spec
    linear: LayerSpec = replace(cast(Any, spec), activation=None)
    return linear
