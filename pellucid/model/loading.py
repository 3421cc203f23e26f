"""load_model: the model of a .safetensors file, every part of it held against the others before it is used."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.finite import why_unfit
from pellucid.errors import FileError, shown
from pellucid.graph.build import Built
from pellucid.graph.graph import Graph, fits
from pellucid.graph.rebuild import homes, layers_of
from pellucid.model.bounds import refuse_huge, refuse_long
from pellucid.model.compiled import Compiled
from pellucid.model.model import Model
from pellucid.model.portable import Path
from pellucid.model.sequential import Sequential
from pellucid.storage.memory import asking
from pellucid.storage.model_file import ModelFile, read_model

if TYPE_CHECKING:
    from pellucid.data.preprocessing import Pipeline

MOST_TRIED = 2**24  # values of one image that preprocessing is tried on when a model is loaded
SAVE_AGAIN = "Save the model again"
MODEL = "model.safetensors"  # of a run folder


def load_model(path: Path, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Model:
    """The model of a .safetensors file or of a run folder, compiled as it was, unless `compile` is False.

    `custom_objects` and `safe_mode` are taken for Keras's sake: a file holds no code. Raises FileError that names the
    file and the remedy.
    """
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.models import TrainingRecord

    if os.path.isfile(os.path.join(path, MODEL)):
        path = os.path.join(path, MODEL)
    with asking(os.fspath(path), "Free some memory: the weights must be in it."):
        file = read_model(path)
    built = network_of(file, path)
    checked(file.training or {}, TrainingRecord, path, SAVE_AGAIN)
    record = dict(file.training or {})
    made, compiled = record.pop("model", None) or {}, record.pop("compiled", None)
    owner = Sequential if made.get("kind") == "sequential" else Model
    model = owner.__new__(owner)
    with rebuilt(path, SAVE_AGAIN):
        model._start(made.get("name", "model"))
        model._restore(built)
        take_keys(model, made)
    model.preprocessing = pipeline_of(file, path)
    refuse_unfit(model, file, path)
    model.class_names, model.input_record = file.class_names, file.input
    model.training_record, model.task = record or None, file.task
    if compiled and compile:
        with rebuilt(path, SAVE_AGAIN):
            model._compiled = Compiled.from_config(compiled)
            model._compiled.check_outputs(built.graph)
    return model


def take_keys(model: Model, made: Mapping[str, Any]) -> None:
    """The keys of a model made with mappings of tensors; raises FileError for one that leads nowhere."""
    graph = model.built.graph
    model._keys = dict(made.get("keys", {}))
    model._output_keys = {key: model._keys[key] for key in made.get("output_keys", ())}
    strange = set(model._keys.values()) - {*graph.input_shapes, *graph.output_shapes}
    strange |= set(model._output_keys.values()) - set(graph.lasting)
    if strange:
        raise FileError(f"it has a key for '{shown(min(strange))}', which its network does not have.")


def network_of(file: ModelFile, path: Path) -> Built:
    """Graph and layers with the file's weights; raises FileError when they do not belong together."""
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.models import GraphRecord

    refuse_long(file.graph, os.fspath(path))
    checked(file.graph, GraphRecord, path, SAVE_AGAIN)
    with rebuilt(path, SAVE_AGAIN):
        graph = Graph.from_json(file.graph)
        refuse_huge(graph, "the graph in the file", FileError)
        expected = {key: weight.shape for key, weight in graph.weights.items()}
        _ = graph.output_shapes
    weights = file.weights if file.packed is None else unpacked(graph, file, path)
    given = {key: value.shape for key, value in weights.items()}
    if expected != given:
        differing = sorted(key for key in expected.keys() | given.keys() if expected.get(key) != given.get(key))
        where = f"weight '{shown(differing[0])}'"
        raise FileError(f"{os.fspath(path)} is damaged: {where} does not fit its graph. {SAVE_AGAIN}.")
    refuse_no_numbers({**weights, **file.preprocessing_arrays}, path)
    layers = layers_of(graph)
    for key, (layer, short) in homes(graph, layers).items():
        layer.held[short] = weights[key]
    return Built(graph, layers)


def unpacked(graph: Graph, file: ModelFile, path: Path) -> dict[str, np.ndarray]:
    """The weights of a packed file; raises FileError for bits of another format."""
    from pellucid.model.packing import FORMAT, floats_of

    if file.packed != FORMAT:
        raise FileError(f"{os.fspath(path)} has bits of format {file.packed}, and this Pellucid reads format {FORMAT}. "
                        "Install a newer Pellucid: pip install --upgrade pellucid")  # fmt: skip
    return floats_of(graph, file.weights, path)


def pipeline_of(file: ModelFile, path: Path) -> Pipeline | None:
    """The fitted preprocessing; None where the model has none. Raises FileError for one that cannot be."""
    from pellucid.data.preprocessing import Pipeline
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.models import PreprocessingRecord

    if file.preprocessing is None:
        return None
    checked(file.preprocessing, PreprocessingRecord, path, SAVE_AGAIN)
    with rebuilt(path, SAVE_AGAIN):
        return Pipeline.from_config(file.preprocessing, file.preprocessing_arrays or {})


def refuse_no_numbers(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Raise FileError that names the first array of another kind than floats, or with NaN or infinity."""
    for name, values in arrays.items():
        why = why_unfit(values)
        if why:
            raise FileError(f"{os.fspath(path)} cannot be used: '{shown(name)}' holds {why}. Train it again, with a "
                            "lower learning rate if its training diverged.")  # fmt: skip


def refuse_unfit(model: Model, file: ModelFile, path: Path) -> None:
    """Raise FileError when the images or the class names of the record are not those of its network."""
    from pellucid.data.options import Options, options_of_record
    from pellucid.model.input.typical import Typical
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.models import InputRecord

    if file.input:
        checked(file.input, InputRecord, path, SAVE_AGAIN)
        with rebuilt(path, SAVE_AGAIN):
            Options(**options_of_record(file.input))
        if file.input.get("statistics") is not None:
            Typical.from_record(file.input, os.fspath(path))
    graph = model.built.graph
    inputs, outputs = list(graph.input_shapes.values()), [graph.output_shapes[name] for name in graph.lasting]
    with rebuilt(path, SAVE_AGAIN):
        if file.input and model.preprocessing is not None and len(inputs) == 1:
            size = tuple(file.input[name] for name in ("height", "width", "channels"))
            prepared = tuple(model.preprocessing.output_shape(size))
            if not fits(inputs[0], prepared):
                raise FileError(f"its record speaks of images of {size}, which do not fit its network. {SAVE_AGAIN}.")
            tried = math.prod(size) <= MOST_TRIED
            if tried and model.preprocessing.apply(np.zeros((1, *size), np.float32)).shape[1:] != prepared:
                raise FileError(f"its preprocessing does not fit images of {size}. {SAVE_AGAIN}.")
        units = outputs[0][-1] if len(outputs) == 1 and outputs[0] else None
        names = len(file.class_names or ())
        if names and units is not None and names != units and (units, names) != (1, 2):
            raise FileError(f"it names {names:,} classes, but its network has {units:,} outputs. {SAVE_AGAIN}.")
