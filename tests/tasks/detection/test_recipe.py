"""What a detector is taught with where nothing is said: AdamW in small batches, mirrored where nothing has sides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data
from pellucid.tasks.detection.recipe import LEAST, RULE, recipe_for
from tests.cli.terminal import Terminal
from tests.tasks.detection.conftest import write_shapes


def settings_of(run: str) -> dict[str, object]:
    """What a run was told."""
    return dict(json.loads((Path(run) / "config.json").read_text())["settings"])


@pytest.mark.parametrize(("typed", "taken", "changed"), [
    ((), True, {"augment": "flip,zoom=0.1,brightness=0.2"}),
    (("--augment", "none"), True, {"augment": "none"}),
    (("--lr", "0.002"), False, {"lr": 0.002, "augment": ""}),
    (("--model", "center-small"), False, {"model": "center-small", "augment": ""}),
])  # fmt: skip
def test_a_run_of_boxes_takes_the_recipe_unless_something_of_it_is_typed(
    terminal: Terminal, typed: tuple[str, ...], taken: bool, changed: dict[str, object]
) -> None:
    write_shapes(Path("many"), {"train": LEAST, "val": 8, "test": 8})
    told = terminal.type("train", "many", *typed, "--epochs", "1", "--no-checks", "--out", "run")
    wanted = (RULE if taken else {name: getattr(RunConfig(), name) for name in RULE}) | changed
    assert {name: settings_of("run")[name] for name in wanted} == wanted
    assert ("recipe --batch-size 8 --optimizer adamw --lr 0.01" in told.out) == taken


def test_fewer_pictures_than_a_warm_up_needs_are_learnt_as_before(terminal: Terminal) -> None:
    terminal.type("train", "shapes", "--epochs", "1", "--no-checks", "--out", "run")
    assert settings_of("run")["optimizer"] == "adam"


def test_objects_that_point_to_a_side_are_not_mirrored(tmp_path: Path) -> None:
    def written(name: str, classes: tuple[str, str]) -> object:
        random, lines = np.random.default_rng(0), ["filename,class,xmin,ymin,xmax,ymax,split"]
        (tmp_path / name).mkdir()
        for number in range(LEAST + 8):
            picture, side = random.integers(90, 140, (64, 80, 3), dtype=np.uint8), number % 2
            arrow = np.tril(np.ones((20, 20), bool))
            picture[10:30, 12:32][arrow[:, ::-1] if side else arrow] = (230, 200, 60)
            Image.fromarray(picture).save(tmp_path / name / f"{number}.png")
            part = "train" if number < LEAST else "val" if number < LEAST + 4 else "test"
            lines.append(f"{number}.png,{classes[side]},12,10,32,30,{part}")
        (tmp_path / name / "boxes.csv").write_text("\n".join(lines) + "\n")
        data = load_data(RunConfig(data=str(tmp_path / name), task="detection"))
        return recipe_for(data.part("train"), Key.of(0))["augment"]

    assert written("signs", ("left", "right")) == "zoom=0.1,brightness=0.2"
    assert written("corners", ("corner", "corner")) == "flip,zoom=0.1,brightness=0.2"
