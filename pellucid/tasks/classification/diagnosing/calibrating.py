"""Calibrating a run's model: the temperature is fitted on its validation part and kept in a model file of its own."""

from __future__ import annotations

from pellucid.diagnosis.temperature import FittedTemperature, fit_temperature, logits_of
from pellucid.errors import DataError
from pellucid.tasks.classification.settings import CALIBRATED
from pellucid.tasks.provided import StoredRun

NO_DEV = "it is looked at on the validation part, and this run has none; hold one out with --val-fraction 0.1"


def calibrate(stored: StoredRun) -> FittedTemperature:
    """Fit a temperature on the run's validation part and write RUN/calibrated.safetensors.

    model.safetensors stays as training left it, so that a resume finds and gives the same bytes. Raises DataError when
    the part is too small or absent, ArgumentError without a softmax at the end.
    """
    if "validation" not in stored.parts:
        raise DataError(NO_DEV)
    model = stored.model
    with stored.limited("reference"):
        fitted = fit_temperature(logits_of(model, stored.inputs("validation")), stored.parts["validation"].labels)
    cooled = model.with_temperature(fitted.value)
    cooled.training_record = (model.training_record or {}) | {"calibration": fitted.to_json()}
    cooled.save(stored.folder.path / CALIBRATED)
    return fitted
