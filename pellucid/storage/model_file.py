"""The model file: one .safetensors file that is enough to predict with.

Arrays    weights as `layer/kernel`; arrays fitted by the preprocessing as `preprocessing/...`.
Record    kind "model", graph, input (size, channels, dtype), preprocessing, class_names, training;
          task (name, format, record), where it has one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, FileError, shown
from pellucid.storage.tensors import COPY_AGAIN, read_tensors, write_tensors

KIND, PACKED = "model", "packed model"  # the second keeps a bit a weight: model/packing.py
PREFIX = "preprocessing/"
FIELDS = ("graph", "input", "preprocessing", "class_names", "training")
EXAMPLES = {
    "model": "Give a model file, such as the model.safetensors of a run folder",
    "checkpoint": "Give the last.safetensors of a run folder",
}
Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What a model file holds; a field that was not given is None, arrays that were not given are an empty mapping."""

    graph: dict[str, Any]
    weights: dict[str, np.ndarray[Any, Any]]
    input: dict[str, Any] | None
    preprocessing: dict[str, Any] | None
    preprocessing_arrays: dict[str, np.ndarray[Any, Any]]
    class_names: list[str] | None
    training: dict[str, Any] | None
    task: dict[str, Any] | None = None
    packed: int | None = None  # the format of its bits


def write_model(
    path: str | os.PathLike[str],
    *,
    graph: dict[str, Any],
    weights: Arrays,
    input: dict[str, Any] | None = None,
    preprocessing: dict[str, Any] | None = None,
    preprocessing_arrays: Arrays | None = None,
    class_names: list[str] | None = None,
    training: dict[str, Any] | None = None,
    task: dict[str, Any] | None = None,
    packed: int | None = None,
) -> None:
    """Write a model to a `.safetensors` file, whole or not at all.

    Raises FileError for another extension or when the file cannot be written, ArgumentError for what JSON cannot hold.
    """
    check_extension(path)
    for name in weights:
        if name.startswith(PREFIX):
            raise ArgumentError(f"weight '{name}': a model file keeps this name for itself. Rename the layer.")
    fitted = {PREFIX + name: array for name, array in (preprocessing_arrays or {}).items()}
    record = {
        "kind": KIND if packed is None else PACKED,
        "graph": graph,
        "input": input,
        "preprocessing": preprocessing,
        "class_names": class_names,
        "training": training,
        **({} if task is None else {"task": task}),
        **({} if packed is None else {"packed": packed}),
    }
    write_tensors(path, {**weights, **fitted}, record)


def read_model(path: str | os.PathLike[str]) -> ModelFile:
    """Read a model file. Raises FileError, which names the file and the remedy, for anything else."""
    check_extension(path)
    arrays, record = read_tensors(path)
    check_kind(path, record, kind=PACKED if record.get("kind") == PACKED else KIND, fields=FIELDS)
    _check_record(path, record)
    weights = {name: array for name, array in arrays.items() if not name.startswith(PREFIX)}
    fitted = {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
    return ModelFile(weights=weights, preprocessing_arrays=fitted, task=record.get("task"), packed=record.get("packed"),
                     **{name: record[name] for name in FIELDS})


def _check_record(path: str | os.PathLike[str], record: dict[str, Any]) -> None:
    """Raise FileError for a record that is not as `records.models` describes it."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.models import ModelRecord

    checked(record, ModelRecord, path, COPY_AGAIN)
    names = record["class_names"] or []
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise FileError(f"{path} is damaged: the class '{shown(double)}' is named twice. {COPY_AGAIN}.")


def check_extension(path: str | os.PathLike[str]) -> None:
    """Raise FileError unless the name ends in .safetensors."""
    if Path(path).suffix != ".safetensors" and not Path(path).is_dir():
        name = Path(path).with_suffix(".safetensors").name
        raise FileError(f"{path}: Pellucid keeps a model in a .safetensors file. Use the name {name}.")


def check_kind(path: str | os.PathLike[str], record: dict[str, Any], *, kind: str, fields: tuple[str, ...]) -> None:
    """Raise FileError unless the record is of `kind` and has every field."""
    found = record.get("kind")
    if found != kind:
        raise FileError(f"{path} is a {shown(found or 'file of no kind')}, not a {kind}. {EXAMPLES[kind]}.")
    for name in fields:
        if name not in record:
            raise FileError(f"{path} is damaged: its record has no '{name}'. {COPY_AGAIN}.")
