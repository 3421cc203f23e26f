"""`pellucid train` in two processes: the run folder of one, written once, continued by any number, ended together."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pellucid import Sequential, set_random_seed
from pellucid.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from pellucid.storage.checkpoint import read_checkpoint
from tests.processes.driver import Driver
from tests.resume.comparing import differences

FLOAT64 = ["--engine", "pytorch", "--precision", "float64", "--limit", "100"]
TRAIN = ["train", "digits", *FLOAT64, "--no-checks", "--epochs", "3", "--batch-size", "31", "--model",
         "conv_4,pool,FC_16", "--l2", "0.001", "--lr", "0.01", "--augment", "shift=1", "--class-weight", "balanced",
         "--schedule", "plateau:1:0.5", "--patience", "9"]  # fmt: skip
LIMIT = 1e-9  # 90 images to learn from: 31, 31 and 28 in a batch, so 15 and 16, 15 and 16, 14 and 14


def scores(run: Path) -> np.ndarray:
    """Every number of history.csv."""
    with (run / "history.csv").open(encoding="utf-8", newline="") as file:
        return np.array([[float(value) for value in row.values()] for row in csv.DictReader(file)])


def assert_equal(one: Path, other: Path) -> None:
    """Weights, slots and history of two runs within the limit."""
    ours, theirs = (read_checkpoint(run / "last.safetensors").state for run in (one, other))
    for section in ("params", "slots"):
        assert ours[section].keys() == theirs[section].keys()
        for name, value in ours[section].items():
            assert np.abs(value - theirs[section][name]).max() < LIMIT, name
    assert np.abs(scores(one) - scores(other)).max() < LIMIT


@pytest.fixture(scope="module")
def alone(driver: Driver) -> Path:
    """The run of one process."""
    ended = driver.command(*TRAIN, "--out", "alone", count=1)
    assert ended.codes == [0], ended.err
    return driver.folder / "alone"


@pytest.fixture(scope="module")
def both(driver: Driver) -> Path:
    """The run of two; the second neither speaks nor writes."""
    ended = driver.command(*TRAIN, "--out", "both")
    assert ended.codes == [0, 0], ended.err
    assert ended.out[1] == ended.err[1] == ended.err[0] == ""
    assert "1 thread in each of 2 processes" in ended.out[0]
    assert {path.name for path in driver.place(1).iterdir()} <= {".out", ".err"} | {
        path.name for path in driver.place(1).glob("*.npz")
    }
    return driver.folder / "both"


@pytest.fixture(scope="module")
def stopped(driver: Driver) -> Path:
    """The run of two that a signal to the second stopped in its fifth step, with all that a resume needs."""
    fault = {"signal": 15, "step": 5}
    ended = driver.command(*TRAIN, "--out", "stopped", faults={1: fault})
    assert ended.codes == [1, 1], ended.err
    assert "stopped by SIGTERM; continue with: pellucid train --resume stopped" in ended.out[0]
    assert ended.out[1] == ended.err[1] == ended.err[0] == ""
    return driver.folder / "stopped"


def test_two_end_as_one(alone: Path, both: Path) -> None:
    assert_equal(alone, both)


@pytest.mark.parametrize("words", [
    ["--freeze", "all-but-head", "--unfreeze-after", "1"],
    ["--freeze", "1", "--trunk-rate", "0.2"],
    ["--mine-rounds", "1"],
])  # fmt: skip
def test_with_frozen_layers_and_after_mining_too(driver: Driver, words: list[str]) -> None:
    name = words[0].strip("-") + words[1]
    runs = []
    for count in (1, 2):
        ended = driver.command(*TRAIN, *words, "--out", f"{name}-{count}", count=count)
        assert ended.codes == [0] * count, ended.err
        runs.append(driver.folder / f"{name}-{count}")
    assert_equal(*runs)


def test_all_is_written_once(both: Path, alone: Path) -> None:
    record = json.loads((both / "config.json").read_text(encoding="utf-8"))
    assert record["environment"]["processes"] == 2
    for name in ("steps.csv", "log.txt", "history.csv"):
        lines = (both / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) == len((alone / name).read_text(encoding="utf-8").splitlines()), name
    metrics = [json.loads((run / "metrics.json").read_text(encoding="utf-8")) for run in (alone, both)]
    assert metrics[0]["accuracy"] == metrics[1]["accuracy"] and metrics[1]["state"] == "finished"


def test_two_go_on_to_the_same_bits(driver: Driver, both: Path, stopped: Path) -> None:
    again = Path(shutil.copytree(stopped, driver.folder / "again"))
    ended = driver.command("train", "--resume", "again")
    assert ended.codes == [0, 0], ended.err
    assert differences(both, again) == []


def test_one_goes_on_where_two_stopped(driver: Driver, alone: Path, stopped: Path) -> None:
    shutil.copytree(stopped, driver.folder / "fewer")
    ended = driver.command("train", "--resume", "fewer", count=1)
    assert ended.codes == [2] and "processes was 2, is 1" in ended.err[0] and "--allow-different" in ended.err[0]
    ended = driver.command("train", "--resume", "fewer", "--allow-different", count=1)
    assert ended.codes == [0], ended.err
    assert_equal(alone, driver.folder / "fewer")


def test_two_go_on_where_one_stopped(driver: Driver, alone: Path) -> None:
    ended = driver.command(*TRAIN, "--out", "more", count=1, faults={0: {"signal": 2, "step": 4}})
    assert ended.codes == [1], ended.err
    ended = driver.command("train", "--resume", "more", "--allow-different")
    assert ended.codes == [0, 0], ended.err
    assert_equal(alone, driver.folder / "more")


def test_a_killed_process_ends_the_other(driver: Driver) -> None:
    ended = driver.command(*TRAIN, "--out", "killed", faults={1: {"signal": 9, "step": 5}})
    assert ended.codes == [1, -9]
    assert ended.err[1] == "" and ended.err[0].count("\n") == 1
    assert "another process of this run has ended" in ended.err[0]
    assert "The checkpoint of step 3 is kept in killed." in ended.err[0]


def test_the_process_that_failed_says_why(driver: Driver) -> None:
    pixels, labels = np.random.default_rng(1).integers(0, 256, (20, 8, 8), np.uint8), np.arange(20) % 2
    np.savez(driver.folder / "here.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    ended = driver.command("train", "here.npz", "--engine", "pytorch", "--no-checks", "--out", "absent")
    assert ended.codes[0] == 1 and ended.codes[1] in (1, 2)
    assert ended.err[0] == "" and ended.err[1].startswith("pellucid: process 2 of 2: ")
    assert "here.npz" in ended.err[1] and ended.err[1].count("\n") == 1


@pytest.mark.parametrize("words, sentence", [
    (["--engine", "reference"], "train: 2 processes share the work on the PyTorch engine only. Pass --engine pytorch"),
    (["--engine", "pytorch", "--batch-size", "1"], "--batch-size must be 2 or more for 2 processes, but it is 1"),
])  # fmt: skip
def test_what_cannot_be_shared_is_refused_once(driver: Driver, words: list[str], sentence: str) -> None:
    ended = driver.command("train", "digits", *words, "--out", "refused")
    assert ended.codes[0] == 2 and ended.codes[1] in (1, 2)
    assert sentence in ended.err[0] and ended.err[0].count("\n") == 1 and ended.err[1] == ""
    assert not (driver.folder / "refused").exists()


def write_normalised(path: Path, seed: int = 5) -> None:
    """A network with batch norm, as a model file to go on from."""
    set_random_seed(seed)
    Sequential([
        Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), BatchNormalization(), Flatten(),
        Dense(9, use_bias=False), BatchNormalization(), Dense(10, activation="softmax"),
    ]).save(path)  # fmt: skip


def test_batch_norm_over_all_is_that_of_one(driver: Driver) -> None:
    for rank in (0, 1):
        write_normalised(driver.place(rank) / "normalised.safetensors")
    words = ["train", "digits", *FLOAT64, "--epochs", "2", "--batch-size", "31", "--model", "normalised.safetensors"]
    for out, count, more in (("bn-1", 1, []), ("bn-2", 2, ["--sync-batch-norm"])):
        ended = driver.command(*words, *more, "--out", out, count=count)
        assert ended.codes == [0] * count, ended.err
    assert_equal(driver.folder / "bn-1", driver.folder / "bn-2")


def test_all_must_begin_from_the_same_file(driver: Driver) -> None:
    for rank in (0, 1):
        write_normalised(driver.place(rank) / "other.safetensors", seed=rank)
    ended = driver.command("train", "digits", *FLOAT64, "--model", "other.safetensors", "--out", "unlike")
    assert ended.codes == [1, 1] and ended.err[0] == ""
    assert "process 2 of 2: other.safetensors is not the same here as for the first process" in ended.err[1]
