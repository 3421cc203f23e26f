"""What poses are taught with where nothing is said: steps enough, mirrored where looks do not tell the sides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.dataset import Part
from pellucid.data.scenes.folder import write_scenes
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data
from pellucid.tasks.pose.recipe import CHANGES, LEAST, RULE, STEPS, recipe_for
from tests.cli.terminal import Terminal


def drawn(folder: Path, count: int) -> Part:
    """The training part of drawn scenes."""
    write_scenes(str(folder), {"train": count, "val": 2, "test": 2}, seed=0, people=(1, 2), size=(32, 32))
    return load_data(RunConfig(data=str(folder), task="pose")).part("train")


@pytest.mark.parametrize(("typed", "taken"), [((), True), (("--lr", "0.003"), False)])
def test_a_run_of_poses_takes_the_recipe_unless_something_of_it_is_typed(
    terminal: Terminal, typed: tuple[str, ...], taken: bool
) -> None:
    drawn(Path("scenes"), LEAST)
    told = terminal.type("train", "scenes", "--task", "pose", *typed, "--epochs", "1", "--no-checks", "--out", "run")
    settings = json.loads(Path("run/config.json").read_text())["settings"]
    wanted = RULE | {"augment": CHANGES} if taken else {"optimizer": "adam", "lr": 0.003, "batch_size": 32}
    assert {name: settings[name] for name in wanted} == wanted and settings["epochs"] == 1
    assert ("recipe --batch-size 4 --optimizer adamw" in told.out) == taken


@pytest.mark.parametrize(("count", "epochs"), [(LEAST - 1, None), (LEAST, STEPS // 13 + 1), (100, STEPS // 25)])
def test_few_pictures_are_seen_more_often(tmp_path: Path, count: int, epochs: int | None) -> None:
    assert recipe_for(drawn(tmp_path / "some", count), Key.of(0)).get("epochs") == epochs


def test_a_set_that_is_large_keeps_the_epochs_of_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.tasks.pose.recipe.STEPS", 13)
    assert "epochs" not in recipe_for(drawn(tmp_path / "some", LEAST), Key.of(0))


def test_only_people_whose_sides_have_no_colours_are_mirrored(tmp_path: Path) -> None:
    """Drawn ones have light left limbs; the same in one grey have none."""
    assert recipe_for(drawn(tmp_path / "some", 60), Key.of(0))["augment"] == CHANGES
    for file in (tmp_path / "some").rglob("*.png"):
        with Image.open(file) as picture:
            size = picture.size
        Image.fromarray(np.random.default_rng(len(file.name)).integers(90, 99, (*size, 3)).astype(np.uint8)).save(file)
    part = load_data(RunConfig(data=str(tmp_path / "some"), task="pose")).part("train")
    assert recipe_for(part, Key.of(0))["augment"] == f"flip,{CHANGES}"
