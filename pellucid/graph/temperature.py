"""A temperature in a graph: a layer of its own between the last numbers and the softmax that reads them.

It is a layer and not a number beside the graph, so that the graph alone says what the model computes: the table shows
it, files keep it, both engines, exports and traces run it, and nothing needs to know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph.build import unique
from pellucid.graph.graph import Graph, LayerEntry, Node, Source
from pellucid.spec.activations import Activation, Softmax
from pellucid.spec.reshaping import Temperature

WANTED = "a network whose one predicted output ends in a softmax"


def temperature_of(graph: Graph) -> float:
    """What the logits are divided by; 1 where nothing is."""
    found = [entry.spec.value for entry in graph.layers if isinstance(entry.spec, Temperature)]
    return found[-1] if found else 1.0


def with_temperature(graph: Graph, value: float) -> Graph:
    """The same network with its logits divided by `value`; a temperature it has already is replaced.

    Names and weights stay. Raises ArgumentError unless the one predicted output ends in a softmax.
    """
    names = [name for name, _ in graph.outputs if name not in graph.training_only]
    place = dict(graph.outputs)[names[0]][0]
    entry = graph.layers[graph.nodes[place].layer]
    calls = [node.layer for node in graph.nodes].count(graph.nodes[place].layer)
    if len(names) > 1 or calls > 1:
        raise ArgumentError(describe("temperature", "the model", WANTED, f"one with outputs {', '.join(names)}"))
    if _is_softmax(entry.spec):
        source = graph.nodes[graph.nodes[place].inputs[0][0]].layer
        if isinstance(graph.layers[source].spec, Temperature):
            return _with_spec(graph, source, Temperature(value))
        before = _inserted(graph, place, _named("temperature", graph), Temperature(value), graph.nodes[place].inputs)
        return _rewired(before, place + 1, ((place, 0),))
    if not _is_softmax_word(getattr(entry.spec, "activation", None)):
        got = f"'{entry.name}' without one"
        remedy = "Give its last layer activation='softmax'."
        raise ArgumentError(describe("temperature", "the model", WANTED, got, remedy))
    spec: Any = entry.spec
    plain = _with_spec(graph, graph.nodes[place].layer, replace(spec, activation="linear"))
    cooled = _inserted(plain, place + 1, _named("temperature", plain), Temperature(value), ((place, 0),))
    ended = _inserted(cooled, place + 2, _named("softmax", cooled), Softmax(), ((place + 1, 0),))
    return _read_instead(ended, (place, 0), (place + 2, 0), kept=place + 1)


def _is_softmax(spec: object) -> bool:
    return isinstance(spec, Softmax) or (isinstance(spec, Activation) and _is_softmax_word(spec.activation))


def _is_softmax_word(activation: object) -> bool:
    return activation == "softmax" or isinstance(activation, Softmax)


def _named(name: str, graph: Graph) -> str:
    return unique([*(entry.name for entry in graph.layers), name])[-1]


def _with_spec(graph: Graph, layer: int, spec: Any) -> Graph:
    entries = list(graph.layers)
    entries[layer] = replace(entries[layer], spec=spec)
    return replace(graph, layers=tuple(entries))


def _inserted(graph: Graph, place: int, name: str, spec: Any, inputs: Sequence[Source]) -> Graph:
    """A layer called at node number `place`; everything from there on moves up by one."""
    layer = graph.nodes[place].layer if place < len(graph.nodes) else len(graph.layers)
    entries = [*graph.layers[:layer], LayerEntry(name, spec), *graph.layers[layer:]]

    def moved(source: Source) -> Source:
        return (source[0] + (source[0] >= place), source[1])

    nodes = [
        replace(node, layer=node.layer + (node.layer >= layer), inputs=tuple(map(moved, node.inputs)))
        for node in graph.nodes
    ]
    nodes.insert(place, Node(layer, tuple(inputs)))
    return Graph(
        tuple(entries),
        tuple(nodes),
        tuple((input, moved((number, 0))[0]) for input, number in graph.inputs),
        tuple((output, moved(source)) for output, source in graph.outputs),
        graph.training_only,
    )


def _rewired(graph: Graph, place: int, inputs: tuple[Source, ...]) -> Graph:
    nodes = list(graph.nodes)
    nodes[place] = replace(nodes[place], inputs=inputs)
    return replace(graph, nodes=tuple(nodes))


def _read_instead(graph: Graph, old: Source, new: Source, *, kept: int) -> Graph:
    """Everything that read `old` reads `new`, but for the node `kept`."""

    def turned(source: Source) -> Source:
        return new if source == old else source

    nodes = tuple(
        node if number == kept else replace(node, inputs=tuple(map(turned, node.inputs)))
        for number, node in enumerate(graph.nodes)
    )
    outputs = tuple((name, turned(source)) for name, source in graph.outputs)
    return replace(graph, nodes=nodes, outputs=outputs)
