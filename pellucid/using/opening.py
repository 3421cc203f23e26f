"""What a run left, opened again: its network, its engine, the threads that predicting takes; its export."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from pellucid.architectures.names import architecture
from pellucid.data.naming import some_names
from pellucid.engines.protocol import Engine
from pellucid.engines.threads import threads_for, threads_now
from pellucid.errors import ArgumentError, FileError, UsageError, describe, shown
from pellucid.graph.summary import summarize
from pellucid.model import Model, Sequential, load_model
from pellucid.model.bounds import layers_in_words
from pellucid.runs.begun import settings_of
from pellucid.runs.config import blamed, named, read_record
from pellucid.runs.networks import FILES, in_words, refuse_no_classifier
from pellucid.storage.run_folder import RunFolder, runs_in, runs_near
from pellucid.training.session import engine_named
from pellucid.words import whole

SHOWN = 6  # runs that a message names


def model_of(path: str) -> tuple[Model, RunFolder | None]:
    """The model of a run folder or a model file; raises FileError that says what there is when it is not there."""
    place = Path(path)
    if not os.path.lexists(place):
        raise FileError(f"{shown(path)} does not exist: there is neither a run nor a model file. {runs_near(place)}")
    if os.path.isdir(path):
        if not os.path.lexists(place / "config.json") and runs_in(place):
            runs = some_names(runs_in(place), SHOWN)
            raise UsageError(f"{shown(path)} is a folder of runs, not a run. Name one of them: {runs}.")
        folder = RunFolder.open(path)
        if not folder.model.exists():
            remedy = f"Continue it with: pellucid train --resume {path}"
            raise UsageError(f"{path} has no model yet: no epoch was finished. {remedy}")
        return load_model(folder.model), folder
    return load_model(path), None


def classifier_of(path: str) -> tuple[Model, RunFolder | None]:
    """The same, found to give an image a number a class."""
    model, folder = model_of(path)
    with nullcontext() if folder is None else blamed(folder.config):
        refuse_no_classifier(model, path if folder is None else str(folder.model))
    return model, folder


def engine_of(folder: RunFolder | None, wanted: str | None) -> Engine:
    """The engine asked for; else that of the run, in its precision, where it is installed; else the best there is."""
    if wanted is None and folder is not None:
        config = settings_of(read_record(folder), str(folder.config))
        with suppress(ArgumentError):
            return engine_named(config.engine, config.precision, None)
    with named("--engine"):
        return engine_named(wanted or "auto", "float32", None)


def all_or_one(model: Model, engine: Engine, batch_size: int) -> int:
    """How many threads predicting takes."""
    return threads_for(summarize(model.graph).flops, batch_size, threads_now(engine.name), engine.name)


def export_model(run: str, *, format: str, out: str | None) -> dict[str, Any]:
    """Write the model of a run or a file for other programs; the file's name is chosen when `out` is None."""
    model, folder = model_of(run)
    ending = ".packed.safetensors" if format == "packed" else ".onnx"
    beside = Path(run).with_suffix(ending) if folder is None else folder.path / f"model{ending}"
    path = Path(out) if out else beside
    return model.export(path, format)


def network_named(model: str, size: str | None, classes: int | None, activation: str) -> Model:
    """The network of a run, a model file, an architecture or words of the notation."""
    if os.path.isdir(model) or model.lower().endswith(FILES) or "/" in model:
        return model_of(model)[0]
    if not in_words(model):
        return architecture(model, None if size is None else image_shape(size), classes)
    shape = image_shape(size or "28x28x1")
    return Sequential(layers_in_words(model, input_shape=shape, classes=classes or 10, activation=activation))


def image_shape(size: str) -> tuple[int, int, int]:
    """HxW or HxWxC as numbers; raises UsageError for anything else."""
    parts = [whole(part, 1) for part in size.lower().split("x")]
    height, width, channels = [*parts, 1][:3] if len(parts) in (2, 3) else (None, None, None)
    if height is None or width is None or channels is None:
        raise UsageError(describe("summary", "--input", "HxWxC, e.g. 28x28x1", repr(size)))
    return height, width, channels
