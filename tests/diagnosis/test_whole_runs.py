"""What is asked of a whole run: a calibrated model beside the one that training left, and its suspicious labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pellucid.errors import ArgumentError, DataError, FileError
from pellucid.model import load_model
from pellucid.runs.config import RunConfig
from pellucid.runs.experiment import start_run
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.classification.diagnosing.calibrating import calibrate
from pellucid.tasks.classification.diagnosing.labels import suspicious_labels
from pellucid.using.evaluating import evaluate_on
from pellucid.using.stored import Stored


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = RunFolder.create(tmp_path_factory.mktemp("calibrating") / "run")
    start_run(RunConfig(data="digits", model="FC_16", epochs=3, limit=700), folder, command="train", console=None)
    return folder


def test_the_run_keeps_its_model_and_gets_a_calibrated_one(run: RunFolder) -> None:
    before = run.model.read_bytes()
    fitted, path = calibrate(Stored.open(str(run.path))), run.path / "calibrated.safetensors"
    assert path.exists() and run.model.read_bytes() == before
    cooled, model = load_model(path), load_model(run.model)
    assert cooled.temperature == fitted.value != 1.0 and model.temperature == 1.0
    assert cooled.training_record is not None and cooled.training_record["calibration"] == fitted.to_json()
    assert cooled.preprocessing is not None and cooled.class_names == model.class_names
    assert fitted.nll_after < fitted.nll_before and fitted.n == 70
    whole, part = (
        evaluate_on(str(file), "digits", split="train", batch_size=256, data_dir=None, limit=None)
        for file in (run.model, path)
    )
    assert whole["accuracy"] == part["accuracy"] and whole["loss"] != part["loss"]
    assert json.dumps(fitted.to_json())


def test_a_second_calibration_starts_from_the_model_itself(run: RunFolder) -> None:
    assert calibrate(Stored.open(str(run.path))) == calibrate(Stored.open(str(run.path)))


def changed(run: RunFolder, place: Path, **settings: Any) -> str:
    """A copy of the run with other settings in its config.json."""
    shutil.copytree(run.path, place)
    record = json.loads((place / "config.json").read_text(encoding="utf-8"))
    record["settings"] |= settings
    (place / "config.json").write_text(json.dumps(record), encoding="utf-8")
    return str(place)


def test_what_cannot_be_calibrated(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"is a file, not a run folder\. Give the folder"):
        Stored.open(str(run.model))
    with pytest.raises(DataError, match=r"this run has none; hold one out with --val-fraction 0\.1"):
        calibrate(Stored.open(changed(run, tmp_path / "none", val_fraction=0.0)))
    with pytest.raises(DataError, match=r"samples must be at least 50, .* but it is 28\. Hold more out"):
        calibrate(Stored.open(changed(run, tmp_path / "few", val_fraction=0.04)))


def test_labels_of_a_run(run: RunFolder, tmp_path: Path) -> None:
    copy = changed(run, tmp_path / "run", epochs=12, lr=0.01)
    before = {path.name: path.read_bytes() for path in Path(copy).iterdir()}
    told = (found := suspicious_labels(Stored.open(copy), folds=2)).to_json()
    assert (told["folds"], told["n"], told["judged"]) == (2, 630, 630)
    assert 0 < told["flagged"] == told["named"] == len(found.rows())
    assert told["judgement"]["verdict"] == "none" and len(told["suspects"]) == min(100, told["flagged"])
    first = told["suspects"][0]
    assert set(first) == {"id", "path", "given", "suggested", "probability_given", "probability_suggested", "margin"}
    assert first["given"] != first["suggested"] and first["margin"] == min(row["margin"] for row in told["suspects"])
    assert {path.name: path.read_bytes() for path in Path(copy).iterdir()} == before
    unlearnt = suspicious_labels(Stored.open(changed(run, tmp_path / "unlearnt", epochs=1)), folds=2).to_json()
    assert unlearnt["judgement"]["verdict"] == "cannot" and not unlearnt["suspects"] and not unlearnt["wrong"]


def test_a_temperature_must_be_a_number_above_0(run: RunFolder) -> None:
    with pytest.raises(ArgumentError, match="value must be a number > 0"):
        load_model(run.model).with_temperature(-1)
