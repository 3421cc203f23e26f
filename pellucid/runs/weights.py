"""A run's weights: drawn for a new model, handed to an engine, kept and written as the model file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.selecting import keys_of
from pellucid.keys import Key
from pellucid.model import Model, weights
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import record_of, task_of
from pellucid.runs.environment import environment_of
from pellucid.storage.finite import finite
from pellucid.storage.run_folder import RunFolder
from pellucid.training.program import State, averaged

if TYPE_CHECKING:
    from pellucid.runs.prepared import Prepared


def draw_weights(model: Model, key: Key, layers: Collection[str] | None = None) -> None:
    """Fresh weights from a key of the run, whatever the process drew before; of these layers alone when given."""
    params, state = ReferenceEngine().init(model.graph, key)
    drawn = params | state
    if layers is not None:
        drawn = model.weights_by_key() | {name: drawn[name] for name in keys_of(model.graph, tuple(layers))}
    weights.take(model.built, "draw_weights", drawn)


def native_weights(model: Model, engine: Engine) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and moving statistics as arrays of the engine, apart from the model's own."""
    params, state = (
        engine.put({key: np.array(value) for key, value in engine.get(part).items()})  # an update may work in place
        for part in weights.native(model.built, engine)
    )
    return params, state


def told_of_reading(config: RunConfig, before: Mapping[str, str]) -> dict[str, str]:
    """How pictures came to that size and shape, `before` in a store; what is left out is what no record means."""
    said = {"fit": config.fit, "alpha": config.alpha} | dict(before)
    return {name: value for name, value in said.items() if value != {"fit": "stretch", "alpha": "drop"}.get(name)}


def write_run_model(
    prepared: Prepared, folder: RunFolder, engine: Engine, state: State, scores: Mapping[str, Any]
) -> None:
    """model.safetensors: enough to predict with, and equal bytes for equal runs."""
    model, dataset, state = prepared.model, prepared.dataset, averaged(state)
    weights.take(model.built, "write_run_model", engine.get(state["params"]) | engine.get(state["state"]))
    height, width, channels = dataset.image_shape
    model.preprocessing = prepared.preprocessing
    names = prepared.problem.class_names
    model.class_names = None if names is None else list(names)
    model.task = record_of(task_of(prepared.config), prepared.problem)
    model.input_record = {
        "height": height,
        "width": width,
        "channels": channels,
        "channel_names": list(dataset.channel_names),
        "dtype": str(dataset.dtype),
        **told_of_reading(prepared.config, dataset.reading),
        **prepared.looks,
    }
    model.training_record = {
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "seed": prepared.config.seed,
        "versions": environment_of(engine)["libraries"],
        "metrics": finite(dict(scores)),
    }
    model.save(folder.model)
