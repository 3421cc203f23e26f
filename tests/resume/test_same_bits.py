"""What `make same` holds equal: every planted difference between two run folders is told, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmarks.same import AS_BEFORE, words_for
from benchmarks.same_bits import TENSORS, compare
from benchmarks.same_trees import Tree

RECORD = {"format": 1, "environment": {"arithmetic": 1, "libraries": {"pellucid": "0.1.0"}}, "class_names": ["a"]}
SCORES = {"accuracy": 0.75, "n": 8, "seconds": 1.5, "per_class": [{"class": "a", "f1": 0.5}]}


def write(folder: Path, name: str, record: dict[str, Any], **tensors: np.ndarray) -> None:
    """A file of weights as Pellucid writes it, without its writer."""
    save_file(tensors, folder / name, metadata={"pellucid": json.dumps(record)})


def kernel(last: float = 0.5) -> np.ndarray:
    return np.array([[1.0, -2.0, last]], np.float32)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of one run, which differ in their times alone."""
    for name, seconds in (("before", "0.1"), ("now", "0.7")):
        folder = tmp_path / name
        folder.mkdir()
        for file in TENSORS:
            write(folder, file, RECORD, kernel=kernel())
        (folder / "history.csv").write_text("epoch,loss\n1,0.5\n2,0.25\n")
        (folder / "steps.csv").write_text(f"step,loss,seconds\n1,0.7,{seconds}\n2,0.5,{seconds}\n")
        (folder / "metrics.json").write_text(json.dumps({**SCORES, "seconds": float(seconds)}))
    return tmp_path / "before", tmp_path / "now"


def found(runs: tuple[Path, Path], evaluated: dict[str, Any] | None = None) -> list[str]:
    return compare(*runs, (SCORES, evaluated or SCORES)).differences


def test_two_of_a_kind_differ_in_nothing(runs: tuple[Path, Path]) -> None:
    same = compare(*runs, (SCORES, SCORES))
    assert (same.differences, same.gained) == ([], {})
    assert same.counted == {"tensors": 2, "epochs": 2, "steps": 2, "figures": 8}


PLANTED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a bit": (lambda run: write(run, "model.safetensors", RECORD, kernel=kernel(np.nextafter(np.float32(0.5), 1))),
              "model.safetensors: tensor kernel differs in 1 of 3 places, by 6e-08 at most"),
    "a sign of zero": (lambda run: write(run, "last.safetensors", RECORD, kernel=-kernel() * 0),
                       "last.safetensors: tensor kernel differs"),
    "a kind": (lambda run: write(run, "last.safetensors", RECORD, kernel=kernel().astype(np.float64)),
               "last.safetensors: tensor kernel differs: float32 (1, 3) was, float64 (1, 3) is"),
    "a tensor more": (lambda run: write(run, "last.safetensors", RECORD, kernel=kernel(), slot=kernel()),
                      "last.safetensors: tensor slot is only now"),
    "a name gained": (lambda run: write(run, "model.safetensors", {**RECORD, "tasks": 1}, kernel=kernel()),
                      "model.safetensors: the record gained tasks = 1"),
    "a name lost": (lambda run: write(run, "model.safetensors", {"format": 1, "environment": RECORD["environment"]},
                                      kernel=kernel()), "model.safetensors: class_names.0 was a, is gone"),
    "a value": (lambda run: write(run, "model.safetensors", {**RECORD, "class_names": ["b"]}, kernel=kernel()),
                "model.safetensors: class_names.0 was a, is b"),
    "arithmetic": (lambda run: write(run, "model.safetensors", RECORD | {"environment": {
                       "arithmetic": 2, "libraries": {"pellucid": "0.1.0"}}}, kernel=kernel()),
                   "model.safetensors: environment.arithmetic was 1, is 2"),
    "history": (lambda run: (run / "history.csv").write_text("epoch,loss\n1,0.5\n2,0.250\n"),
                "history.csv: other bytes"),
    "a step": (lambda run: (run / "steps.csv").write_text("step,loss,seconds\n1,0.7,0.1\n2,0.51,0.1\n"),
               "steps.csv: step 2 differs in loss"),
    "fewer steps": (lambda run: (run / "steps.csv").write_text("step,loss,seconds\n1,0.7,0.1\n"),
                    "steps.csv: 2 rows before, 1 now"),
    "a score": (lambda run: (run / "metrics.json").write_text(json.dumps({**SCORES, "accuracy": 0.7500000001})),
                "metrics.json: accuracy was 0.75, is 0.7500000001"),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_difference_is_told(runs: tuple[Path, Path], planted: str) -> None:
    plant, sentence = PLANTED[planted]
    plant(runs[1])
    told = found(runs)
    assert len(told) == 1 and told[0].startswith(sentence)


def test_what_evaluation_says_otherwise_is_told(runs: tuple[Path, Path]) -> None:
    other = {**SCORES, "per_class": [{"class": "a", "f1": 0.25}]}
    assert found(runs, other) == ["evaluate --json: per_class.0.f1 was 0.5, is 0.25"]


def test_a_task_and_checksums_may_be_gained_and_are_listed(runs: tuple[Path, Path]) -> None:
    newer = {**RECORD, "format": 2, "task": {"name": "classification"}, "checksums": {"tensors": "1f"},
             "input": {"range": [0, 255]}}  # fmt: skip
    write(runs[1], "model.safetensors", newer, kernel=kernel())
    same = compare(*runs, (SCORES, {**SCORES, "headline": "accuracy"}))
    assert same.differences == []
    assert same.gained == {"model.safetensors": ["checksums.tensors", "input.range", "task.name"],
                           "evaluate --json": ["headline"]}


def test_flags_that_the_older_commit_lacks_are_left_out_and_new_defaults_typed_back(tmp_path: Path) -> None:
    known = frozenset({"--threads", "--seed", "--split-seed", "--patience", "--augment", "--new-head", "--lr"})
    before = Tree("before", tmp_path, "a", tmp_path, known)
    now = Tree("now", tmp_path, "b", tmp_path, known | {"--ema", *AS_BEFORE})
    words = ("--ema", "0.9", "--new-head", "--lr", "0.1")
    typed = [words_for(words, tree, (before, now)) for tree in (before, now)]
    assert typed[0][-3:] == ["--new-head", "--lr", "0.1"] and "--ema" not in typed[0] + typed[1]
    assert typed[1] == [*typed[0], *(word for pair in AS_BEFORE.items() for word in pair)]
    assert words_for(words, now, (now, now))[-5:] == ["--ema", "0.9", "--new-head", "--lr", "0.1"]
