"""Using what a run left: score it on data, look at its network; `predicting` asks it about pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.architectures.names import architecture
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.options import Options, options_of_record, parse_percent
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.engines.protocol import Engine
from pellucid.errors import ArgumentError, FileError, TrainingError, UsageError, describe, shown
from pellucid.graph.summary import summarize
from pellucid.model import Model, Sequential, load_model
from pellucid.model.bounds import layers_in_words
from pellucid.runs.begun import settings_of
from pellucid.runs.config import named, read_record
from pellucid.runs.deciding import problem_of, task_of_model
from pellucid.runs.environment import limited_threads, threads_for, threads_now
from pellucid.runs.heads import listed
from pellucid.runs.held import Holder
from pellucid.runs.latency import measure_latency, refuse_limit
from pellucid.runs.networks import FILES, in_words, refuse_no_classifier
from pellucid.runs.preparation import load_data
from pellucid.runs.room import refuse_large_scoring
from pellucid.runs.scoring import score
from pellucid.runs.weights import native_weights
from pellucid.storage.run_folder import RunFolder
from pellucid.training.session import engine_named
from pellucid.words import whole


def model_of(path: str) -> tuple[Model, RunFolder | None]:
    """The model of a run folder or a model file; raises FileError that says what there is when it is not there."""
    place = Path(path)
    if not os.path.lexists(place):
        raise FileError(f"{shown(path)} does not exist: there is neither a run nor a model file. {runs_near(place)}")
    if os.path.isdir(path):
        if not os.path.lexists(place / "config.json") and runs_in(place):
            runs = listed(runs_in(place))
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
    refuse_no_classifier(model, path if folder is None else str(folder.model))
    return model, folder


def runs_in(folder: Path) -> list[str]:
    """The names of the run folders in a folder, in the order of their names."""
    with suppress(OSError):
        return sorted(entry.name for entry in folder.iterdir() if (entry / "config.json").is_file())
    return []


def runs_near(place: Path) -> str:
    """Which runs there are where one was looked for."""
    folder = place.parent if os.path.isdir(place.parent) else Path("runs")  # a name too long is no folder
    if found := runs_in(folder):
        return f"In {shown(folder.as_posix())} there is: {listed(found)}."
    return "Check the path; pellucid runs FOLDER lists what there is."


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


@dataclass(frozen=True)
class Found:
    """Data to use a model on: held against its record, with what was noticed; `own`: those it was trained on."""

    dataset: Dataset
    holder: Holder
    own: bool

    def named(self, split: str) -> str:
        """The part in words: train, validation, test; of data without parts all of it."""
        return f"all images of {self.dataset.name}" if self.dataset.undivided else split


def data_of(
    folder: RunFolder | None, model: Model, data: str | None, data_dir: str | None, limit: int | None,
    *, skip_broken: str | None = None, max_pixels: int | None = None,
) -> Found:
    """The data named, read as the model wants its images; or what the run was trained on, split as then.

    Raises DataError when the images are not those the model takes and cannot be brought to them.
    """
    with named("--skip-broken"):
        percent = parse_percent(skip_broken or "0")
    allowed = Options(skip_broken=percent, max_pixels=max_pixels)
    dataset, own = opened(folder, model, data, data_dir, limit, allowed)
    holder = Holder.of(model, "the model")
    return Found(holder.hold(dataset, own=own), holder, own)


def opened(
    folder: RunFolder | None, model: Model, data: str | None, data_dir: str | None, limit: int | None, allowed: Options
) -> tuple[Dataset, bool]:
    """The data set, and whether it is what the model was trained on."""
    fingerprint = (model.training_record or {}).get("fingerprint")
    config = None if folder is None else settings_of(read_record(folder), str(folder.config))
    if config is not None:
        own = replace(
            config, data_dir=data_dir or config.data_dir, limit=limit or config.limit,
            skip_broken=f"{allowed.skip_broken:g}%" if allowed.skip_broken else config.skip_broken,
            max_pixels=allowed.max_pixels or config.max_pixels,
        )  # fmt: skip
        if data is None or data == config.data:
            try:
                dataset = load_data(own)
            except UsageError as fault:
                if data is not None or folder is None:
                    raise
                raise UsageError(f"{fault} {folder.config} names it; if the data lie elsewhere now, name them after "
                                 "the run.") from fault
            return dataset, dataset.fingerprint == fingerprint
    if data is None:
        raise UsageError("evaluate: a model file does not say what it is scored on; name the data, e.g. digits.")
    record = model.input_record or {}
    dataset = open_dataset(data, data_dir=data_dir, limit=limit, learning=False, skip_broken=allowed.skip_broken,
                           max_pixels=allowed.max_pixels, annotations=task_of_model(model).annotations,
                           **options_of_record(record))  # fmt: skip
    if config is not None and fingerprint is not None and dataset.fingerprint == fingerprint:
        return load_data(replace(own, data=data)), True  # the run's own data by another path: divided as then
    return dataset, dataset.fingerprint == fingerprint


def choose_split(dataset: Dataset, split: str | None) -> str:
    """The part asked for, else test, validation, train in this order."""
    if split is not None:
        if dataset.undivided and split not in dataset.parts:
            raise UsageError(f"{dataset.name} is not divided into parts, so there is no part '{shown(split)}'. Leave "
                             "--split out to score all of it.")
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
    skip_broken: str | None = None,
    max_pixels: int | None = None,
    metrics: Sequence[str] | None = None,
    costs: str | None = None,
    max_latency: float | None = None,
    engine: str | None = None,
) -> dict[str, Any]:
    """Scores of a run or model on a part; with `max_latency` (milliseconds) also whether the model keeps it.

    `split` of the answer is "all", and `part` says of what, for data that are not divided. Raises DataError when
    classes or images do not fit, UsageError for a score that is not there, TrainingError for answers not finite.
    """
    refuse_limit(max_latency)
    model, folder = classifier_of(run)
    found = data_of(folder, model, data, data_dir, limit, skip_broken=skip_broken, max_pixels=max_pixels)
    dataset = found.dataset
    problem = problem_of(model, run)
    wanted = problem.wanted_scores(metrics, costs)
    chosen = choose_split(dataset, split)
    part = problem.fitted(dataset, dataset.part(chosen))
    refuse_large_scoring(model.graph, min(batch_size, len(part)), "evaluate")
    if not found.own:
        found.holder.look(part)
    chosen_engine = engine_of(folder, engine)
    params, state = native_weights(model, chosen_engine)
    preprocessing = model.preprocessing or assumed_pipeline(dataset.dtype)

    def predict(x: np.ndarray) -> object:
        inputs = chosen_engine.put({"input": preprocessing.apply(x)})
        return chosen_engine.get(chosen_engine.forward(model.graph, params, state, inputs, training=False).outputs)

    began = time.perf_counter()
    with limited_threads(all_or_one(model, chosen_engine, batch_size)), np.errstate(all="ignore"):
        evaluation = score(
            model.graph, chosen_engine, {"params": params, "state": state}, problem, part,
            preprocessing=preprocessing, split=chosen, batch_size=batch_size,
        )
        seconds = time.perf_counter() - began
        refuse_not_finite(run, evaluation.outputs)
        latency = None if max_latency is None else measure_latency(predict, part.images, max_latency)
    return evaluation.to_metrics(wanted) | evaluation.large() | {
        "task": task_of_model(model).name, "headline": evaluation.headline.to_json(),
        "split": "all" if dataset.undivided else chosen, "part": found.named(chosen),
        "engine": chosen_engine.name, "parameters": model.count_params(), "run": run, "data": dataset.name,
        "seconds": round(seconds, 3), "images_per_second": round(len(part) / max(seconds, 1e-9), 1),
        "warnings": found.holder.warnings,
        **({} if latency is None else {"latency": latency.to_json()}),
    }


def refuse_not_finite(run: str, outputs: np.ndarray) -> None:
    """Raise TrainingError when a model answered with NaN or infinity: that is no answer."""
    if not np.isfinite(outputs).all():
        raise TrainingError(f"{run}: the model answers with numbers that are not finite, so its weights are of no use. "
                            "Train it anew, with a lower learning rate.")


def export_model(run: str, *, format: str, out: str | None) -> dict[str, Any]:
    """Write the model of a run or a file for other programs; the file's name is chosen when `out` is None."""
    model, folder = model_of(run)
    path = Path(out) if out else (Path(run).with_suffix(".onnx") if folder is None else folder.path / "model.onnx")
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
