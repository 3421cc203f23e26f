"""Model files and run folders that are not what a command needs: one sentence that names file and remedy."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from benchmarks.hostile_records import sealed
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["train", "data.npz", "--model", "FC_4", "--epochs", "2", "--out", "run"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data.npz and a run on it, to be copied."""
    from pellucid.runs.config import RunConfig
    from pellucid.runs.experiment import start_run
    from pellucid.storage.run_folder import RunFolder

    place = tmp_path_factory.mktemp("trained")
    data = write_npz(place / "data.npz")
    config = RunConfig(data=str(data), model="FC_4", epochs=2)
    start_run(config, RunFolder.create(place / "run"), command="pellucid train", console=None)
    return place


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of that run in the folder where commands are typed."""
    shutil.copytree(trained / "run", tmp_path / "run")
    return Path("run")


def rewrite_model(path: Path, change: dict[str, str]) -> None:
    """Replace words in the record of a model file."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        record = file.metadata()["pellucid"]
    for old, new in change.items():
        assert old in record
        record = record.replace(old, new)
    arrays = load_file(path)
    save_file(arrays, path, metadata={"pellucid": json.dumps(sealed(json.loads(record), arrays))})


def test_an_unknown_layer(terminal: Terminal, run: Path) -> None:
    rewrite_model(run / "model.safetensors", {'"type":"Dense"': '"type":"Dance"'})
    for command in (["evaluate", "run"], ["summary", "run"], ["predict", "run", "a.png"]):
        terminal.refused(1, ["run/model.safetensors", "Dance"], *command)


def test_a_model_of_another_program_and_other_files_by_that_name(terminal: Terminal, run: Path) -> None:
    save_file({"w": np.zeros(3, np.float32)}, "other.safetensors")
    terminal.refused(1, ["other.safetensors", "another program", "Pellucid saved"], "summary", "other.safetensors")
    Path("evil.safetensors").write_bytes(pickle.dumps({"w": 1}))
    terminal.refused(1, ["evil.safetensors", "a pickle"], "evaluate", "evil.safetensors", "digits")
    whole = (run / "model.safetensors").read_bytes()
    Path("cut.safetensors").write_bytes(whole[: len(whole) // 2])
    terminal.refused(1, ["cut.safetensors", "cut short", "Copy it again"], "summary", "cut.safetensors")
    Path("empty.safetensors").touch()
    terminal.refused(1, ["empty.safetensors is empty"], "summary", "empty.safetensors")
    Path("keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    terminal.refused(1, ["keras.h5", "keras.safetensors"], "summary", "keras.h5")
    terminal.refused(1, ["nothing.safetensors", "does not exist"], "summary", "nothing.safetensors")
    terminal.refused(1, ["is a checkpoint, not a model"], "summary", "run/last.safetensors")
    terminal.refused(2, ["name the data"], "evaluate", "run/model.safetensors")


def test_a_model_to_go_on_from(terminal: Terminal, run: Path) -> None:
    write_npz(Path("small.npz"), x_train=np.zeros((24, 3, 3, 3), np.uint8), x_test=None, y_test=None)
    words = ["train", "small.npz", "--out", "more", "--model"]
    terminal.refused(2, ["(7, 6, 3)", "(3, 3, 3)"], *words, "run/model.safetensors")
    terminal.refused(2, ["nothing.safetensors", "no such file"], *words, "nothing.safetensors")
    terminal.refused(2, ["--l2 goes with networks in notation"], *words, "run/model.safetensors", "--l2", "0.1")
    assert not Path("more").exists()


def test_a_folder_that_holds_a_run_or_none(terminal: Terminal, run: Path) -> None:
    before = (run / "model.safetensors").read_bytes()
    write_npz(Path("data.npz"))
    terminal.refused(1, ["run already holds a run", "pellucid train --resume run"], *TRAIN)
    assert (run / "model.safetensors").read_bytes() == before
    Path("empty").mkdir()
    for command in ("evaluate", "summary"):
        terminal.refused(1, ["empty is not a run folder"], command, "empty")
    terminal.refused(1, ["empty is not a run folder"], "train", "--resume", "empty")
    terminal.refused(1, ["nowhere does not exist"], "train", "--resume", "nowhere")
    terminal.refused(1, ["data.npz is a file, not a run folder"], "train", "--resume", "data.npz")
    Path("file").touch()
    terminal.refused(1, ["file is a file"], "train", "data.npz", "--out", "file")
    terminal.refused(1, ["nowhere does not exist"], "runs", "nowhere")
    terminal.refused(1, ["data.npz is a file"], "runs", "data.npz")


def test_a_run_folder_that_is_damaged(terminal: Terminal, run: Path) -> None:
    record = json.loads((run / "config.json").read_text(encoding="utf-8"))
    (run / "config.json").write_text("{", encoding="utf-8")
    terminal.refused(1, ["run/config.json is not valid JSON"], "train", "--resume", "run")
    (run / "config.json").write_text(json.dumps(record | {"settings": None}), encoding="utf-8")
    terminal.refused(1, ["run/config.json is damaged: it has no settings"], "train", "--resume", "run")
    terminal.refused(1, ["run/config.json is damaged: it has no settings"], "evaluate", "run")
    settings = record["settings"] | {"colour": "red"}
    (run / "config.json").write_text(json.dumps(record | {"settings": settings}), encoding="utf-8")
    terminal.refused(1, ["unknown setting 'colour'", "another version"], "train", "--resume", "run")
    settings = record["settings"] | {"batch_size": "many"}
    (run / "config.json").write_text(json.dumps(record | {"settings": settings}), encoding="utf-8")
    terminal.refused(1, ["run/config.json", "batch_size"], "train", "--resume", "run")
    (run / "config.json").write_text(json.dumps(record), encoding="utf-8")
    (run / "last.safetensors").write_bytes(b"\x10")
    terminal.refused(1, ["run/last.safetensors is cut short", "Copy it again"], "train", "--resume", "run")
    shutil.copy(run / "model.safetensors", run / "last.safetensors")
    terminal.refused(1, ["last.safetensors is a model, not a checkpoint"], "train", "--resume", "run")


def test_a_run_without_a_model_yet(terminal: Terminal, run: Path) -> None:
    (run / "model.safetensors").unlink()
    terminal.refused(2, ["run has no model yet", "pellucid train --resume run"], "evaluate", "run")


@pytest.mark.parametrize(("given", "flag"), [
    (["--epochs", "9"], "--epochs"), (["--seed", "1"], "--seed"), (["--model", "FC_8"], "--model"),
    (["data.npz"], "DATA"), (["--out", "other"], "--out"), (["--threads", "2"], "--threads"),
    (["--batch-size", "32"], "--batch-size"),  # the default, yet perhaps not the run's
])  # fmt: skip
def test_resume_with_other_settings(terminal: Terminal, run: Path, given: list[str], flag: str) -> None:
    parts = [f"{flag} cannot be given with --resume", "Leave it out."]
    terminal.refused(2, parts, "train", *given, "--resume", "run")
