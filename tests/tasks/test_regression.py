"""Numbers from end to end: trained, scored, asked, gone on from; on both engines; and what is refused."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.annotations import Numbers
from pellucid.data.opening import open_dataset
from pellucid.models import load_model
from pellucid.reports.rebuilding import rebuild_report
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv
from pellucid.tasks.registry import files_of_tasks
from tests.cli.terminal import Terminal
from tests.tasks.conftest import tilted

TRAIN = ["train", "tilted.npz", "--model", "conv_8,pool,FC_32", "--epochs", "12", "--lr", "0.01", "--no-checks"]
ENGINES = ["reference", *(["pytorch"] if find_spec("torch") else [])]


def record(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


@pytest.mark.drawn
@pytest.mark.parametrize("engine", ENGINES)
def test_an_angle_is_learnt_in_degrees(terminal: Terminal, engine: str) -> None:
    typed = terminal.type(*TRAIN, "--engine", engine, "--out", "run")
    assert typed.code == 0 and "a number each: y" in typed.out, typed
    metrics = record("run/metrics.json")
    assert metrics["task"] == "regression" and metrics["headline"]["name"] == "mae"
    assert metrics["mae"] < 6 < metrics["numbers"][0]["constant_mae"]  # degrees
    low, high = metrics["mae_interval"]
    assert low < metrics["mae"] < high and 0.8 < metrics["r2"] <= 1 and metrics["rmse"] > metrics["mae"]
    rows = read_csv("run/history.csv")
    best = min(rows, key=lambda row: float(row["val_mae"]))
    assert metrics["best_epoch"] == int(best["epoch"])
    x, angles = tilted(60, 1)
    answers = load_model("run/model.safetensors").predict(x)
    assert np.abs(answers[:, 0] - angles).mean() == pytest.approx(metrics["mae"], rel=1e-4)
    assert Path("run/scatter.png").stat().st_size > 10_000 and Path("run/mistakes.png").stat().st_size > 10_000
    page = Path("run/report.html").read_text(encoding="utf-8")
    for said in ("<small>mae</small>", "<dt>RMSE</dt>", "Predicted against true", "The largest errors",
                 "Lowest validation mae", "of a constant answer"):
        assert said in page, said
    assert page.count("<img") == 24 and "accuracy" not in page
    rebuild_report(RunFolder(Path("run")))
    assert Path("run/report.html").read_text(encoding="utf-8") == page
    first = json.loads(Path("run/predictions.jsonl").read_text(encoding="utf-8").split("\n")[0])
    assert first.keys() >= {"id", "path", "numbers"}


def test_what_was_trained_is_scored_and_asked(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "2", "--engine", "reference", "--out", "run")
    scored = json.loads(terminal.type("evaluate", "run", "--json").out)
    kept = record("run/metrics.json")
    assert {name: scored[name] for name in ("mae", "rmse", "r2", "n")} == {name: kept[name] for name in
                                                                         ("mae", "rmse", "r2", "n")}  # fmt: skip
    assert scored["headline"]["better"] == "less" and scored["task"] == "regression"
    assert "of a constant answer" in terminal.type("evaluate", "run").out
    x, _ = tilted(3, 5)
    for number, image in enumerate(x):
        Image.fromarray(image[..., 0]).save(f"{number}.png")
    typed = terminal.type("predict", "run", "0.png", "1.png", "2.png", "--json", "--csv", "said.csv")
    entries = json.loads(typed.out)["predictions"]
    answers = load_model("run/model.safetensors").predict(x)[:, 0]
    assert [entry["numbers"][0]["value"] for entry in entries] == pytest.approx(answers.tolist(), rel=1e-5)
    rows = read_csv("said.csv")
    assert [float(row["y"]) for row in rows] == pytest.approx(answers.tolist(), rel=1e-5)


def table_of(values: np.ndarray, header: str) -> None:
    """pictures/ and table.csv with a row a picture."""
    x, _ = tilted(len(values), 3)
    Path("pictures").mkdir()
    lines = [header]
    for number, image in enumerate(x):
        Image.fromarray(image[..., 0]).save(f"pictures/{number}.png")
        lines.append(f"pictures/{number}.png," + ",".join(map(str, values[number])))
    Path("table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_several_numbers_of_unlike_units_weigh_alike(terminal: Terminal) -> None:
    _, angles = tilted(120, 3)
    table_of(np.stack([angles, angles / 1000 + 7], 1), "path,angle (degrees),length [km]")
    words = ["train", "table.csv", "--model", "conv_8,pool,FC_32", "--epochs", "40", "--lr", "0.01", "--no-checks"]
    assert terminal.type(*words, "--engine", "reference", "--out", "run").code == 0
    first, second = record("run/metrics.json")["numbers"]
    assert (first["name"], first["unit"], second["unit"]) == ("angle", "degrees", "km")
    for number in (first, second):
        assert number["mae"]["value"] < 0.6 * number["constant_mae"], number
    assert "degrees" in terminal.type("predict", "run", "pictures/0.png").out


@pytest.mark.parametrize("loss", ["mae", "huber", "huber:0.5"])
def test_every_loss_learns(terminal: Terminal, loss: str) -> None:
    terminal.type(*TRAIN, "--loss", loss, "--engine", "reference", "--out", "run")
    assert record("run/metrics.json")["mae"] < 8 and record("run/config.json")["settings"]["loss"] == loss


def test_a_model_goes_on_and_changes_its_task(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "3", "--engine", "reference", "--out", "run")
    more = ["train", "tilted.npz", "--model", "run/model.safetensors", "--epochs", "1", "--no-checks"]
    assert terminal.type(*more, "--engine", "reference", "--out", "more").code == 0
    assert record("more/metrics.json")["mae"] < record("run/metrics.json")["mae"] + 3
    digits = ["train", "digits", "--resize", "12x12", "--limit", "200", "--epochs", "1", "--no-checks"]
    terminal.refused(2, ["trained for the task regression", "--new-head"], *digits, "--model", "run/model.safetensors")
    assert terminal.type(*digits, "--model", "run/model.safetensors", "--new-head", "--out", "classes").code == 0
    answers = load_model("classes/model.safetensors").predict(tilted(4, 1)[0])
    assert answers.shape == (4, 10) and np.allclose(answers.sum(axis=1), 1, atol=1e-5)
    back = ["train", "tilted.npz", "--model", "classes/model.safetensors", "--epochs", "1", "--no-checks"]
    terminal.refused(2, ["trained for the task classification", "--new-head"], *back)
    assert terminal.type(*back, "--new-head", "--out", "back").code == 0
    assert np.abs(load_model("back/model.safetensors").predict(tilted(60, 1)[0])).max() > 2  # degrees, no probabilities


@pytest.mark.drawn
def test_what_it_writes_is_told_beforehand_and_never_overwrites(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "1", "--engine", "reference", "--out", "run")
    assert {path.name for path in Path("run").glob("*.png")} == {"curves.png", "scatter.png", "mistakes.png"}
    assert {"scatter.png", "mistakes.png"} <= set(files_of_tasks())
    for name in ("scatter.png", "confusion.png"):  # the data have not said yet which of them there will be
        Path(f"mine-{name}").mkdir()
        Path(f"mine-{name}", name).write_text("mine")
        terminal.refused(1, [f"{name} exists, and a run would overwrite it"], *TRAIN, "--out", f"mine-{name}")


def test_features_keep_the_numbers(terminal: Terminal) -> None:
    pixels, angles = tilted(150, 5)
    Path("pictures").mkdir()
    rows = ["path,angle (degrees),age [years]"]
    for number, (picture, angle) in enumerate(zip(pixels, angles, strict=True)):
        Image.fromarray(picture[..., 0]).save(f"pictures/{number}.png")
        rows.append(f"pictures/{number}.png,{angle:.3f},{number % 7}")
    Path("table.csv").write_text("\n".join(rows), encoding="utf-8")
    words = ["--epochs", "2", "--engine", "reference", "--no-checks"]
    terminal.type("train", "table.csv", "--model", "conv_4,pool,FC_8", *words, "--out", "run")
    told = json.loads(terminal.type("features", "run", "--out", "f.h5", "--json").out)
    assert told["shape"] == [8] and [one["unit"] for one in told["numbers"]] == ["degrees", "years"]
    terminal.type("features", "run", "table.csv", "--out", "g.h5")
    found = [part.annotations for part in open_dataset("g.h5").parts.values()]
    kept = [one for one in found if isinstance(one, Numbers)]
    assert [(one.names, one.units) for one in kept] == [(("angle", "age"), ("degrees", "years"))] * 3
    values = np.concatenate([one.values for one in kept])
    np.testing.assert_allclose(np.sort(values[:, 0]), np.sort(angles), atol=5e-4)
    assert sorted(values[:, 1].tolist()) == sorted(number % 7 for number in range(150))
    assert terminal.type("train", "f.h5", "--model", "FC_8", *words, "--out", "head").code == 0
    assert record("head/config.json")["settings"]["task"] == "regression"
    assert [one["name"] for one in record("head/metrics.json")["numbers"]] == ["angle", "age"]
    one = ["--label", "age", *words]  # whole numbers, which nobody would take for numbers
    terminal.type("train", "table.csv", "--task", "regression", "--model", "FC_4", *one, "--out", "ages")
    terminal.type("features", "ages", "--out", "ages.h5")
    assert "age (years)" in terminal.type("data", "info", "ages.h5").out


@pytest.mark.drawn
def test_a_report_is_written_anew_without_the_data(terminal: Terminal) -> None:
    terminal.type(*TRAIN, "--epochs", "1", "--engine", "reference", "--out", "run")
    report = Path("run/report.html")
    before = report.read_bytes()
    report.unlink()
    Path("tilted.npz").rename("elsewhere.npz")
    assert terminal.type("runs", "run", "--report").out == "report run/report.html\n" and report.read_bytes() == before
    assert json.loads(terminal.type("runs", "run", "--report", "--json").out) == {"report": "run/report.html"}
    terminal.refused(1, ["is not a run folder"], "runs", ".", "--report")


@pytest.mark.parametrize("part", ["train", "test"])
def test_numbers_that_32_bits_cannot_add_up_are_refused(terminal: Terminal, part: str) -> None:
    arrays = dict(np.load("tilted.npz"))
    arrays[f"y_{part}"][3] = -1e308
    np.savez("gigantic.npz", **arrays)
    terminal.refused(1, ["'y' reaches 1e+308", "up to 1e+30"], "train", "gigantic.npz", "--epochs", "1")


def test_a_word_is_refused_by_the_task_at_hand_alone(terminal: Terminal) -> None:
    for data, own, other in (("tilted.npz", "mse, mae, or huber", "focal"), ("digits", "crossentropy", "huber")):
        told = terminal.refused(2, ["--loss", own], "train", data, "--epochs", "1", "--loss", "mee")
        assert other not in told and "task" not in told


def test_what_cannot_be_meant_is_refused(terminal: Terminal) -> None:
    train = ["train", "tilted.npz", "--epochs", "1", "--no-checks"]
    terminal.refused(2, ["--class-weight is a setting of the task classification", "--task"], *train,
                     "--class-weight", "balanced")  # fmt: skip
    terminal.refused(2, ["--loss", "mse, mae, or huber"], *train, "--task", "regression", "--loss", "focal")
    terminal.refused(2, ["no task 'poses'", "classification, regression"], *train, "--task", "poses")
    terminal.refused(1, ["whole numbers"], *train, "--task", "classification")
    terminal.refused(1, ["numbers are wanted"], "train", "digits", "--task", "regression", "--no-checks")
    terminal.type(*TRAIN, "--epochs", "1", "--engine", "reference", "--out", "run")
    terminal.refused(2, ["--metrics means nothing"], "evaluate", "run", "--metrics", "accuracy")
    terminal.refused(1, ["numbers are wanted"], "evaluate", "run", "digits")
    model = load_model("run/model.safetensors")
    assert model.task is not None
    for changed, said in (({"scale": [0.0]}, "is damaged"), ({"names": []}, "is damaged"),
                          ({"units": ["a", "b"]}, "is damaged")):  # fmt: skip
        model.task = {**model.task, "record": {**load_model("run/model.safetensors").task["record"], **changed}}  # type: ignore[index]
        model.save("spoiled.safetensors")
        terminal.refused(1, [said], "evaluate", "spoiled.safetensors", "tilted.npz")
    model.task = {"name": "regression", "format": 9, "record": {}}
    model.save("newer.safetensors")
    terminal.refused(1, ["format 9", "newer"], "evaluate", "newer.safetensors", "tilted.npz")
    model.task = {"name": "poses", "format": 1, "record": {}}
    model.save("foreign.safetensors")
    terminal.refused(2, ["no task 'poses'"], "evaluate", "foreign.safetensors", "tilted.npz")
