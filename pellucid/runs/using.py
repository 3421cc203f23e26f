"""Using what a run left: score it on data, ask it about pictures, look at its network."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.architectures.names import architecture
from pellucid.data.dataset import Dataset, Part
from pellucid.data.opening import open_dataset
from pellucid.data.options import options_of_record
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_image
from pellucid.diagnosis.costs import read_costs
from pellucid.diagnosis.measures import refuse_unknown
from pellucid.diagnosis.scores import DEFAULT
from pellucid.engines.protocol import Engine
from pellucid.errors import ArgumentError, DataError, UsageError, describe
from pellucid.graph.summary import summarize
from pellucid.model import Model, Sequential, load_model
from pellucid.model.bounds import layers_in_words
from pellucid.runs.begun import settings_of
from pellucid.runs.config import is_size, named, read_record
from pellucid.runs.environment import limited_threads, threads_for, threads_now
from pellucid.runs.heads import composed, listed
from pellucid.runs.latency import measure_latency, refuse_limit
from pellucid.runs.networks import FILES, in_words
from pellucid.runs.preparation import OBJECTIVE, load_data
from pellucid.runs.room import refuse_large_scoring
from pellucid.runs.scoring import score
from pellucid.runs.weights import native_weights
from pellucid.storage.run_folder import RunFolder
from pellucid.training.session import engine_named, predict_each

MOST_IN_TABLE = 100  # classes, beyond which the confusion matrix is left out of --json


def model_of(path: str) -> tuple[Model, RunFolder | None]:
    """The model of a run folder or a model file."""
    if os.path.isdir(path):
        folder = RunFolder.open(path)
        if not folder.model.exists():
            remedy = f"Continue it with: pellucid train --resume {path}"
            raise UsageError(f"{path} has no model yet: no epoch was finished. {remedy}")
        return load_model(folder.model), folder
    return load_model(path), None


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


def data_of(
    folder: RunFolder | None, model: Model, data: str | None, data_dir: str | None, limit: int | None
) -> Dataset:
    """The data named, read as the model wants its images; or what the run was trained on, split as then."""
    if folder is not None:
        config = settings_of(read_record(folder), str(folder.config))
        if data is None or data == config.data:
            return load_data(replace(config, data_dir=data_dir or config.data_dir, limit=limit or config.limit))
    if data is None:
        raise UsageError("evaluate: a model file does not say what it is scored on; name the data, e.g. digits.")
    record = model.input_record or {}
    return open_dataset(data, data_dir=data_dir, limit=limit, learning=False, **options_of_record(record))


def choose_split(dataset: Dataset, split: str | None) -> str:
    """The part asked for, else test, validation, train in this order."""
    if split is not None:
        dataset.part(split)
        return split
    return next(name for name in ("test", "validation", "train") if name in dataset.parts)


def evaluate_on(
    run: str,
    data: str | None,
    *,
    split: str | None,
    batch_size: int,
    data_dir: str | None,
    limit: int | None,
    metrics: Sequence[str] = DEFAULT,
    costs: str | None = None,
    max_latency: float | None = None,
    engine: str | None = None,
) -> dict[str, Any]:
    """Scores of a run or model on a part; with `max_latency` (milliseconds) also whether the model keeps it.

    Raises DataError when the classes or the images do not fit, UsageError for a score that is not there.
    """
    refuse_limit(max_latency)
    model, folder = model_of(run)
    dataset = data_of(folder, model, data, data_dir, limit)
    names = tuple(model.class_names or dataset.class_names)
    prices = None if costs is None else read_costs(costs, names)
    refuse_unknown(metrics, names, prices)
    chosen = choose_split(dataset, split)
    part = with_labels_of(dataset, dataset.part(chosen), names)
    refuse_large_scoring(model.graph, min(batch_size, len(part)), "evaluate")
    chosen_engine = engine_of(folder, engine)
    params, state = native_weights(model, chosen_engine)
    preprocessing = model.preprocessing or assumed_pipeline(dataset.dtype)

    def predict(x: np.ndarray) -> object:
        inputs = chosen_engine.put({"input": preprocessing.apply(x)})
        return chosen_engine.get(chosen_engine.forward(model.graph, params, state, inputs, training=False).outputs)

    began = time.perf_counter()
    with limited_threads(all_or_one(model, chosen_engine, batch_size)):
        evaluation = score(
            model.graph, chosen_engine, {"params": params, "state": state}, OBJECTIVE, part,
            preprocessing=preprocessing, split=chosen, class_names=names, batch_size=batch_size,
        )
        seconds = time.perf_counter() - began
        latency = None if max_latency is None else measure_latency(predict, part.images, max_latency)
    table = evaluation.confusion.tolist() if len(names) <= MOST_IN_TABLE else None
    return evaluation.to_metrics(metrics, prices) | {
        "confusion": table,
        "engine": chosen_engine.name, "parameters": model.count_params(), "run": run, "data": dataset.name,
        "seconds": round(seconds, 3), "images_per_second": round(len(part) / max(seconds, 1e-9), 1),
        **({} if latency is None else {"latency": latency.to_json()}),
    }


def with_labels_of(dataset: Dataset, part: Part, names: tuple[str, ...]) -> Part:
    """The part with its labels in the model's numbering; raises DataError for a class the model does not know."""
    if dataset.class_names == names:
        return part
    numbers = {name: number for number, name in enumerate(composed(names))}
    own = composed(dataset.class_names)
    unknown = [name for name in own if name not in numbers]
    if unknown:
        raise DataError(describe(dataset.name, "classes", f"those of the model ({listed(names)})", listed(unknown[:1]),
                                 "Rename its classes as the model's."))  # fmt: skip
    return replace(part, labels=np.array([numbers[name] for name in own])[part.labels])


def predict_files(run: str, images: Sequence[str], *, top: int, engine: str | None = None) -> list[dict[str, Any]]:
    """The most likely classes of each picture, read at the size and in the channels the model was trained on."""
    model, folder = model_of(run)
    refuse_large_scoring(model.graph, 1, "predict")
    chosen_engine = engine_of(folder, engine)
    params, state = native_weights(model, chosen_engine)
    record = model.input_record or {}
    names = model.class_names or [str(number) for number in range(model.output_shape[-1])]
    found = []
    for image in images:
        if os.path.isdir(image):
            raise UsageError(f"predict: {image} is a folder. Give picture files, e.g. {Path(image).as_posix()}/*.png")
        pixels = read_image(image, **options_of_record(record))
        preprocessing = model.preprocessing or assumed_pipeline(pixels.dtype)
        parts = [{"input": preprocessing.apply(pixels[None])}]
        (outputs,) = predict_each(model.graph, chosen_engine, params, state, parts)
        probabilities = outputs["output"][0]
        order = np.argsort(-probabilities, kind="stable")[:top]
        classes = [{"class": names[k], "probability": float(probabilities[k])} for k in order]
        found.append({"image": image, "classes": classes})
    return found


def export_model(run: str, *, format: str, out: str | None) -> dict[str, Any]:
    """Write the model of a run or a file for other programs; the file's name is chosen when `out` is None."""
    model, folder = model_of(run)
    path = Path(out) if out else (Path(run).with_suffix(".onnx") if folder is None else folder.path / "model.onnx")
    return model.export(path, format)


def network_named(model: str, size: str | None, classes: int | None, activation: str) -> Model:
    """The network of a run, a model file, an architecture or words of the notation."""
    if os.path.isdir(model) or model.lower().endswith(FILES):
        return model_of(model)[0]
    if not in_words(model):
        return architecture(model, None if size is None else image_shape(size), classes)
    shape = image_shape(size or "28x28x1")
    return Sequential(layers_in_words(model, input_shape=shape, classes=classes or 10, activation=activation))


def image_shape(size: str) -> tuple[int, int, int]:
    """HxW or HxWxC as numbers; raises UsageError for anything else."""
    parts = size.lower().split("x")
    if len(parts) not in (2, 3) or not all(map(is_size, parts)):
        raise UsageError(describe("summary", "--input", "HxWxC, e.g. 28x28x1", repr(size)))
    height, width, channels = (int(part) for part in [*parts, "1"][:3])
    return height, width, channels
