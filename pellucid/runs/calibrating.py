"""Calibrating a run's model: the temperature is fitted on its validation part and kept in a model file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.preprocessing import Pipeline, assumed_pipeline
from pellucid.diagnosis.temperature import BATCH, FittedTemperature, fit_temperature, logits_of
from pellucid.errors import UsageError
from pellucid.graph.summary import summarize
from pellucid.model import Model
from pellucid.runs.environment import limited_threads, threads_for, threads_now
from pellucid.runs.using import data_of, model_of
from pellucid.storage.run_folder import RunFolder


def calibrate_run(run: str) -> tuple[FittedTemperature, Path]:
    """Fit a temperature on the run's validation part and write RUN/calibrated.safetensors; return both.

    model.safetensors stays as training left it, so that a resume finds and gives the same bytes. Raises UsageError for
    a run without a validation part, DataError when it is too small, ArgumentError without a softmax at the end.
    """
    model, folder = model_of(run)
    if folder is None:
        raise UsageError(f"calibrate: {run} is a model file. Give the run folder: its validation part is needed.")
    dataset = data_of(folder, model, None, None, None).dataset
    if "validation" not in dataset.parts:
        raise UsageError(f"calibrate: {run} has no validation part. Train it with --val-fraction 0.1 or more.")
    with folder.claimed():
        return calibrate(model, dataset.part("validation"), folder)


def calibrate(model: Model, part: Part, folder: RunFolder) -> tuple[FittedTemperature, Path]:
    """Fit a temperature on a part and write it with the model into the run folder, beside the model itself.

    Raises DataError when the part is too small and ArgumentError without a softmax at the end.
    """
    preprocessing = model.preprocessing or assumed_pipeline(part.images.dtype)
    with limited_threads(threads_for(summarize(model.graph).flops, BATCH, threads_now())):
        fitted = fit_temperature(logits_of(model, batches_of(part, preprocessing)), part.labels)
    cooled = model.with_temperature(fitted.value)
    cooled.training_record = (model.training_record or {}) | {"calibration": fitted.to_json()}
    cooled.save(folder.calibrated)
    return fitted, folder.calibrated


def batches_of(part: Part, preprocessing: Pipeline) -> Iterator[np.ndarray]:
    """The images of a part, preprocessed, a few at a time (B,H,W,C)."""
    for start in range(0, len(part), BATCH):
        yield preprocessing.apply(part.images.take(np.arange(start, min(start + BATCH, len(part)))))
