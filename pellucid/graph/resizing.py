"""The same network for inputs of other sizes: where no layer's weights depend on them, it is the same weights too."""

from __future__ import annotations

from dataclasses import replace

from pellucid.graph.graph import Graph
from pellucid.spec.reshaping import InputLayer
from pellucid.spec.shapes import Shape


def resized(graph: Graph, shape: Shape) -> Graph:
    """The graph for inputs of this shape, made once and kept with it; raises ShapeError where a layer does not take it.

    One that is kept does not outlive the graph: a layer that is frozen makes another graph.
    """
    if all(own == shape for own in graph.input_shapes.values()):
        return graph
    known: dict[Shape, Graph] = graph.__dict__.setdefault("_resized", {})
    if shape not in known:
        entries = tuple(replace(entry, spec=replace(entry.spec, shape=shape)) if isinstance(entry.spec, InputLayer)
                        else entry for entry in graph.layers)  # fmt: skip
        known[shape] = replace(graph, layers=entries)
    return known[shape]


def same_weights(graph: Graph, other: Graph) -> bool:
    """Whether both have the same weights of the same shapes."""
    own, theirs = ({key: weight.shape for key, weight in one.weights.items()} for one in (graph, other))
    return own == theirs
