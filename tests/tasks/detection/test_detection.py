"""Boxes from end to end: trained on both engines, scored, asked, resumed, gone on from; and what is refused."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.boxes.column import Boxes
from pellucid.data.joining import with_validation_joined
from pellucid.data.opening import open_dataset
from pellucid.reports.rebuilding import rebuild_report
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv
from tests.cli.terminal import Terminal
from tests.tasks.detection.conftest import write_shapes

TRAIN = ["train", "shapes", "--model", "center-small", "--batch-size", "4", "--lr", "0.004", "--no-checks", "--augment",
         "flip", "--schedule", "cosine", "--patience", "0"]  # fmt: skip
ENGINES = ["reference", *(["pytorch"] if find_spec("torch") else [])]


def record(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


@pytest.mark.drawn
def test_shapes_are_found_and_told_in_pixels_of_the_pictures_as_given(terminal: Terminal) -> None:
    typed = terminal.type(*TRAIN, "--epochs", "16", "--engine", "pytorch" if find_spec("torch") else "reference",
                          "--out", "run")  # fmt: skip
    assert typed.code == 0 and "boxes of 2 classes" in typed.out, typed
    metrics = record("run/metrics.json")
    assert metrics["task"] == "detection"
    assert (metrics["headline"]["name"], metrics["headline"]["better"]) == ("AP50", "more")
    assert metrics["AP50"] > 0.6 and metrics["AP50"] >= metrics["AP75"] and 0 < metrics["operating"]["score"] < 1
    rows = read_csv("run/history.csv")
    best = max(rows, key=lambda row: (float(row["val_AP50"]), -float(row["val_loss"])))
    assert metrics["best_epoch"] == int(best["epoch"])
    assert {"class_loss", "box_loss", "val_class_loss"} <= rows[0].keys()
    scored = json.loads(terminal.type("evaluate", "run", "--json").out)
    assert {name: scored[name] for name in ("AP", "AP50", "AP75", "operating")} == {
        name: metrics[name] for name in ("AP", "AP50", "AP75", "operating")}  # fmt: skip
    said = terminal.type("evaluate", "run").out
    assert "false alarms" in said and "background (nothing is there)" in said
    page = Path("run/report.html").read_text(encoding="utf-8")
    for words in ("<small>AP50</small>", "Precision and recall", "What the mistakes are", "Class by class"):
        assert words in page, words
    assert Path("run/precision-recall.png").stat().st_size > 5_000
    rebuild_report(RunFolder(Path("run")))
    assert Path("run/report.html").read_text(encoding="utf-8") == page
    said = terminal.type("diagnose", "run").out
    assert "points of AP50" in said and "train to validation" in said and "--dropout" not in said
    page = Path("run/diagnosis.html").read_text(encoding="utf-8")
    for words in ("Diagnosis of run", "The error, split", "What the mistakes on dev are", "The worst pictures"):
        assert words in page, words
    assert Path("run/diagnosis-mistakes.png").exists() and Path("run/diagnosis-split.png").exists()
    assert {part["part"] for part in record("run/diagnosis.json")["parts"]} == {"train", "validation", "test"}
    with Image.open("shapes/test/0.png") as image:
        image.resize((240, 192), Image.Resampling.BICUBIC).save("larger.png")
    asked = ["predict", "run", "shapes/test/0.png", "larger.png"]
    typed = terminal.type(*asked, "--json", "--out", "drawn", "--csv", "said.csv")
    small, large = json.loads(typed.out)["predictions"]
    assert small["boxes"] and {"class", "score", "box"} == set(small["boxes"][0])
    sure = metrics["operating"]["score"] + 0.1  # what is just at the threshold may be told of one of the two alone
    for factor, told, among in ((3, small, large), (1 / 3, large, small)):
        clear = [box for box in told["boxes"] if box["score"] > sure]
        assert clear
        for one in clear:
            partners = [box["box"] for box in among["boxes"] if box["class"] == one["class"]]
            apart = np.abs(factor * np.array(one["box"]) - np.array(partners).reshape(-1, 4)).max(axis=1)
            assert apart.min() < 8 * max(1, factor) / 3, (one, among)
    with Image.open("drawn/larger.png") as image:
        assert image.size[0] >= 640 and len(record("drawn/predictions.json")) == 2
    assert int(read_csv("said.csv")[0]["objects"]) == len(small["boxes"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stopped_run_goes_on_to_the_same_bits(
    terminal: Terminal, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pellucid.runs.recording import Checkpoints

    words = [*TRAIN, "--limit", "12", "--epochs", "3", "--engine", engine, "--patience", "5", "--multi-scale", "0.25"]
    assert terminal.type(*words, "--out", "whole").code == 0

    class Stopped(Exception):
        """As a kill: nothing is written any more."""

    write = Checkpoints.write

    def stop(self: Checkpoints, progress: Any) -> None:
        write(self, progress)
        if progress.position.epoch == 1:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "write", stop)
        terminal.type(*words, "--out", "cut")
    assert not Path("cut/metrics.json").exists()
    assert terminal.type("train", "--resume", "cut").code == 0
    for name in ("model.safetensors", "history.csv"):
        assert Path("cut", name).read_bytes() == Path("whole", name).read_bytes(), name


def test_the_engines_agree_on_what_is_lost(terminal: Terminal) -> None:
    """The same first weights and batches: equal losses in float32, and equal answers of one model."""
    if len(ENGINES) < 2:
        pytest.skip("PyTorch is not installed")
    short = [*TRAIN, "--limit", "8", "--epochs", "1", "--multi-scale", "0.25"]
    for engine in ENGINES:
        terminal.type(*short, "--engine", engine, "--out", engine)
    first, second = (read_csv(f"{engine}/steps.csv")[0] for engine in ENGINES)
    for name in ("loss", "class_loss", "box_loss"):
        assert float(first[name]) == pytest.approx(float(second[name]), rel=1e-4), name
    score = ["evaluate", "pytorch", "--json", "--engine"]
    one, other = (json.loads(terminal.type(*score, engine).out) for engine in ENGINES)
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_a_sheet_shows_boxes_where_they_went(terminal: Terminal) -> None:
    for words in ("none", "mosaic=1"):
        typed = terminal.type("data", "show", "shapes", "--augment", words, "--rows", "2", "--epochs", "1")
        assert typed.code == 0, typed
        with Image.open("sheet.png") as sheet:
            columns = np.array_split(np.asarray(sheet), 1 if words == "none" else 2, axis=1)
        for column in columns:
            assert any((column == np.frombuffer(bytes.fromhex(colour), np.uint8)).all(-1).sum() > 50
                       for colour in ("0072b2", "c8501e")), words  # fmt: skip


def test_a_validation_part_is_learnt_from_where_nothing_is_chosen(terminal: Terminal) -> None:
    whole = open_dataset("shapes")
    train, validation = whole.part("train"), whole.part("validation")
    both = with_validation_joined(whole).part("train")
    assert (len(both), both.names[40:]) == (52, tuple(validation.names))
    last = both.annotated(Boxes).take(np.array([51]))
    assert np.array_equal(last.corners, validation.annotated(Boxes).take(np.array([11])).corners) and len(last.corners)
    taken = both.images.take(np.array([51, 0, 40]))
    assert np.array_equal(taken[[0, 2]], validation.images.take(np.array([11, 0])))
    assert np.array_equal(taken[1], train.images.take(np.array([0]))[0])
    run = ["train", "shapes", "--model", "center-small", "--no-checks", "--epochs", "1", "--out", "run"]
    typed = terminal.type(*run, "--join-validation")
    assert typed.code == 0 and "train 52, test 16" in typed.out + typed.err, typed
    assert "val_loss" not in read_csv("run/history.csv")[0] and record("run/metrics.json")["n"] == 16
    terminal.refused(2, ["--join-validation", "--val-fraction 0", "digits"], "train", "digits", "--join-validation")


@pytest.mark.soak
def test_four_pictures_are_learnt_to_the_last_object(terminal: Terminal, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write_shapes(tmp_path / "few", {"train": 4, "test": 4})
    typed = terminal.type("train", "few", "--engine", "pytorch", "--no-checks", "--val-fraction", "0", "--augment",
                          "none", "--batch-size", "4", "--lr", "0.003", "--epochs", "100", "--out", "run")  # fmt: skip
    assert typed.code == 0, typed
    assert json.loads(terminal.type("evaluate", "run", "--split", "train", "--json").out)["AP50"] == 1


@pytest.mark.parametrize(("flags", "said"), [
    (["--model", "lenet"], ["--model", "center", "boxes"]),
    (["--model", "lenet5", "--resize", "64x96"], ["--model", "lenet5", "none of 8"]),
    (["--backbone", "resnet", "--resize", "64x96"], ["--backbone", "resnet18"]),
    (["--backbone", "squeezenet", "--model", "pyramid", "--resize", "64x96"], ["none of 32"]),
    (["--backbone", "squeezenet", "--model", "localiser"], ["--backbone", "localiser", "center"]),
    (["--backbone", "squeezenet"], ["width", "multiple of 32", "--resize 64x96"]),
    (["--resize", "60x80"], ["height", "multiple of 16", "64"]),
    (["--nms", "1.5"], ["--nms"]),
    (["--multi-scale", "0.1"], ["--multi-scale", "64x80", "multiple of 16"]),
    (["--multi-scale", "0.25", "--model", "localiser"], ["--multi-scale", "localiser", "one size"]),
    (["--dropout", "0.2"], ["--dropout goes with networks in notation", "center"]),
    (["--activation", "elu"], ["--activation goes with networks in notation", "center"]),
    (["--anchors", "9"], ["--anchors goes with --model anchors", "center"]),
    (["--model", "detnet", "--backbone", "resnet18"], ["--backbone goes with --model", "not with detnet"]),
    (["--loss", "focal"], ["--loss is a setting of the task classification", "detection"]),
    (["--task", "classification"], ["boxes.csv", "listed twice"]),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(terminal: Terminal, flags: list[str], said: list[str]) -> None:
    terminal.refused(1 if "--task" in flags else 2, said, "train", "shapes", *flags)
