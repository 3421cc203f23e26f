"""The command line knows the architectures by name: summary with their own sizes, train with those of the data."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.terminal import Terminal, write_npz


def test_summary_takes_the_networks_own_size_and_classes(terminal: Terminal) -> None:
    typed = terminal.type("summary", "resnet50", "--json")
    assert typed.code == 0 and json.loads(typed.out)["total"] == 25_636_712
    typed = terminal.type("summary", "VGG16", "--input", "64x48x6", "--classes", "7", "--json")
    first, *_ = json.loads(typed.out)["rows"]
    assert first["output_shape"] == "(N, 64, 48, 6)"
    terminal.refused(2, ["--model vgg16", "'block5_pool'", "--resize 32x32"], "summary", "vgg16", "--input", "20x20")


def test_a_run_trains_the_auxiliary_classifiers_and_predicts_without_them(terminal: Terminal) -> None:
    data = write_npz(Path("data.npz"))
    words = ["--model", "googlenet", "--engine", "pytorch", "--resize", "65x65", "--epochs", "1", "--no-checks"]
    typed = terminal.type("train", data, *words, "--batch-size", "8", "--out", "run", "--json")
    assert typed.code == 0, typed.err
    metrics = json.loads(typed.out)
    assert 0 <= metrics["accuracy"] <= 1
    with open("run/history.csv", newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    parts = [float(row[f"{name}_loss"]) for name in ("output", "auxiliary1_predictions", "auxiliary2_predictions")]
    total = parts[0] + 0.3 * (parts[1] + parts[2])
    assert abs(float(row["loss"]) - total) < 1e-6 * total
    terminal.refused(2, ["--model googlenet", "65x65 on"], "train", data, "--model", "googlenet", "--out", "other")
