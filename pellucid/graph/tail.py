"""What of a network training leaves alone, from its input on, and the network after it.

Frozen layers give the same values for a picture in every epoch, so these can be made once and kept.
"""

from __future__ import annotations

from dataclasses import replace

from pellucid.graph.graph import Graph, LayerEntry, Node, Source
from pellucid.graph.plan import plan
from pellucid.spec.reshaping import InputLayer


def tail_of(graph: Graph) -> tuple[str, Graph] | None:
    """The layer whose result is all that training looks at, and the network from there on, names and weights kept.

    None where nothing is frozen, where several results are looked at, or where an output is frozen too.
    """
    moving = {step.layer.partition("/")[0] for step in plan(graph).steps
              if step.spec.noisy or (step.weights and not step.frozen)}  # fmt: skip
    same: list[bool] = []  # of each node, whether its result for an input is the same in every step of a training
    for node in graph.nodes:
        still = graph.layers[node.layer].name not in moving
        same.append(still and all(same[number] for number, _ in node.inputs))
    read = {source for node, still in zip(graph.nodes, same, strict=True) if not still
            for source in node.inputs if same[source[0]]}  # fmt: skip
    weighted = {key.partition("/")[0] for key in graph.weights}
    kept = {graph.layers[node.layer].name for node, still in zip(graph.nodes, same, strict=True) if still}
    if len(read) != 1 or not kept & weighted or any(same[number] for _, (number, _) in graph.outputs):
        return None
    ((number, output),) = read
    return (graph.layers[graph.nodes[number].layer].name, after(graph, (number, output), same)) if not output else None


def after(graph: Graph, begin: Source, same: list[bool]) -> Graph:
    """The network of the nodes that are not the same, which takes the result `begin` as its input."""
    number, output = begin
    name = graph.layers[graph.nodes[number].layer].name
    layers = [LayerEntry(name, InputLayer(graph.shapes[number][output]))]
    nodes, places, numbers = [Node(0, ())], dict[int, int](), {number: 0}
    for old, node in enumerate(graph.nodes):
        if same[old]:
            continue
        if node.layer not in places:
            places[node.layer] = len(layers)
            layers.append(graph.layers[node.layer])
        inputs = tuple((numbers[source], place) for source, place in node.inputs)
        numbers[old] = len(nodes)
        nodes.append(replace(node, layer=places[node.layer], inputs=inputs))
    outputs = tuple((word, (numbers[source], place)) for word, (source, place) in graph.outputs)
    return Graph(tuple(layers), tuple(nodes), (("input", 0),), outputs, graph.training_only)
