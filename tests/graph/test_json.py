"""A graph survives JSON, and whatever is no graph is refused as a damaged file."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pellucid.errors import FileError
from pellucid.graph.graph import Graph
from pellucid.layers import Add, BatchNormalization, Conv2D, Dense, Flatten, Input, MaxPooling2D
from pellucid.models import Model, Sequential


def branched() -> Graph:
    """Two inputs, two outputs, a shared layer, a sub-model and a frozen layer."""
    a, b = Input((6, 6, 2), name="a"), Input((6, 6, 2), name="b")
    shared = Conv2D(3, 3, activation="relu", kernel_regularizer="l2", name="shared")
    block = Sequential([Input((4, 4, 3)), BatchNormalization(), MaxPooling2D(2)], name="block")
    joined = Add()([block(shared(a)), block(shared(b))])
    flat = Flatten()(joined)
    main, side = Dense(5, activation="softmax", name="main")(flat), Dense(1, name="side", trainable=False)(flat)
    return Model([a, b], [main, side], training_only=[side]).graph


def test_a_graph_survives_json() -> None:
    graph = branched()
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph
    assert again.to_json() == graph.to_json()
    assert again.weights == graph.weights and again.shapes == graph.shapes
    assert again.training_only == ("side",)


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A fault: something else at a place such as nodes/3/layer."""

    def spoil(data: dict[str, Any]) -> None:
        *way, last = [int(word) if word.isdecimal() else word for word in path.split("/")]
        place: Any = data
        for word in way:
            place = place[word]
        if last == len(place):
            place.append(value)
        else:
            place[last] = value

    return spoil


def lose(path: str) -> Callable[[dict[str, Any]], None]:
    def spoil(data: dict[str, Any]) -> None:
        *way, last = [int(word) if word.isdecimal() else word for word in path.split("/")]
        place: Any = data
        for word in way:
            place = place[word]
        del place[last]

    return spoil


LONELY = {"name": "lonely", "trainable": True, "spec": Dense(2).spec.to_config()}
FAULTS = {
    "no layers": lose("layers"),
    "layers of text": put("layers", "conv2d"),
    "layers of numbers": put("layers", [1, 2]),
    "no spec": lose("layers/2/spec"),
    "an unknown layer": put("layers/2/spec/type", "Lambda"),
    "a layer of no type": put("layers/2/spec", 7),
    "an illegal argument": put("layers/2/spec/filters", 0),
    "a missing argument": lose("layers/2/spec/filters"),
    "an unknown argument": put("layers/2/spec/code", "import os"),
    "an unknown activation": put("layers/2/spec/activation", "eval"),
    "a slash in a name": put("layers/2/name", "a/b"),
    "a name twice": put("layers/1/name", "a"),
    "a node of no layer": put("nodes/2/layer", 99),
    "a negative layer": put("nodes/2/layer", -1),
    "a layer never called": put("layers/8", LONELY),
    "a sub-model on another shape": put("nodes/2/inputs", [[0, 0]]),
    "a node before its input": put("nodes/2/inputs", [[5, 0]]),
    "a node of itself": put("nodes/2/inputs", [[2, 0]]),
    "an output of a layer that has one": put("nodes/2/inputs", [[0, 1]]),
    "a sub-model of no input": put("nodes/2/inputs", []),
    "a layer of no input": put("nodes/7/inputs", []),
    "an input that has an input": put("nodes/3/inputs", [[0, 0]]),
    "two inputs where one is taken as a map": put("nodes/4/inputs", [[6, 0]]),
    "an input of no node": put("inputs/0", ["a", 77]),
    "no inputs at all": put("inputs", []),
    "no outputs at all": put("outputs", []),
    "an output of no node": put("outputs/0", ["main", [77, 0]]),
    "outputs of text": put("outputs", "main"),
    "shapes that do not fit": put("layers/0/spec/shape", [1, 1, 2]),
    "a damaged sub-model": put("layers/3/spec/graph/nodes", []),
    "a sub-model of text": put("layers/3/spec/graph", "block"),
    "an unknown training output": put("training_only", ["nobody"]),
}


def test_the_places_that_the_faults_spoil_are_there() -> None:
    layers = [entry.name for entry in branched().layers]
    assert layers == ["a", "b", "shared", "block", "add", "flatten", "main", "side"]
    assert [node.layer for node in branched().nodes][:5] == [0, 2, 3, 1, 2]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_damaged_graph_is_a_file_error(fault: Callable[[dict[str, Any]], None]) -> None:
    data = copy.deepcopy(json.loads(json.dumps(branched().to_json())))
    fault(data)
    with pytest.raises(FileError) as caught:
        Graph.from_json(data)
    assert "damaged" in str(caught.value) or "in the file" in str(caught.value)


@pytest.mark.parametrize("data", [None, [], "graph", 7, {}])
def test_what_is_no_graph_is_a_file_error(data: Any) -> None:
    with pytest.raises(FileError, match="the graph in the file is damaged"):
        Graph.from_json(data)


def test_an_unknown_layer_is_named_with_the_way_out() -> None:
    data = branched().to_json()
    data["layers"][2]["spec"]["type"] = "MyLayer"
    with pytest.raises(FileError, match=r"unknown layer 'MyLayer' in the file; .* call pellucid.register_layer\(...\)"):
        Graph.from_json(data)
