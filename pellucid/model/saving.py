"""save_model: a model as one .safetensors file: graph, weights, preprocessing, class names, and how it was compiled."""

from __future__ import annotations

import os
from typing import Any

from pellucid.errors import FileError
from pellucid.model.network import Network
from pellucid.storage.model_file import write_model


def save_model(model: Network, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the file; raises FileError that says why not, without `overwrite` also where there is one."""
    if not overwrite and os.path.exists(path):
        raise FileError(f"{os.fspath(path)} is there already. Choose another name, or pass overwrite=True.")
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
        task=model.task,
    )
