"""A run that was stopped, in whatever way, continues to the same bytes as one that never was."""

from __future__ import annotations

import json
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.resume.comparing import ANNEALED, NUMBERS, RECIPE, SETTINGS, STEPS, WRITTEN, differences, steps
from tests.resume.driver import Answer, Driver

STEPS_TO_DIE_IN = random.Random(20).sample(range(4, STEPS), 2)  # the same ones every time


def killed(driver: Driver, name: str, fault: dict[str, Any], *more: str, pictures: bool = False) -> Answer:
    return driver.command("train", "digits", *SETTINGS, *more, "--out", name, fault=fault, pictures=pictures)


def resumed(driver: Driver, name: str, *more: str) -> Path:
    answer = driver.command("train", "--resume", name, *more)
    assert answer.code == 0, answer.err
    return driver.folder / name


# --- killed on the spot -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("step", STEPS_TO_DIE_IN)
def test_killed_in_a_step(driver: Driver, whole: Path, step: int) -> None:
    answer = killed(driver, f"step-{step}", {"signal": 9, "step": step}, "--checkpoint-every", "4")
    assert answer.code == -9 and not (driver.folder / f"step-{step}/report.html").exists()
    assert differences(whole, resumed(driver, f"step-{step}")) == []


@pytest.mark.parametrize(("file", "count", "moment"), [
    ("last.safetensors", 5, "half"),
    ("last.safetensors", 6, "written"),
    ("last.safetensors", 1, "renamed"),
    ("model.safetensors", 2, "written"),      # model and history of an epoch whose checkpoint never came
    ("history.csv", 3, "renamed"),
])  # fmt: skip
def test_killed_while_a_file_is_written(driver: Driver, whole: Path, file: str, count: int, moment: str) -> None:
    name = f"{file}-{count}"
    fault = {"signal": 9, "file": file, "count": count, "moment": moment}
    assert killed(driver, name, fault, "--checkpoint-every", "3").code == -9
    half = [path.name for path in (driver.folder / name).glob(".*")]
    assert len(half) == (moment != "renamed")  # what a killed write leaves, and a resume sweeps away
    assert differences(whole, resumed(driver, name)) == []


def test_killed_between_the_last_step_of_an_epoch_and_its_row(driver: Driver) -> None:
    """The row holds the rate of the epoch's last step, which a schedule has left behind by then."""
    assert driver.command("train", "digits", *ANNEALED, "--out", "annealed").code == 0
    fault = {"signal": 9, "file": "model.safetensors", "count": 1, "moment": "half"}
    words = ["digits", *ANNEALED, "--checkpoint-every", "3", "--out", "between"]  # six steps an epoch
    assert driver.command("train", *words, fault=fault).code == -9
    assert differences(driver.folder / "annealed", resumed(driver, "between")) == []


def test_a_run_of_numbers_that_is_killed_in_the_middle_of_an_epoch(driver: Driver) -> None:
    assert driver.command("train", *NUMBERS, "--out", "numbers").code == 0
    for every, step in (("0", 15), ("4", 22)):  # six steps an epoch: from its checkpoint, and from one within an epoch
        name = f"numbers-{step}"
        words = ["train", *NUMBERS, "--checkpoint-every", every, "--out", name]
        assert driver.command(*words, fault={"signal": 9, "step": step}).code == -9
        assert not (driver.folder / name / "metrics.json").exists()
        assert differences(driver.folder / "numbers", resumed(driver, name)) == []


def test_killed_while_gradients_are_gathered_and_weights_averaged(driver: Driver) -> None:
    """Four batches an update, six an epoch: the checkpoint of step 9 lies in the middle of an update."""
    for engine in ("reference", "pytorch"):
        words = ["digits", *SETTINGS[:-2], *RECIPE, "--engine", engine, "--checkpoint-every", "3"]
        words[words.index("plateau:1:0.5")] = "linear"
        assert driver.command("train", *words, "--out", f"recipe-{engine}").code == 0
        answer = driver.command("train", *words, "--out", f"cut-{engine}", fault={"signal": 9, "step": 11})
        assert answer.code == -9
        assert differences(driver.folder / f"recipe-{engine}", resumed(driver, f"cut-{engine}")) == []


def test_killed_before_the_first_checkpoint(driver: Driver, whole: Path) -> None:
    assert killed(driver, "early", {"signal": 9, "step": 2}).code == -9
    left = {path.name for path in (driver.folder / "early").iterdir()}
    assert "config.json" in left and "last.safetensors" not in left
    assert differences(whole, resumed(driver, "early")) == []


def test_killed_twice_and_while_the_report_is_written(driver: Driver, whole: Path) -> None:
    assert killed(driver, "twice", {"signal": 9, "step": 9}, "--checkpoint-every", "5").code == -9
    fault = {"signal": 9, "file": "report.html", "count": 1, "moment": "half"}
    assert driver.command("train", "--resume", "twice", fault=fault).code == -9
    assert differences(whole, resumed(driver, "twice")) == []


def test_rows_beyond_the_checkpoint_are_cut_and_none_before_it_is_missing(driver: Driver, whole: Path) -> None:
    """Rows are flushed with every checkpoint; those a killed run wrote beyond it must go."""
    assert killed(driver, "rows", {"signal": 9, "step": 10}, "--checkpoint-every", "4").code == -9
    table = driver.folder / "rows/steps.csv"
    rows = steps(driver.folder / "rows")
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 9)]
    line = table.read_text(encoding="utf-8").splitlines()[-1]
    with table.open("a", encoding="utf-8") as file:
        file.write(line.replace("8,", "9,", 1) + "\n" + line[:7])
    assert differences(whole, resumed(driver, "rows")) == []


# --- stopped in good order --------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("number", "step", "words"), [
    (signal.SIGINT, 3, "stopped by the user"),         # before any epoch was finished
    (signal.SIGTERM, 15, "stopped by SIGTERM"),
])
def test_a_signal_leaves_a_usable_run(driver: Driver, whole: Path, number: int, step: int, words: str) -> None:
    name = f"signal-{int(number)}"
    answer = killed(driver, name, {"signal": int(number), "step": step}, pictures=True)
    run = driver.folder / name
    assert answer.code == 1 and answer.err == ""
    assert f"{words}; continue with: pellucid train --resume {name}" in answer.out
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["state"] == words
    assert all((run / file).stat().st_size > 100 for file in WRITTEN)
    assert driver.command("evaluate", name, "--json").code == 0  # the model can be used
    assert differences(whole, resumed(driver, name)) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_data_are_read_leaves_nothing(driver: Driver, number: int) -> None:
    answer = killed(driver, "loading", {"signal": int(number), "moment": "loading"})
    assert (answer.code, answer.err) == (1, "pellucid: stopped.\n")
    assert not (driver.folder / "loading").exists()


# --- nothing left to train --------------------------------------------------------------------------------------------

def test_resuming_a_finished_run_brings_its_report_back(driver: Driver, whole: Path) -> None:
    shutil.copytree(whole, driver.folder / "again")
    for name in WRITTEN:
        (driver.folder / "again" / name).unlink()
    run = resumed(driver, "again")
    assert differences(whole, run) == [] and all((run / name).exists() for name in WRITTEN)


def test_a_run_that_stopped_early_is_not_continued(driver: Driver) -> None:
    answer = driver.command("train", "digits", "--limit", "100", "--model", "FC_8", "--lr", "1e-9", "--epochs", "9",
                            "--patience", "2", "--out", "stopped")
    assert answer.code == 0 and "stopped early: val_accuracy has not improved for 2 epochs" in answer.out
    shutil.copytree(driver.folder / "stopped", driver.folder / "stopped-copy")
    run = resumed(driver, "stopped-copy")
    assert differences(driver.folder / "stopped", run) == []
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["epochs"] == 3


# --- what changes no bit, and what may --------------------------------------------------------------------------------

def test_checkpoints_change_no_bit(driver: Driver, whole: Path) -> None:
    assert driver.command("train", "digits", *SETTINGS, "--checkpoint-every", "1", "--out", "often").code == 0
    assert differences(whole, driver.folder / "often") == []


def test_another_seed_is_noticed_by_the_comparison(driver: Driver, whole: Path) -> None:
    assert driver.command("train", "digits", *SETTINGS, "--seed", "4", "--out", "other").code == 0
    assert {"model.safetensors", "last.safetensors", "history.csv", "steps.csv"} <= set(
        differences(whole, driver.folder / "other")
    )


def test_another_environment_is_refused_unless_allowed(driver: Driver, whole: Path) -> None:
    assert killed(driver, "moved", {"signal": 9, "step": 9}).code == -9
    path = driver.folder / "moved/config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["environment"] |= {"machine": "Plan9 mips", "threads": 2}
    path.write_text(json.dumps(config), encoding="utf-8")
    answer = driver.command("train", "--resume", "moved")
    assert answer.code == 2 and answer.err.startswith(
        "pellucid: this run cannot continue to the same bits here: machine was Plan9 mips, is "
    )
    assert "threads" not in answer.err  # the number of the run is taken, whatever the machine would choose
    assert answer.err.endswith("Continue all the same with --allow-different.\n") and answer.err.count("\n") == 1
    run = resumed(driver, "moved", "--allow-different")
    assert len(steps(run)) == STEPS


def test_the_number_of_threads_is_kept(driver: Driver) -> None:
    words = ["digits", "--limit", "60", "--epochs", "2", "--model", "FC_8", "--threads", "2", "--out", "threads"]
    assert driver.command("train", *words, fault={"signal": 9, "step": 3}).code == -9
    config = json.loads((driver.folder / "threads/config.json").read_text(encoding="utf-8"))
    assert config["environment"]["threads"] == config["threads"] == 2
    answer = driver.command("train", "--resume", "threads")
    assert answer.code == 0 and "2 threads" in answer.out


def test_changed_data_are_refused(driver: Driver) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 6, 5, 1), dtype=np.uint8), np.arange(40) % 2
    np.savez(driver.folder / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    words = ["d.npz", "--model", "FC_4", "--epochs", "3", "--batch-size", "8", "--allow-leak", "--out", "changed"]
    assert driver.command("train", *words, fault={"signal": 9, "step": 6}).code == -9
    x[0] += 1
    np.savez(driver.folder / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    answer = driver.command("train", "--resume", "changed", "--allow-different")
    assert (answer.code, answer.err) == (
        1, "pellucid: the data d.npz has changed since the run began. Start a new run on it with --out.\n"
    )


def test_data_or_a_model_file_that_is_not_what_it_was(driver: Driver) -> None:
    (driver.folder / "go-on.safetensors").write_bytes((driver.folder / "seed.safetensors").read_bytes())
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8), np.arange(40) % 10
    np.savez(driver.folder / "here.npz", x_train=x, y_train=y)
    words = ["here.npz", "--model", "go-on.safetensors", "--epochs", "3", "--batch-size", "8", "--out", "begun"]
    assert driver.command("train", *words, fault={"signal": 9, "step": 2}).code == -9
    (driver.folder / "here.npz").rename(driver.folder / "there.npz")
    answer = driver.command("train", "--resume", "begun")
    assert (answer.code, answer.err) == (
        2, ("pellucid: the run's data here.npz, which begun/config.json names, is not here. Continue from the folder "
            "where the run was begun.\n"),
    )
    (driver.folder / "there.npz").rename(driver.folder / "here.npz")
    other = (driver.folder / "seed.safetensors").read_bytes()[:-1] + b"\0"  # one weight is another
    (driver.folder / "go-on.safetensors").write_bytes(other)
    answer = driver.command("train", "--resume", "begun")
    told = "pellucid: begun/config.json: the model file go-on.safetensors has changed"
    assert answer.code == 1 and answer.err.startswith(told)
