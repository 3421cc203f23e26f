"""Models from what they are as data: configurations, JSON text, and copies with weights of their own.

A configuration holds the graph, so it needs no class of the user's: a model written as one comes back as a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pellucid.errors import ArgumentError, FileError, describe, shown
from pellucid.graph.build import Built
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.rebuild import layers_of, with_changes
from pellucid.model.model import Model
from pellucid.model.portable import FORMS
from pellucid.model.sequential import Sequential
from pellucid.spec.reshaping import InputLayer


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Any], Any] | None = None,
    call_function: Any = None, recursive: bool = False,
) -> Model:  # fmt: skip
    """The same network with layers and weights of its own, drawn anew.

    clone_function(layer) gives the layer to stand in a layer's place; with `recursive` it is asked inside sub-models
    too. input_tensors, from Input, take the place of the inputs. Raises ArgumentError for what is no model.
    """
    if not isinstance(model, Model):
        raise ArgumentError(describe("clone_model", "model", "a model", type(model).__name__))
    if call_function is not None:
        remedy = "Give clone_function layers that do what is wanted."
        raise ArgumentError(describe("clone_model", "call_function", "left out", "given", remedy))
    made = copies(model.graph, model.built.layers, clone_function, recursive)
    return network(model.graph, made, model.name, sequential=isinstance(model, Sequential), inputs=input_tensors,
                   keys=model._keys, output_keys=model._output_keys)  # fmt: skip


def copies(graph: Graph, layers: Sequence[Layer], change: Any, recursive: bool) -> tuple[Layer, ...]:
    """New layers for those of a graph, as `change` makes them."""
    made = list(layers_of(graph))
    for place, (entry, layer) in enumerate(zip(graph.layers, layers, strict=True)):
        if change is None or isinstance(entry.spec, InputLayer):
            continue
        if isinstance(entry.spec, Nested) and recursive:
            inner = copies(entry.spec.graph, layer.inner, change, recursive)
            made[place] = network(entry.spec.graph, inner, entry.name).as_layer()
            continue
        found = change(layer)
        found = found.as_layer() if isinstance(found, Model) else found
        if not isinstance(found, Layer):
            raise ArgumentError(describe("clone_model", "clone_function's result", "a layer", shown(repr(found))))
        if found is not layer and found.given_name is None:
            found.given_name = found.name = entry.name
        made[place] = found
    return tuple(made)


def network(
    graph: Graph, layers: Sequence[Layer], name: str, *, sequential: bool = False, inputs: Any = None,
    keys: Mapping[str, str] | None = None, output_keys: Mapping[str, str] | None = None,
) -> Model:  # fmt: skip
    """A model that calls these layers as the graph says; weights that are not there yet are drawn."""
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs or ())
    if given and len(given) != len(graph.inputs):
        raise ArgumentError(describe("clone_model", "input_tensors", f"{len(graph.inputs)}", f"{len(given)}"))
    starts = dict(zip([number for _, number in graph.inputs], given, strict=False))
    results: list[list[Tensor]] = []
    for number, node in enumerate(graph.nodes):
        if number in starts:
            results.append([starts[number]])
            continue
        taken = [results[source][output] for source, output in node.inputs]
        made = layers[node.layer](taken, **node.named)
        results.append(made if isinstance(made, list) else [made])
    if sequential:
        first = graph.inputs[0][1]
        return Sequential([results[first][0], *(layers[node.layer] for number, node in enumerate(graph.nodes)
                                                if number != first)], name=name)  # fmt: skip
    ends = {word: results[number][output] for word, (number, output) in graph.outputs}
    model = Model.__new__(Model)
    model._start(name)
    built = Built(with_changes(graph, layers), tuple(layers))  # in the order in which the model's weights were listed
    model._adopt(built, [results[number][0] for _, number in graph.inputs], list(ends.values()))
    model._keys, model._output_keys = dict(keys or {}), dict(output_keys or {})
    return model


def from_config(config: Mapping[str, Any]) -> Model:
    """The model that `get_config` told of, with weights drawn anew; raises ArgumentError for another mapping."""
    if not isinstance(config, Mapping) or "graph" not in config:
        remedy = "Pass what get_config of a model of Pellucid gave."
        raise ArgumentError(describe("from_config", "config", "of a model", shown(repr(config)), remedy))
    try:
        graph = Graph.from_json(config["graph"])
        _ = graph.output_shapes
        layers = layers_of(graph)
    except (FileError, KeyError, TypeError, AttributeError, IndexError) as fault:
        raise ArgumentError(f"from_config: the graph in the configuration is damaged: {shown(fault)}.") from None
    return network(graph, layers, str(config.get("name", "model")), sequential=config.get("kind") == "sequential",
                   keys=config.get("keys"), output_keys=config.get("output_keys"))  # fmt: skip


def model_from_json(json_string: str, custom_objects: Any = None) -> Model:
    """The model that `to_json` wrote, with weights drawn anew; it holds no code, so no custom_objects are needed."""
    try:
        told = json.loads(json_string)
    except (TypeError, ValueError):
        told = None
    if not isinstance(told, Mapping) or "config" not in told:
        remedy = "Pass what model.to_json() gave."
        raise ArgumentError(describe("model_from_json", "json_string", "a model as JSON", shown(repr(json_string)),
                                     remedy))  # fmt: skip
    return from_config(told["config"])


FORMS.append(from_config)
