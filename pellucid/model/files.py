"""A model as one .safetensors file: graph, weights, preprocessing, class names, and how it was compiled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError
from pellucid.graph.build import Built
from pellucid.graph.graph import Graph
from pellucid.graph.rebuild import homes, layers_of
from pellucid.model.compiled import Compiled
from pellucid.storage.model_file import ModelFile, read_model, write_model

if TYPE_CHECKING:
    from pellucid.model.model import Model
    from pellucid.model.network import Network, Path


def save_model(model: Network, path: Path) -> None:
    """Write the file; raises FileError that says why not."""
    record: dict[str, Any] = dict(model.training_record or {})
    record["model"] = {"kind": model.kind, "name": model.name}
    if model._keys:
        record["model"] |= {"keys": model._keys, "output_keys": list(model._output_keys)}
    if model._compiled is not None:
        record["compiled"] = model._compiled.to_config(model.built.graph)
    pipeline = model.preprocessing
    write_model(
        path,
        graph=model.graph.to_json(),
        weights=model.weights_by_key(),
        input=model.input_record,
        preprocessing=None if pipeline is None else pipeline.to_config(),
        preprocessing_arrays=None if pipeline is None else pipeline.arrays(),
        class_names=model.class_names,
        training=record,
    )


def load_model(path: Path) -> Model:
    """The model of a .safetensors file, compiled as it was; raises FileError that names the file and the remedy."""
    from pellucid.data.preprocessing import Pipeline
    from pellucid.model.model import Model
    from pellucid.model.sequential import Sequential

    file = read_model(path)
    built = network_of(file, os.fspath(path))
    record = dict(file.training or {})
    made, compiled = record.pop("model", {}), record.pop("compiled", None)
    owner = Sequential if made.get("kind") == "sequential" else Model
    model = owner.__new__(owner)
    model._start(made.get("name", "model"))
    model._restore(built)
    model._keys = dict(made.get("keys", {}))
    model._output_keys = {key: model._keys[key] for key in made.get("output_keys", ())}
    if file.preprocessing is not None:
        model.preprocessing = Pipeline.from_config(file.preprocessing, file.preprocessing_arrays or {})
    model.class_names, model.input_record = file.class_names, file.input
    model.training_record = record or None
    if compiled:
        model._compiled = Compiled.from_config(compiled)
    return model


def network_of(file: ModelFile, path: str) -> Built:
    """Graph and layers with the file's weights; raises FileError when they do not belong together."""
    try:
        graph = Graph.from_json(file.graph)
    except FileError as fault:
        raise FileError(f"{path}: {fault}") from None
    expected = {key: weight.shape for key, weight in graph.weights.items()}
    given = {key: value.shape for key, value in file.weights.items()}
    if expected != given:
        differing = sorted(key for key in expected.keys() | given.keys() if expected.get(key) != given.get(key))
        raise FileError(f"{path} is damaged: weight '{differing[0]}' does not fit its graph. Save it again.")
    layers = layers_of(graph)
    for key, (layer, short) in homes(graph, layers).items():
        layer.held[short] = file.weights[key]
    return Built(graph, layers)
