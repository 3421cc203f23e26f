"""`--also-split random`: both scores side by side in the report, on a screen whose experiments differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset
from pellucid.data.random_split import drawn_at_random
from pellucid.reports.random_beside import random_beside
from pellucid.reports.report import Shown
from pellucid.reports.sections import Text
from pellucid.runs import finishing
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data
from tests.cli.terminal import Terminal, write_pixels

WORDS = ("--group", "experiment", "--engine", "reference", "--model", "FC_16", "--epochs", "12", "--lr", "0.01")


def screen(folder: Path, experiments: int = 6, wells: int = 8) -> Path:
    """Two classes that every experiment shows in a place of its own: what one teaches of a class holds in no other."""
    rows, random = [], np.random.default_rng(0)
    for experiment in range(experiments):
        places = random.permutation(8)[:2]
        for number in range(wells):
            for site in (1, 2):
                pixels = random.integers(0, 100, (4, 8), dtype=np.uint8)
                pixels[:, places[number % 2]] += 150
                path = Path(f"E{experiment}", f"{number}_s{site}.png")
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(folder / path)
                rows.append(f"{path},{'ab'[number % 2]},E{experiment},W{number},{site}")
    table = folder / "screen.csv"
    table.write_text("\n".join(["path,label,experiment,well,site", *rows]) + "\n", encoding="utf-8")
    return table


def shown_alone(folder: Any, **given: Any) -> Shown:
    """Instead of `finishing.write_pictures`: a report without pictures."""
    write_pixels(folder)
    return Shown([], given["watched"], [Text("what the task tells", title="The task")])


def test_both_scores_in_the_report(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "write_pictures", shown_alone)
    table = screen(Path("screen"))
    typed = terminal.type("train", table, *WORDS, "--also-split", "random", "--out", "run")
    assert typed.code == 0 and "accuracy on groups never seen 0." in typed.out, typed
    own, twin = (json.loads(Path(place, "metrics.json").read_text()) for place in ("run", "run/random-split"))
    assert twin["accuracy"] > own["accuracy"] + 0.2, (twin["accuracy"], own["accuracy"])
    assert own["at_random"]["gap"] == pytest.approx(twin["accuracy"] - own["accuracy"])
    assert own["at_random"]["headline"] == twin["headline"] and own["n"] == twin["n"]
    report = Path("run/report.html").read_text(encoding="utf-8")
    assert "By group, and at random" in report and "groups never seen" in report
    assert "A split at random would have promised" in report
    titles = [one["title"] for one in json.loads(Path("run/sections.json").read_text())["sections"]]
    assert titles == ["By group, and at random", "The task"]
    alone = terminal.type("train", table, *WORDS, "--out", "alone")
    assert alone.code == 0
    for name in ("history.csv", "model.safetensors"):  # the twin changes no bit of the run
        assert Path("alone", name).read_bytes() == Path("run", name).read_bytes()
    typed = terminal.type("train", table, *WORDS, "--parts", "random", "--out", "twin")
    assert Path("twin/history.csv").read_bytes() == Path("run/random-split/history.csv").read_bytes()
    assert "parts drawn at random from all images, groups unheeded" in typed.out
    assert terminal.type("evaluate", "run/random-split", "--json").code == 0
    resumed = terminal.type("train", "--resume", "run")
    assert resumed.code == 0 and json.loads(Path("run/metrics.json").read_text())["at_random"] == own["at_random"]
    terminal.refused(2, ["--also-split random compares with parts by group, but", "has no groups"],
                     "train", table, "--wells", "apart", "--also-split", "random", "--out", "refused")


def test_parts_at_random(tmp_path: Path) -> None:
    config = RunConfig(data=str(screen(tmp_path)), group="experiment")
    dataset = load_data(config)
    found = drawn_at_random(dataset, seed=3)
    assert {name: len(part) for name, part in found.parts.items()} == {
        name: len(part) for name, part in dataset.parts.items()}
    ids = np.concatenate([part.ids for part in found.parts.values()])
    assert sorted(ids.tolist()) == list(range(96)) and all(part.groups is None for part in found.parts.values())
    truth = open_dataset(str(tmp_path / "screen.csv")).part("train")
    for part in found.parts.values():  # pictures, labels and names went together
        np.testing.assert_array_equal(part.labels, truth.labels[part.ids])
        np.testing.assert_array_equal(part.images.take(np.arange(len(part))), truth.images.take(part.ids))
        assert list(part.names) == [truth.names[number] for number in part.ids]
    again, other = drawn_at_random(dataset, seed=3), drawn_at_random(dataset, seed=4)
    assert again.part("test").ids.tolist() == found.part("test").ids.tolist() != other.part("test").ids.tolist()


def test_the_gap_by_hand() -> None:
    """0.9 (0.8 to 0.95) - 0.6 (0.5 to 0.7): from 0.3 - hypot(0.1, 0.1) to 0.3 + hypot(0.05, 0.1)."""
    def told(value: float, low: float, high: float, better: str = "more") -> dict[str, object]:
        headline = {"name": "score", "value": value, "low": low, "high": high, "better": better, "unit": "share"}
        return {"headline": headline, "n": 100, "split": "test", "run": "r"}

    beside = random_beside(told(0.6, 0.5, 0.7), told(0.9, 0.8, 0.95), grouped=True)
    assert beside is not None and beside.record["gap"] == pytest.approx(0.3)
    assert beside.record["gap_interval"] == pytest.approx([0.3 - np.hypot(0.1, 0.1), 0.3 + np.hypot(0.05, 0.1)])
    assert "+30.00 points" in beside.line and "would have promised" in beside.section.faint
    turned = random_beside(told(0.6, 0.5, 0.7, "less"), told(0.5, 0.4, 0.6, "less"), grouped=False)
    assert turned is not None and turned.record["gap"] == pytest.approx(0.1) and "noise" in turned.section.faint
    assert turned.line.startswith("score on parts as they come 0.6000, at random 0.5000")
    assert random_beside(told(0.6, 0.5, 0.7), {**told(0, 0, 0), "headline": None}, grouped=True) is None
