"""save_model: a model as one .safetensors file: graph, weights, preprocessing, class names, and how it was compiled."""

from __future__ import annotations

import os
from typing import Any

from pellucid.errors import FileError
from pellucid.model.network import Network
from pellucid.storage.model_file import write_model


def save_model(model: Network, path: str | os.PathLike[str], overwrite: bool = True, *, packed: bool = False) -> None:
    """Write the file; raises FileError that says why not, without `overwrite` also where there is one.

    `packed`: binary kernels as a bit a weight; raises UsageError for a network without any.
    """
    if not overwrite and os.path.exists(path):
        raise FileError(f"{os.fspath(path)} is there already. Choose another name, or pass overwrite=True.")
    record: dict[str, Any] = dict(model.training_record or {})
    record["model"] = {"kind": model.kind, "name": model.name}
    if model._keys:
        record["model"] |= {"keys": model._keys, "output_keys": list(model._output_keys)}
    if model._compiled is not None:
        record["compiled"] = model._compiled.to_config(model.built.graph)
    pipeline, weights = model.preprocessing, model.weights_by_key()
    if packed:
        from pellucid.model.packing import FORMAT, bits_of

        weights = bits_of(model.graph, weights)
    write_model(
        path,
        graph=model.graph.to_json(),
        weights=weights,
        input=model.input_record,
        preprocessing=None if pipeline is None else pipeline.to_config(),
        preprocessing_arrays=None if pipeline is None else pipeline.arrays(),
        class_names=model.class_names,
        training=record,
        task=model.task,
        packed=FORMAT if packed else None,
    )
