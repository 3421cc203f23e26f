"""A run whose layers join later, stopped in whatever stage, continues to the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.model import load_model
from tests.resume.comparing import differences, steps
from tests.resume.driver import Driver

STAGED = ["--model", "seed.safetensors", "--new-head", "--limit", "200", "--epochs", "4", "--batch-size", "32",
          "--lr", "0.01", "--schedule", "plateau:1:0.5", "--freeze", "all-but-head", "--unfreeze-after", "2",
          "--unfreeze-rate", "0.2", "--trunk-rate", "0.5", "--seed", "3", "--engine", "reference"]  # fmt: skip


@pytest.fixture(scope="module")
def whole(driver: Driver) -> Path:
    answer = driver.command("train", "digits", *STAGED, "--out", "whole")
    assert answer.code == 0, answer.err
    assert "train  1 of 4 layers, 170 of 818 parameters; after 2 epochs all of them, at 0.2 of the rate" in answer.out
    return driver.folder / "whole"


@pytest.mark.parametrize(("name", "fault"), [
    ("joined", {"signal": 9, "step": 17}),  # six steps an epoch, a checkpoint after step 15
    ("between", {"signal": 9, "file": "last.safetensors", "count": 5, "moment": "renamed"}),  # the end of epoch 2
    ("report", {"signal": 9, "file": "report.html", "count": 1, "moment": "half"}),
])  # fmt: skip
def test_stopped_in_any_stage(driver: Driver, whole: Path, name: str, fault: dict[str, object]) -> None:
    answer = driver.command("train", "digits", *STAGED, "--checkpoint-every", "5", "--out", name, fault=fault)
    assert answer.code == -9
    resumed = driver.command("train", "--resume", name)
    assert resumed.code == 0, resumed.err
    assert differences(whole, driver.folder / name) == []


def test_what_the_stages_did(driver: Driver, whole: Path) -> None:
    rows = steps(whole)
    ratios = [name for name in rows[0] if name.startswith("update_ratio/")]
    assert ratios == [f"update_ratio/{name}" for name in ("conv2d", "batch_normalization", "dense", "dense_1")]
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates[:12] == [0.01] * 12 and set(rates[12:]) <= {0.002, 0.001}
    model = load_model(whole / "model.safetensors")
    assert all(layer.trainable for layer in model.layers)
    seed = load_model(driver.folder / "seed.safetensors").weights_by_key()
    still = driver.command("train", "digits", *STAGED, "--unfreeze-after", "0", "--out", "still")
    assert still.code == 0, still.err
    kept = load_model(driver.folder / "still/model.safetensors").weights_by_key()
    assert {key for key in seed if (kept[key] != seed[key]).any()} == {"dense_1/kernel", "dense_1/bias"}


def test_a_head_alone_goes_on_to_the_same_bytes(driver: Driver) -> None:
    words = ["--model", "seed.safetensors", "--new-head", "--freeze", "all-but-head", "--augment", "flip", "--limit",
             "200", "--epochs", "3", "--no-checks", "--engine", "reference"]  # fmt: skip
    whole = driver.command("train", "digits", *words, "--out", "head")
    assert whole.code == 0 and "mirror images among them" in whole.out, whole
    stopped = driver.command("train", "digits", *words, "--checkpoint-every", "5", "--out", "stopped",
                             fault={"signal": 9, "step": 9})  # fmt: skip
    assert stopped.code == -9
    resumed = driver.command("train", "--resume", "stopped")
    assert resumed.code == 0, resumed.err
    assert differences(driver.folder / "head", driver.folder / "stopped") == []
