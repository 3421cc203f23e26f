"""What points are taught with where nothing is said: epochs by steps, mirrored where looks do not tell the sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pellucid.data.opening import open_dataset
from pellucid.data.scenes.folder import write_scenes
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data
from pellucid.tasks.keypoints.recipe import CHANGES, EPOCHS, LEAST, RULE, STEPS, recipe_for
from tests.cli.terminal import Terminal
from tests.tasks.keypoints.conftest import write_kites


@pytest.mark.parametrize(("typed", "taken"), [((), True), (("--batch-size", "8"), False)])
def test_a_run_of_points_takes_the_recipe_unless_something_of_it_is_typed(
    terminal: Terminal, typed: tuple[str, ...], taken: bool
) -> None:
    told = terminal.type("train", "kites", *typed, "--epochs", "1", "--no-checks", "--out", "run")
    settings = json.loads(Path("run/config.json").read_text())["settings"]
    wanted = RULE | {"augment": f"flip,{CHANGES}"} if taken else {"optimizer": "adam", "lr": None, "batch_size": 8}
    assert {name: settings[name] for name in wanted} == wanted and settings["epochs"] == 1
    assert ("recipe --batch-size 16 --optimizer adamw" in told.out) == taken


@pytest.mark.parametrize(("count", "epochs"), [(64, STEPS // 4), (LEAST, STEPS // 2), (320, EPOCHS), (LEAST - 1, None)])
def test_few_pictures_are_seen_more_often(tmp_path: Path, count: int, epochs: int | None) -> None:
    write_kites(tmp_path / "some", {"train": count, "val": 4, "test": 4})
    data = load_data(RunConfig(data=str(tmp_path / "some"), task="keypoints"))
    assert recipe_for(data.part("train"), Key.of(0)).get("epochs") == epochs


def test_a_set_that_is_large_keeps_the_epochs_of_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kites(tmp_path / "some", {"train": 64, "val": 4, "test": 4})
    part = load_data(RunConfig(data=str(tmp_path / "some"), task="keypoints")).part("train")
    monkeypatch.setattr("pellucid.tasks.keypoints.recipe.STEPS", 4)
    assert "epochs" not in recipe_for(part, Key.of(0))


def test_figures_whose_sides_have_colours_are_not_mirrored(tmp_path: Path) -> None:
    write_scenes(str(tmp_path / "figures"), {"train": 60}, seed=0, people=(1, 1), size=(64, 64))
    part = open_dataset(str(tmp_path / "figures"), annotations="points").part("train")
    assert recipe_for(part, Key.of(0))["augment"] == CHANGES
