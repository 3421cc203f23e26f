"""Features: what a layer of a trained network gives for every image of a data set, kept in an HDF5 store to learn from.

Images are read, preprocessed as the network's training had it, and run through it a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Numbers
from pellucid.data.dataset import Part
from pellucid.data.hdf5 import FEATURES, store_written
from pellucid.data.images import Array
from pellucid.data.preprocessing import Pipeline, assumed_pipeline
from pellucid.errors import DataError, UsageError, describe
from pellucid.graph.selecting import head_of
from pellucid.model import Model
from pellucid.runs.begun import settings_of
from pellucid.runs.config import read_record
from pellucid.runs.places import refuse_among_data
from pellucid.runs.weights import native_weights
from pellucid.storage.reading import sha256_of
from pellucid.training.session import engine_named, predict_each
from pellucid.using.data import data_of
from pellucid.using.opening import classifier_of

FORMAT = 1


def write_features(
    run: str, data: str | None, *, out: str, layer: str | None = None, data_dir: str | None = None,
    limit: int | None = None, skip_broken: str | None = None, max_pixels: int | None = None, batch_size: int = 64,
    engine: str = "auto",
) -> dict[str, Any]:
    """Write the store `out` and say what it holds: parts, shape, layer.

    `layer` is the one before the head unless named. Raises UsageError for an unknown layer or another ending of the
    name, DataError when the images do not fit the network.
    """
    path = Path(out)
    if path.suffix.lower() not in (".h5", ".hdf5"):
        raise UsageError(describe("features", "--out", "a name that ends in .h5", repr(out)))
    model, folder = classifier_of(run)
    named = data if folder is None or data is not None else settings_of(read_record(folder), str(folder.config)).data
    refuse_among_data("features", out, str(named), data_dir)
    name = layer or before_head(model)
    trunk = cut(model, name)
    found = data_of(folder, model, data, data_dir, limit, skip_broken=skip_broken, max_pixels=max_pixels)
    dataset = found.dataset
    if not found.own:
        for part in dataset.parts.values():
            found.holder.look(part)
    pipeline = model.preprocessing or assumed_pipeline(dataset.dtype)
    wanted, given = trunk.input_shape[1:], tuple(pipeline.output_shape(dataset.image_shape))
    if len(wanted) != len(given) or any(w not in (None, g) for w, g in zip(wanted, given, strict=True)):
        raise DataError(describe(dataset.name, "images", f"{wanted} for {run}", str(given), "Convert them first."))
    shape = trunk.output_shape[1:]
    numbers = named_numbers(next(iter(dataset.parts.values())))
    record = {
        "format": FORMAT, "kind": FEATURES, "layer": name, "shape": list(shape), "model": Path(run).name,
        "model_sha256": sha256_of(folder.model if folder else run),
        "data": dataset.name, "fingerprint": dataset.fingerprint, "preprocessing": pipeline.to_config(), **numbers,
    }
    made = engine_named(engine, "float32", None)
    with store_written(path, record, () if numbers else dataset.class_names) as store:
        for word, part in dataset.parts.items():
            rows = features_of(trunk, made, part, pipeline, batch_size)
            store.write_part(word, targets_of(part), part.groups, rows)
    sizes = {word: len(part) for word, part in dataset.parts.items()}
    return {"out": path.as_posix(), "layer": name, "shape": list(shape), "n": sizes, "engine": made.name,
            "model": run, "data": dataset.name, "classes": len(dataset.class_names),
            **numbers, "warnings": found.holder.warnings}  # fmt: skip


def named_numbers(part: Part) -> dict[str, list[dict[str, str]]]:
    """Names and units of what pictures have in place of classes; nothing of classes."""
    column = part.annotations
    if not isinstance(column, Numbers):
        return {}
    return {"numbers": [{"name": name, "unit": unit} for name, unit in zip(column.names, column.units, strict=True)]}


def targets_of(part: Part) -> Array:
    """What is to be learnt from features: classes (N,) or numbers (N, K). Raises DataError for anything else."""
    return part.annotations.values if isinstance(part.annotations, Numbers) else part.labels


def before_head(model: Model) -> str:
    """The layer whose result the head reads; raises UsageError when there are several heads, or one inside a model."""
    heads = head_of(model.graph)
    if len(heads) != 1 or "/" in heads[0]:
        raise UsageError("features: the network has no one head. Name a layer of the summary with --layer.")
    graph = model.graph
    node = next(node for node in graph.nodes if graph.layers[node.layer].name == heads[0])
    return graph.layers[graph.nodes[node.inputs[0][0]].layer].name


def cut(model: Model, layer: str) -> Model:
    """The network as far as a layer; raises UsageError that lists the layers."""
    names = [entry.name for entry in model.graph.layers]
    if layer not in names:
        raise UsageError(describe("features", "--layer", f"one of {', '.join(names)}", repr(layer)))
    output = model.get_layer(layer).output
    return Model(model.input, output, name=model.name)


def features_of(trunk: Model, engine: Any, part: Part, pipeline: Pipeline, batch_size: int) -> Iterator[Array]:
    """The layer's results of batch after batch, in the order of the part."""
    params, state = native_weights(trunk, engine)
    (entry,) = trunk.graph.input_shapes

    def parts() -> Iterator[dict[str, Array]]:
        for start in range(0, len(part), batch_size):
            chosen = np.arange(start, min(start + batch_size, len(part)))
            yield {entry: pipeline.apply(part.images.take(chosen))}

    for outputs in predict_each(trunk.graph, engine, params, state, parts()):
        yield next(iter(outputs.values()))
