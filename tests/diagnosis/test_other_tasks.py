"""Diagnosing what is not a classification: a task without a diagnosis, a wish of another task, a task's own wishes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pellucid.model import load_model
from pellucid.reports.sections import Account, Table, Text
from pellucid.settings import check, setting
from pellucid.tasks.classification.task import ClassificationTask
from pellucid.tasks.protocol import Task
from pellucid.tasks.provided import Predict, StoredRun
from pellucid.tasks.registry import register_task, unregister_task
from tests.cli.terminal import Terminal
from tests.diagnosis.test_command import train


@dataclass(frozen=True)
class Shades:
    """What the second of the two tasks below can be asked for."""

    owner: ClassVar[str] = "shaded"
    shade: int = setting(3, "How dark.", least=1)
    folds: int = setting(2, "Models of a toy.")

    def __post_init__(self) -> None:
        check(self, "diagnose")


class Silent(ClassificationTask):
    """A task that leaves out all that it may leave out."""

    name, wishes = "silent", None

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        return Task.diagnose(self, stored, wishes, images=images)

    def judge_cases(self, file: str, predict: Predict) -> Account:
        return Task.judge_cases(self, file, predict)


class Shaded(Silent):
    """A task whose diagnosis looks at little."""

    name, wishes = "shaded", Shades  # type: ignore[assignment]

    def diagnose(self, stored: StoredRun, wishes: Shades, *, images: bool) -> Account:
        scored = {part: stored.answers(part).n for part in stored.parts}
        batch = next(stored.inputs("train"))
        folds = stored.folds(wishes.folds)
        found = {"shade": wishes.shade, "scored": scored, "folds": sorted(set(folds.fold.tolist())), "images": images,
                 "shape": list(batch.shape[1:]), "command": stored.command_with(["--lr", "0.5"])}
        return Account(found, [Text("dark"), Table(["part", "n"], [[part, str(n)] for part, n in scored.items()])])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Runs of both tasks, and one of classes."""
    place = tmp_path_factory.mktemp("others")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        train("classes", data="digits", model="FC_8", limit=60, epochs=1)
        for task in (Silent(), Shaded()):
            register_task(task)
            shutil.copytree("classes", task.name)
            model = load_model(f"{task.name}/model.safetensors")
            model.task = {"name": task.name, "format": 1, "record": {}}
            model.save(f"{task.name}/model.safetensors")
        yield place
    unregister_task("silent")
    unregister_task("shaded")


@pytest.fixture
def terminal(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(place)
    return Terminal(capsys)


def test_a_task_without_a_diagnosis_says_so_in_one_sentence_before_its_data_are_read(terminal: Terminal) -> None:
    Path("digits.npz").write_text("no data")
    for words in ((), ("--calibrate",), ("--data", "digits.npz")):
        terminal.refused(2, ["the task silent has no diagnosis", "pellucid evaluate"], "diagnose", "silent", *words)
    terminal.refused(2, ["--cases means nothing", "the task silent has no core cases"], "evaluate",
                     "silent/model.safetensors", "--cases", "cases.csv")  # fmt: skip


def test_a_wish_of_another_task_is_refused_by_its_name(terminal: Terminal) -> None:
    told = ["--calibrate is a setting of the task classification", "one of the task shaded. Leave it out."]
    terminal.refused(2, told, "diagnose", "shaded", "--calibrate")
    terminal.refused(2, ["--shade is a setting of the task shaded", "one of the task classification"], "diagnose",
                     "classes", "--shade", "4")  # fmt: skip
    terminal.refused(2, ["diagnose: --shade must be at least 1, but it is 0"], "diagnose", "shaded", "--shade", "0")


def test_a_task_has_wishes_of_its_own_and_asks_the_stored_run(terminal: Terminal) -> None:
    typed = terminal.type("diagnose", "shaded", "--shade", "5", "--no-images", "--json")
    found = json.loads(typed.out)
    command = found.pop("command").split()
    assert command[:3] == ["pellucid", "train", "digits"] and command[-2:] == ["--lr", "0.5"]
    assert found == {"shade": 5, "folds": [0, 1], "images": False, "shape": [8, 8, 1],
                     "scored": {"train": 54, "validation": 6, "test": 60}}
    assert typed.err.count("fold") == 2  # training says how far it is
    lines = terminal.type("diagnose", "shaded").out.splitlines()
    assert lines[lines.index("dark") + 1 :] == ["part         n", "--------------", "train       54", "validation   6",
                                                "test        60"]
    page = terminal.type("diagnose", "--help").out
    assert all(word in page for word in ("--shade", "How dark", "classification: ", "shaded: "))
