"""Heads on the layers of a network with a name: weights from a file, kept, or learning at a share of the rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.architectures import SqueezeNet
from pellucid.models import load_model
from pellucid.storage.tables import read_csv
from tests.cli.terminal import Terminal

TRAIN = ["train", "shapes", "--resize", "64x96", "--limit", "8", "--epochs", "1", "--no-checks", "--augment", "none"]


@pytest.fixture
def weights(terminal: Terminal) -> Path:
    """The file of a classifier of seven classes."""
    SqueezeNet(weights=None, input_shape=(64, 64, 3), classes=7, version="1.1").save("known.safetensors")
    return Path("known.safetensors")


def test_a_backbone_takes_its_weights_from_a_file_and_keeps_them(terminal: Terminal, weights: Path) -> None:
    typed = terminal.type(*TRAIN, "--backbone", "squeezenet-1.1", "--weights", str(weights), "--freeze", "all-but-head",
                          "--out", "run")  # fmt: skip
    assert typed.code == 0, typed
    assert "the file's head is left out: conv_final/bias, conv_final/kernel" in typed.err + typed.out
    was, now = load_model(weights).weights_by_key(), load_model("run").weights_by_key()
    shared = [key for key in was if not key.startswith("conv_final/")]
    assert len(shared) == len(was) - 2 and all(np.array_equal(was[key], now[key]) for key in shared)
    assert {"lateral8/kernel", "head_class/kernel"} <= now.keys() and "conv_final/kernel" not in now
    assert terminal.type("predict", "run", "shapes/test/0.png").code == 0
    said = terminal.type("diagnose", "run").out
    assert "--model center" in said and "--backbone squeezenet-1.1" in said and "--dropout" not in said


def test_a_backbone_learns_at_its_share_of_the_rate(terminal: Terminal, weights: Path) -> None:
    words = [*TRAIN, "--model", "squeezenet-1.1", "--weights", str(weights), "--optimizer", "sgd", "--lr", "1e-4"]
    first = load_model(weights).weights_by_key()["conv1/kernel"]
    moved = {}
    for rate in ("1", "0.1"):
        typed = terminal.type(*words, "--trunk-rate", rate, "--out", rate)
        assert typed.code == 0 and ("the backbone at 0.1 of the rate" in typed.err + typed.out) == (rate == "0.1")
        moved[rate] = load_model(rate).weights_by_key()["conv1/kernel"] - first
    assert len(read_csv("1/steps.csv")) == 1  # so that both take the step from the same weights
    assert np.abs(moved["1"]).max() > 0
    assert np.allclose(moved["0.1"], 0.1 * moved["1"], rtol=1e-2, atol=1e-7)
