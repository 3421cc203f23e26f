"""The newcomer's command as typed, `pellucid train digits`, on each engine; three seeds in benchmarks/digits.py."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pellucid.checks.series import SLOW, names
from pellucid.tasks.classification.checks import CHECKS

FIRST_WORDS = {"reference": "engine reference (NumPy ", "pytorch": "engine pytorch (PyTorch "}
THERE = "reference" if find_spec("torch") is None else "pytorch"


@pytest.mark.parametrize(("flags", "engine"), [
    ([], THERE), pytest.param(["--engine", "reference"], "reference", marks=pytest.mark.soak),
])  # fmt: skip
def test_train_digits(tmp_path: Path, flags: list[str], engine: str) -> None:
    words = [sys.executable, "-c", "from pellucid.cli import main; main()", "train", "digits", "--out", "first"]
    words += flags
    ended = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith(FIRST_WORDS[engine]) and lines[-1] == "report first/report.html"
    assert sum(line.startswith("epoch ") for line in lines) == 30
    run = tmp_path / "first"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["accuracy"] >= 0.97
    assert (metrics["split"], metrics["n"], metrics["epochs"]) == ("test", 360, 30)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["environment"]["threads"] == config["threads"] == 1  # a step is far below 2 GFLOP
    assert config["settings"]["engine"] == config["environment"]["engine"] == metrics["engine"] == engine
    assert config["model"] == "conv_32,conv_32,pool,FC_128" and config["settings"]["model"] is None
    with (run / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best, kept = max(float(row["val_accuracy"]) for row in rows), rows[metrics["best_epoch"] - 1]
    assert best - float(kept["val_accuracy"]) < 0.012  # the standard error among 144 images at 98 %
    assert f", weights of epoch {metrics['best_epoch']}" in lines[-2]
    assert not metrics["best_epoch_because"] or lines[-3].startswith(f"epoch {metrics['best_epoch']} was kept: its val")
    quick = [name for name in names(CHECKS) if name not in SLOW]
    assert lines[4] == "augment none, as the pictures are no photos in red, green and blue"
    assert lines[6] == f"check  {len(quick)} passed: {', '.join(quick)}"
    assert lines[7].startswith("epoch 1/30  loss ")
    assert (run / "log.txt").read_text(encoding="utf-8") == ended.stdout
    pictures = {"curves.png", "confusion.png", "mistakes.png"}
    expected = {"config.json", "model.safetensors", "last.safetensors", "history.csv", "steps.csv", "metrics.json",
                "checks.json", "report.html", "sections.json", "predictions.jsonl", "log.txt"}  # fmt: skip
    assert {path.name for path in run.iterdir()} == expected | pictures
