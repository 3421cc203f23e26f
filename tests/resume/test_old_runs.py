"""Old runs stay old: a folder of commit bb7cef8 goes on to the same bits, and a default of today changes no old run."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import FileError, UsageError
from pellucid.runs.begun import settings_of
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import ARITHMETIC, refuse_different
from pellucid.runs.old_settings import MEANINGS
from pellucid.settings import Meaning, listed, of_kind
from pellucid.storage.tables import read_csv
from pellucid.storage.tensors import read_tensors
from pellucid.tasks.registry import FIRST, settings_of_task
from tests.resume.driver import Driver

GOLDEN = Path(__file__).parent / "golden-bb7cef8"


def test_a_run_of_bb7cef8_goes_on_to_the_same_bits(driver: Driver) -> None:
    run = driver.folder / "golden"
    shutil.copytree(GOLDEN / "run", run)
    answer = driver.command("train", "--resume", "golden")
    exact = "cannot continue to the same bits here" not in answer.err  # elsewhere: another processor or library
    if not exact:
        assert "pellucid was" not in answer.err and "arithmetic" not in answer.err
        answer = driver.command("train", "--resume", "golden", "--allow-different")
    assert answer.code == 0, answer.err
    for name in ("model.safetensors", "last.safetensors"):
        (was, before), (now, after) = (read_tensors(folder / name) for folder in (GOLDEN / "whole", run))
        assert was.keys() == now.keys()
        for key in was:
            if exact:
                assert was[key].dtype == now[key].dtype and was[key].tobytes() == now[key].tobytes(), key
            np.testing.assert_allclose(now[key], was[key], rtol=1e-6, atol=1e-6, err_msg=key)
        if exact and name == "last.safetensors":
            assert [before[key] for key in ("position", "history", "events")] == [
                after[key] for key in ("position", "history", "events")
            ]
    if exact:
        assert (run / "history.csv").read_bytes() == (GOLDEN / "whole/history.csv").read_bytes()
    for was_row, now_row in zip(read_csv(GOLDEN / "whole/history.csv"), read_csv(run / "history.csv"), strict=True):
        assert {key: float(value) for key, value in now_row.items()} == pytest.approx(
            {key: float(value) for key, value in was_row.items()}, rel=1e-6
        )


def test_pellucids_version_is_no_reason_to_refuse_and_its_arithmetic_is() -> None:
    here: dict[str, Any] = {"machine": "m", "libraries": {"numpy": "2", "pellucid": "9.9"}, "arithmetic": 1}
    refuse_different({"machine": "m", "libraries": {"numpy": "2", "pellucid": "0.1.0"}}, here)
    with pytest.raises(UsageError, match="numpy was 1, is 2"):
        refuse_different({"machine": "m", "libraries": {"numpy": "1", "pellucid": "9.9"}}, here)
    with pytest.raises(UsageError, match="arithmetic was 1, is 2"):
        refuse_different({"machine": "m", "libraries": {"numpy": "2"}}, here | {"arithmetic": 2})
    assert ARITHMETIC == 1  # raise it with the change of a bit, and make the golden folder of the version before


# --- settings that a config.json does not have ----------------------------------------------------------------------

def record_of(changed: dict[str, Any] | None = None, drop: str = "") -> dict[str, Any]:
    record: dict[str, Any] = json.loads((GOLDEN / "run/config.json").read_text(encoding="utf-8"))
    record["settings"] |= changed or {}
    if drop:
        del record["settings"][drop], record[drop]
    return record


def test_every_setting_says_what_runs_did_before_it() -> None:
    every: dict[str, Meaning] = {}
    for kind in (RunConfig, settings_of_task(FIRST)):
        fields, meanings = {known.name: known.kind for known in listed(kind)}, kind.meanings  # type: ignore[attr-defined]
        assert fields.keys() == meanings.keys(), "give a new setting its line, of every run in runs/old_settings.py"
        kind(**{name: meaning.absent for name, meaning in meanings.items()})  # all legal
        assert [name for name in fields if not of_kind(meanings[name].absent, fields[name])] == []
        every |= meanings
    assert {name for name, meaning in every.items() if meaning.since == "0.1.0"} == record_of()["settings"].keys()


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_a_setting_that_is_not_there_is_not_todays_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every default changed, a record that lacks a setting is read as with the old ones."""
    other: dict[str, Any] = {"int": 7, "float": 0.25, "str": "other", "bool": True}
    kind = next(known.kind for known in listed(RunConfig) if known.name == name)
    defaults = list(RunConfig.__init__.__defaults__ or ())
    place = [field.name for field in dataclasses.fields(RunConfig)].index(name)
    defaults[place] = other[str(kind).split(" | ")[0]]
    monkeypatch.setattr(RunConfig.__init__, "__defaults__", tuple(defaults))
    record = record_of()
    for part in (record, record["settings"]):
        part.pop(name, None)
    found = settings_of(record, "config.json")
    if name == "lr":
        assert found.lr == 0.01  # the schedule beside it tells
    elif name != "engine":
        assert getattr(found, name) == MEANINGS[name].absent


def test_what_a_null_chose_is_read_from_the_record_beside_it() -> None:
    record = record_of({"epochs": None, "lr": None, "model": None, "dropout": None})
    record |= {"dropout": None}  # as 0.1.0 wrote it
    found = settings_of(record, "config.json")
    assert (found.epochs, found.lr, found.model, found.dropout) == (3, 0.01, "conv_4,pool,FC_8", 0.3)
    assert settings_of(record | {"dropout": 0.45}, "config.json").dropout == 0.45
    named = record_of({"model": "cifar10cnn", "dropout": None}) | {"dropout": None}
    assert settings_of(named, "config.json").dropout is None  # the network's own
    assert settings_of(record_of({"model": "cifar10cnn"}, drop="dropout"), "config.json").dropout is None
    assert settings_of(record_of({"model": None}, drop="dropout"), "config.json").dropout == 0.0
    linear = record_of({"model": None}) | {"model": "linear"}
    assert settings_of(linear, "config.json").model == ""
    nulled = record_of({"batch_size": None, "augment": None, "patience": None})
    for name in ("batch_size", "augment", "patience"):
        del nulled[name]
    found = settings_of(nulled, "config.json")
    assert (found.batch_size, found.augment, found.patience) == (32, "", 0)
    assert settings_of(record_of({"max_pixels": None}), "config.json").max_pixels is None  # none typed
    assert settings_of(record_of({"task": None, "class_weight": "balanced"}), "config.json").task == FIRST


def test_a_default_that_changed_leaves_an_old_run_alone(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose network and dropout null chose; today's defaults are others."""
    from pellucid.architectures import names
    from pellucid.runs import finishing, networks
    from pellucid.runs.experiment import resume_run

    words = ["digits", "--limit", "60", "--epochs", "1", "--batch-size", "32", "--engine", "reference", "--no-checks"]
    assert driver.command("train", *words, "--out", "steady").code == 0
    assert driver.command("train", *words, "--out", "moved-on", fault={"signal": 9, "step": 2}).code == -9
    with monkeypatch.context() as patch:
        patch.setattr(names, "DEFAULTS", ((64, "conv_8,pool,FC_16"),))
        patch.setattr(networks, "DEFAULT_DROPOUT", 0.1)
        patch.setattr(finishing, "write_pictures", lambda *folder, **left_out: None)
        patch.chdir(driver.folder)
        resume_run("moved-on", allow_different=True, console=None)
    steady, moved_on = ((driver.folder / run / "history.csv").read_bytes() for run in ("steady", "moved-on"))
    assert steady == moved_on


def test_settings_and_model_that_differ_are_told(driver: Driver) -> None:
    shutil.copytree(GOLDEN / "run", driver.folder / "differing")
    path = driver.folder / "differing/config.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["settings"]["dropout"] = 0.4
    path.write_text(json.dumps(record), encoding="utf-8")
    answer = driver.command("train", "--resume", "differing", "--allow-different")
    assert answer.code == 1 and "model.safetensors holds another network than" in answer.err, answer
    assert "dropout" in answer.err and answer.err.count("\n") == 1


def test_a_setting_of_a_newer_pellucid_gets_one_sentence() -> None:
    with pytest.raises(FileError, match=r"unknown setting 'warp'\. It was written by another version of Pellucid\."):
        settings_of(record_of({"warp": 9}), "config.json")
