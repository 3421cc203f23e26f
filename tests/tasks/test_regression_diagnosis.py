"""Diagnosing a run of numbers: the verdict, what is systematic on dev, next steps; and wishes of another task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.tasks.regression.diagnosing.diagnosis import on_dev
from pellucid.tasks.regression.diagnosing.split import split_of
from pellucid.tasks.regression.evaluation import Evaluation
from tests.cli.terminal import Terminal
from tests.reports.page import Page
from tests.tasks.test_regression import TRAIN


def judged(part: str, noise: float, n: int = 2_000, *, pull: float = 1.0, shift: float = 0.0) -> Evaluation:
    """Answers for numbers of spread 1, off by normal noise, drawn to the middle by `pull`, too large by `shift`."""
    random = np.random.default_rng(len(part))
    truth = random.normal(size=(n, 1))
    return Evaluation(part, truth, pull * truth + shift + noise * random.normal(size=(n, 1)), ("y",), ("mm",),
                      np.ones(1), [str(i) for i in range(n)], 0.0)  # fmt: skip


@pytest.mark.parametrize(("errors", "reference", "main"), [
    ({"train": 0.4, "validation": 0.41, "test": 0.4}, None, "bias"),
    ({"train": 0.4, "validation": 0.41, "test": 0.4}, 0.32, ""),  # as good as a person
    ({"train": 0.05, "validation": 0.5, "test": 0.5}, None, "variance"),
    ({"train": 0.05, "train-dev": 0.06, "validation": 0.6, "test": 0.6}, None, "mismatch"),
    ({"train": 0.02, "validation": 0.03, "test": 0.4}, None, "dev over-fitting"),
    ({"train": 0.02, "validation": 0.03, "test": 0.02}, None, ""),
    ({"train": 1.4, "validation": 1.4}, None, "nothing learnt"),
])  # fmt: skip
def test_the_verdict(errors: dict[str, float], reference: float | None, main: str) -> None:
    found = {part: judged(part, noise) for part, noise in errors.items()}
    assert split_of(found, reference).problem == main


def test_a_small_part_is_no_reason() -> None:
    found = {"train": judged("train", 0.30), "validation": judged("validation", 0.33, n=12)}
    assert split_of(found, 0.25).gaps[1].noise and split_of(found, 0.24).problem == ""


def test_what_is_systematic() -> None:
    found = on_dev(judged("validation", 0.1, pull=0.7, shift=0.5), 0)
    assert found["slope"] == pytest.approx(0.7, abs=0.02) and found["mean_error"] == pytest.approx(0.5, abs=0.05)
    assert found["worst"]["mae"] > 1.5 * found["worst"]["rest"]
    plain = on_dev(judged("validation", 0.1), 0)
    assert abs(plain["mean_error"]) < 0.01 and plain["slope"] == pytest.approx(1, abs=0.01)
    assert "worst" not in on_dev(judged("validation", 0.1, n=50), 0)


def test_a_run_is_diagnosed(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "2", "--engine", "reference", "--out", "run")
    typed = terminal.type("diagnose", "run")
    assert typed.code == 0 and typed.err == "", typed
    assert "pellucid train tilted.npz" in typed.out and "--epochs 29" in typed.out and "mae" in typed.out
    kept: dict[str, Any] = json.loads(Path("run/diagnosis.json").read_text(encoding="utf-8"))
    assert kept["task"] == "regression" and [part["part"] for part in kept["parts"]] == ["train", "validation", "test"]
    assert json.loads(terminal.type("diagnose", "run", "--json").out)["title"] == kept["title"]
    assert typed.out.splitlines()[-1] == "page    run/diagnosis.html"
    judged_by_a_person = json.loads(terminal.type("diagnose", "run", "--reference-mae", "3", "--json").out)
    assert judged_by_a_person["gaps"][0]["value"] < kept["gaps"][0]["value"]
    terminal.refused(2, ["--reference-error is a setting of the task classification"], "diagnose", "run",
                     "--reference-error", "0.1")  # fmt: skip
    terminal.refused(2, ["--reference-mae must be at least 0"], "diagnose", "run", "--reference-mae", "-1")


def test_the_page_of_a_diagnosis(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "1", "--engine", "reference", "--out", "paged")
    found = json.loads(terminal.type("diagnose", "paged", "--reference-mae", "0.25", "--json").out)
    source = Path("paged/diagnosis.html").read_text(encoding="utf-8")
    page = Page(source)
    assert page.open == [] and found["title"] in page.text and found["sentence"] in page.text
    assert all(step["action"] in page.text for step in found["next_steps"])
    for words in ("reference mae 0.25", "The error, split", "The parts", "systematic in its errors",
                  "The largest errors", "standard deviations of the training numbers", found["dev"][0]["name"]):
        assert words in page.text, words
    assert [part["part"] for part in found["parts"]] == ["train", "validation", "test"]
    assert source.count("data:image/png") >= 6 and source.count("<svg") == 5  # gaps, three curves, the scatter
    assert Path("paged/diagnosis-split.png").exists() and Path("paged/diagnosis-mistakes.png").exists()
    terminal.type("diagnose", "paged", "--no-images")
    assert "data:image/png" not in Path("paged/diagnosis.html").read_text(encoding="utf-8")
    assert not Path("paged/diagnosis-mistakes.png").exists() and Path("paged/diagnosis-split.png").exists()
