"""From tensors to a Graph: which layers lie between inputs and outputs, in Keras's order, under which names.

Order: a layer's depth is its longest way to an output; deeper layers come first, equals in the order in which a walk
back from the outputs meets them. `get_weights` and foreign weight files rely on it.
Source: Keras 3, `keras/src/ops/function.py`, map_graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.graph import Graph, LayerEntry, Node
from pellucid.graph.layer import Call, Layer, Tensor
from pellucid.spec.reshaping import InputLayer


@dataclass(frozen=True)
class Built:
    """A graph and the layers it was built from, in the graph's order."""

    graph: Graph
    layers: tuple[Layer, ...]


Keys = tuple[Sequence[str] | None, Sequence[str] | None]


def build(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], training_only: Sequence[Tensor] = (), keys: Keys = (None, None)
) -> Built:
    """The network from `inputs` to `outputs`; raises ArgumentError when an output needs another input.

    Several inputs or outputs are named by `keys`, where a user gave any, else after their layers.
    """
    for tensor in outputs:
        if not tensor.batched:
            remedy = "Leave the samples apart: axis=-1, or axes from 1 on."
            got = f"of shape {tensor.shape}, the same for all samples"
            raise ShapeError(describe("Model", "outputs", "with a batch axis", got, remedy))
    calls, met = walk(inputs, outputs)
    depths = measure(calls, outputs)
    layer_depths: dict[Layer, int] = {}
    for call in calls:
        layer_depths[call.layer] = max(layer_depths.get(call.layer, 0), depths[call])
    layers = sorted(layer_depths, key=lambda layer: (-layer_depths[layer], met[layer]))
    names = name_layers(layers)
    places = {layer: place for place, layer in enumerate(layers)}
    numbers = {call: number for number, call in enumerate(calls)}
    nodes = [
        Node(places[call.layer], tuple((numbers[tensor.call], tensor.index) for tensor in cut(call, inputs)),
             call.predicting, call.dilation)
        for call in calls
    ]
    input_names = ["input"] if len(inputs) == 1 else list(keys[0] or [names[tensor.call.layer] for tensor in inputs])
    lasting = [tensor for tensor in outputs if tensor not in training_only]
    alone = lasting[0] if len(lasting) == 1 else None
    words = keys[1] or [names[tensor.call.layer] for tensor in outputs]
    output_names = unique(["output" if t is alone else word for t, word in zip(outputs, words, strict=True)])
    graph = Graph(
        tuple(LayerEntry(names[layer], layer.spec, layer.trainable) for layer in layers),
        tuple(nodes),
        tuple((name, numbers[tensor.call]) for name, tensor in zip(input_names, inputs, strict=True)),
        tuple((name, (numbers[t.call], t.index)) for name, t in zip(output_names, outputs, strict=True)),
        tuple(name for name, tensor in zip(output_names, outputs, strict=True) if tensor in training_only),
    )
    return Built(graph, tuple(layers))


def cut(call: Call, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What a call takes; nothing where the network begins."""
    return () if any(call is tensor.call for tensor in inputs) else call.inputs


def walk(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> tuple[list[Call], dict[Layer, int]]:
    """All calls between, each after its inputs, and the order in which the walk back met the layers."""
    begins = {tensor.call for tensor in inputs}
    for tensor in inputs:
        if not isinstance(tensor.call.layer.spec, InputLayer):
            wanted = "the result of Input(...)"
            raise ArgumentError(describe("Model", "inputs", wanted, f"the output of {tensor.call.layer.label}"))
    ordered: dict[Call, None] = {}
    met: dict[Layer, int] = {}
    pending: list[tuple[Call, bool]] = [(tensor.call, False) for tensor in reversed(outputs)]
    while pending:  # a loop, for nets deeper than Python's stack
        call, finished = pending.pop()
        if call in ordered:
            continue
        if finished:
            ordered[call] = None
            continue
        met.setdefault(call.layer, len(met))
        if isinstance(call.layer.spec, InputLayer) and call not in begins:
            wanted = f"all inputs that the outputs need, among them {call.layer.label}"
            raise ArgumentError(describe("Model", "inputs", wanted, "without it"))
        pending.append((call, True))
        pending += [(tensor.call, False) for tensor in reversed(cut(call, inputs))]
    for tensor in inputs:
        if tensor.call not in ordered:
            met.setdefault(tensor.call.layer, len(met))
            ordered = {tensor.call: None, **ordered}
    return list(ordered), met


def measure(calls: Sequence[Call], outputs: Sequence[Tensor]) -> dict[Call, int]:
    """The longest way from each call to an output."""
    depths = {tensor.call: 0 for tensor in outputs}
    for call in reversed(calls):
        depth = depths.setdefault(call, 0)
        for tensor in call.inputs:
            depths[tensor.call] = max(depths.get(tensor.call, 0), depth + 1)
    return depths


def name_layers(layers: Sequence[Layer]) -> dict[Layer, str]:
    """A unique name for each layer: its own, or its kind, numbered within this graph in order of creation."""
    names: dict[Layer, str] = {}
    given: set[str] = set()
    for layer in layers:
        if layer.given_name is not None:
            if layer.given_name in given:
                remedy = "Give one of them another name."
                raise ArgumentError(describe("Model", "layer names", "unique", f"'{layer.given_name}' twice", remedy))
            names[layer] = layer.given_name
            given.add(layer.given_name)
    taken, last = set(names.values()), dict[str, int]()  # the last number tried of each kind: all below are taken
    for layer in sorted(layers, key=lambda layer: layer.created):
        if layer in names:
            continue
        stem = layer.prefix
        name = layer.name if layer.name and layer.name not in taken else stem
        while name in taken:
            last[stem] = last.get(stem, 0) + 1
            name = f"{stem}_{last[stem]}"
        taken.add(name)
        names[layer] = layer.name = name
    return names


def unique(names: Sequence[str]) -> list[str]:
    """The names, a repeated one numbered: two outputs of one layer."""
    found: list[str] = []
    for name in names:
        again, number = name, 0
        while again in found:
            number += 1
            again = f"{name}_{number}"
        found.append(again)
    return found
