"""Between a graph and its layers: layers anew from a file's graph, what of them has changed, homes of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pellucid.graph.build import Built
from pellucid.graph.graph import Graph, LayerEntry, Nested
from pellucid.graph.layer import Layer, Tensor


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """New layers for a graph's entries; sub-models bring theirs along."""
    layers = []
    for entry in graph.layers:
        layer = Layer.of(entry.spec, entry.name, trainable=entry.trainable)
        if isinstance(entry.spec, Nested):
            layer.inner = layers_of(entry.spec.graph)
        layers.append(layer)
    return tuple(layers)


def replay(graph: Graph, layers: Sequence[Layer]) -> tuple[list[Tensor], list[Tensor]]:
    """Call the layers as the graph says; return its input and output tensors."""
    results: list[list[Tensor]] = []
    for node in graph.nodes:
        taken = [results[number][output] for number, output in node.inputs]
        made = layers[node.layer](taken, **node.named)
        results.append(made if isinstance(made, list) else [made])
    inputs = [results[number][0] for _, number in graph.inputs]
    return inputs, [results[number][output] for _, (number, output) in graph.outputs]


def refreshed(built: Built) -> Graph:
    """The graph with every layer's spec and trainable flag as they are now; the same object when none has changed."""
    return with_changes(built.graph, built.layers)


def with_changes(graph: Graph, layers: Sequence[Layer]) -> Graph:
    entries, changed = list(graph.layers), False
    for place, (entry, layer) in enumerate(zip(graph.layers, layers, strict=True)):
        spec = layer.spec
        if isinstance(spec, Nested):
            inner = with_changes(spec.graph, layer.inner)
            spec = spec if inner is spec.graph else Nested(inner)
        if spec is not entry.spec or layer.trainable != entry.trainable:
            entries[place], changed = LayerEntry(entry.name, spec, layer.trainable), True
    return replace(graph, layers=tuple(entries)) if changed else graph


def homes(graph: Graph, layers: Sequence[Layer]) -> dict[str, tuple[Layer, str]]:
    """Where each weight's value hangs: its key -> (layer, short name)."""
    by_name = {entry.name: (entry, layer) for entry, layer in zip(graph.layers, layers, strict=True)}
    inside = {
        name: homes(entry.spec.graph, layer.inner)
        for name, (entry, layer) in by_name.items()
        if isinstance(entry.spec, Nested)
    }
    found: dict[str, tuple[Layer, str]] = {}
    for key in graph.weights:
        name, _, short = key.partition("/")
        found[key] = inside[name][short] if name in inside else (by_name[name][1], short)
    return found
