"""A split of our own leaks nothing: copies, and groups that names tell, stay in one part; the run remembers how."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal, pictures, write_npz

TRAIN = ("--model", "FC_4", "--epochs", "1", "--batch-size", "8", "--engine", "reference", "--out", "run")


def test_copies_in_the_training_part_are_no_reason_to_refuse(terminal: Terminal) -> None:
    x = pictures(0, 48)
    y = np.arange(48) % 2
    twice = {"x_train": np.concatenate([x, x]), "y_train": np.concatenate([y, y])}
    write_npz(Path("data.npz"), **twice, x_test=None, y_test=None)
    refused = terminal.type("train", "data.npz", *TRAIN, "--copies", "apart")
    assert refused.code == 1 and "the check leakage failed" in refused.err
    done = terminal.type("train", "data.npz", *TRAIN)
    assert done.code == 0 and "copies of an image in one part" in done.out
    assert re.search(r"^check  \d+ passed: .*\bleakage,", done.out, re.MULTILINE)
    settings = json.loads(Path("run/config.json").read_text(encoding="utf-8"))["settings"]
    assert settings["copies"] == "together"
    assert terminal.type("evaluate", "run").code == 0


def test_groups_by_a_pattern_from_the_command_line(terminal: Terminal) -> None:
    for number, pixels in enumerate(pictures(1, 40)):
        path = Path("set", "ab"[number % 2], f"p{number // 4}_{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    done = terminal.type("train", "set", *TRAIN, "--group-pattern", "p([0-9]+)_")
    assert done.code == 0 and "of 10 groups" in done.out, done
    assert "train: pixels" in terminal.type("data", "info", "set", "--group-pattern", "p([0-9]+)_").out
    assert terminal.type("evaluate", "run").code == 0


@pytest.mark.parametrize(("words", "parts"), [
    (("--group-pattern", "p("), ["--group-pattern must be a regular expression with a group"]),
    (("--copies", "both"), ["--copies must be 'together' or 'apart', but it is 'both'"]),
])
def test_words_that_mean_nothing(terminal: Terminal, words: tuple[str, ...], parts: list[str]) -> None:
    terminal.refused(2, parts, "train", "digits", *TRAIN, *words)
