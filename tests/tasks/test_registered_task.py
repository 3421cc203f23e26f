"""A task of under a hundred lines, registered by a program and typed on the command line in the same process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pellucid
from pellucid.errors import ArgumentError
from pellucid.tasks.registry import unregister_task
from tests.cli.terminal import Terminal
from tests.tasks import parity_of_stripes
from tests.tasks.parity_of_stripes import ParityTask

TRAIN = ["train", "digits", "--task", "parity", "--epochs", "4", "--no-checks", "--engine", "reference", "--out", "run"]


@pytest.fixture
def registered() -> Iterator[None]:
    pellucid.register_task(ParityTask())
    yield
    unregister_task("parity")


def test_it_is_short() -> None:
    assert len(Path(parity_of_stripes.__file__).read_text(encoding="utf-8").splitlines()) < 100


def test_it_trains_and_answers(terminal: Terminal, registered: None) -> None:
    assert "--swap" in terminal.type("train", "--help").out
    with pytest.raises(SystemExit) as end:
        pellucid.cli.main([*TRAIN, "--swap"])  # type: ignore[attr-defined]
    assert end.value.code == 0
    metrics = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))
    assert metrics["task"] == "parity" and metrics["error"] < 0.15 and metrics["headline"]["better"] == "less"
    assert json.loads(Path("run/config.json").read_text(encoding="utf-8"))["settings"]["swap"] is True
    assert terminal.type("evaluate", "run").out.startswith("test error 0.")
    assert terminal.type("train", "--resume", "run").code == 0
    # without --task the data decide, and ours come first
    assert terminal.type("train", "digits", "--limit", "60", "--epochs", "1", "--no-checks", "--out", "usual").code == 0
    assert json.loads(Path("usual/metrics.json").read_text(encoding="utf-8"))["task"] == "classification"
    terminal.refused(2, ["--swap is a setting of the task parity"], "train", "digits", "--task", "classification",
                     "--swap")  # fmt: skip


def test_a_name_that_is_taken(registered: None) -> None:
    for name in ("parity", "classification", "auto"):
        task = ParityTask()
        task.name = name  # type: ignore[misc]
        with pytest.raises(ArgumentError, match=rf"there is a task called '{name}' already"):
            pellucid.register_task(task)
    with pytest.raises(ArgumentError, match=r"task must be an instance of pellucid\.tasks\.protocol\.Task"):
        pellucid.register_task(ParityTask)  # type: ignore[arg-type]


def test_a_model_of_a_task_that_nobody_registered(terminal: Terminal, registered: None) -> None:
    terminal.type(*TRAIN, "--limit", "100")
    unregister_task("parity")
    for words in (["train", "--resume", "run"], ["predict", "run", "none.png"]):
        terminal.refused(1, ["run/config.json: there is no task 'parity'", "register_task"], *words)
    terminal.refused(2, ["no task 'parity'", "register_task"], "evaluate", "run/model.safetensors", "digits")
