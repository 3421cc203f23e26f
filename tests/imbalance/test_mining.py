"""Mining in rounds: what counts as hard, how often it is shown, and that a resume knows it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pellucid.data.sampling import evenly
from pellucid.errors import TrainingError
from pellucid.tasks.classification.imbalance import ends_of_rounds
from pellucid.tasks.classification.mining import Mining
from pellucid.tasks.classification.settings import Settings
from pellucid.training.program import Supervised
from tests.cli.terminal import Terminal

TRAIN = ("train", "uneven.npz", "--model", "FC_8", "--epochs", "6", "--batch-size", "16", "--dropout", "0.2",
         "--augment", "shift=1", "--checkpoint-every", "2", "--no-checks")  # fmt: skip


def test_wrong_images_double_and_right_ones_halve() -> None:
    sampler, answers = evenly(np.zeros(4, int)), iter([[1, 1, 0, 0], [1, 0, 0, 1], *[[1, 0, 0, 0]] * 4])
    event = Mining(sampler, [1, 2, 3, 4, 5, 6], lambda progress: np.array(next(answers), bool))
    seen = []
    for epoch in range(1, 7):
        event.epoch(SimpleNamespace(), {"epoch": epoch})  # type: ignore[arg-type]
        seen.append(sampler.weights.tolist())
    assert seen[:3] == [[2, 2, 1, 1], [4, 1, 1, 2], [8, 1, 1, 1]] and seen[5] == [16, 1, 1, 1]


def test_between_rounds_nothing_changes_and_memory_brings_all_back() -> None:
    sampler = evenly(np.zeros(3, int))
    event = Mining(sampler, [2], lambda progress: np.array([True, False, True]))
    event.epoch(SimpleNamespace(), {"epoch": 1})  # type: ignore[arg-type]
    assert sampler.weights.tolist() == [1, 1, 1]
    event.epoch(SimpleNamespace(), {"epoch": 2})  # type: ignore[arg-type]
    assert event.memory() == {"doublings": "101"}
    other = evenly(np.zeros(3, int))
    Mining(other, [2], lambda progress: np.zeros(3, bool)).recall(event.memory())
    assert other.weights.tolist() == sampler.weights.tolist() == [2, 1, 2]


def test_rounds_are_nearly_equally_long() -> None:
    assert ends_of_rounds(Settings(mine_rounds=2), 6) == [2, 4]
    assert ends_of_rounds(Settings(mine_rounds=3), 10) == [2, 5, 8]
    assert ends_of_rounds(Settings(mine_rounds=0), 1) == []


def test_it_is_said_and_what_is_wrong_is_shown_more_often(terminal: Terminal) -> None:
    typed = terminal.type(*TRAIN, "--mine-rounds", "2", "--out", "run")
    lines = [line for line in typed.out.splitlines() if line.startswith("mining ")]
    assert [line.split(":")[0] for line in lines] == ["mining 1 of 2", "mining 2 of 2"]
    assert "of 84 training images are wrong" in lines[0]


@pytest.mark.parametrize("words", [("--sampler", "over"), ("--sampler", "under", "--loss", "focal"),
                                   ("--mine-rounds", "2"), ("--mine-rounds", "3", "--sampler", "over")],
                         ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("at", [0.4, 0.8])
def test_a_resume_gives_the_same_bytes(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], at: float
) -> None:
    whole = terminal.type(*TRAIN, *words, "--out", "whole")
    assert whole.code == 0, whole.err
    steps = Path("whole/steps.csv").read_text(encoding="utf-8").count("\n") - 1
    right, left = Supervised.step, [round(at * steps)]

    def falls_over(self: Supervised, *given: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise TrainingError("the machine fell over.")
        return right(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Supervised, "step", falls_over)
        assert "fell over" in terminal.type(*TRAIN, *words, "--out", "run").err
    assert terminal.type("train", "--resume", "run").code == 0
    for name in ("model.safetensors", "last.safetensors", "history.csv"):
        assert (Path("run") / name).read_bytes() == (Path("whole") / name).read_bytes(), name
