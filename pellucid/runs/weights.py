"""A run's weights: drawn for a new model, handed to an engine, kept and written as the model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.engines.reference import ReferenceEngine
from pellucid.graph.rebuild import homes
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.runs.environment import environment_of
from pellucid.storage.run_folder import RunFolder
from pellucid.training.program import State

if TYPE_CHECKING:
    from pellucid.runs.preparation import Prepared


def draw_weights(model: Model, key: Key) -> None:
    """Fresh weights from a key of the run, whatever the process drew before."""
    params, state = ReferenceEngine().init(model.graph, key)
    hang(model, params | state)


def native_weights(model: Model, engine: Engine) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and moving statistics as arrays of the engine, apart from the model's own."""
    moving = {key for key, weight in model.graph.weights.items() if weight.name.startswith("moving_")}
    weights = {key: np.array(value) for key, value in model.weights_by_key().items()}
    params = engine.put({key: value for key, value in weights.items() if key not in moving})
    return params, engine.put({key: weights[key] for key in moving})


def hang(model: Model, weights: Mapping[str, np.ndarray]) -> None:
    """Give the model's layers copies of these weights."""
    for key, (layer, short) in homes(model.built.graph, model.built.layers).items():
        layer.weights[short] = np.array(weights[key], np.float32)


def write_run_model(
    prepared: Prepared, folder: RunFolder, engine: Engine, state: State, scores: Mapping[str, Any]
) -> None:
    """model.safetensors: enough to predict with, and equal bytes for equal runs."""
    model, dataset = prepared.model, prepared.dataset
    hang(model, engine.get(state["params"]) | engine.get(state["state"]))
    height, width, channels = dataset.image_shape
    model.preprocessing = prepared.preprocessing
    model.class_names = list(dataset.class_names)
    model.input_record = {
        "height": height,
        "width": width,
        "channels": channels,
        "channel_names": list(dataset.channel_names),
        "dtype": str(dataset.dtype),
    }
    model.training_record = {
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "seed": prepared.config.seed,
        "versions": environment_of(engine)["libraries"],
        "metrics": dict(scores),
    }
    model.save(folder.model)
