"""A box at prediction: the object is seen as in training, and its points come back in pixels of the picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid import Model
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.errors import ArgumentError, DataError
from pellucid.tasks.keypoints.settings import Settings
from pellucid.tasks.keypoints.task import TASK
from tests.cli.terminal import Terminal
from tests.tasks.keypoints.conftest import NAMES, kites, write_kites

SIDE = 32


def boxed_kites(folder: Path) -> Dataset:
    """Six pictures with a box each that reaches beyond some of them, and their network, not trained, as a file."""
    write_kites(folder, {"train": 6})
    _, xy = kites(6, 0)
    lines = ["image," + ",".join(f"{name}_{axis}" for name in NAMES for axis in "xy") + ",xmin,ymin,xmax,ymax"]
    for number, own in enumerate(xy):
        low, high = own.min(axis=0) - 3.3, own.max(axis=0) + 2
        lines.append(",".join([f"train/{number}.png", *(f"{value - 0.5:.3f}" for value in own.ravel()),
                               *(f"{value:.2f}" for value in (*low, *high))]))
    (folder / "points.csv").write_text("\n".join(lines) + "\n")
    return open_dataset(str(folder), resize=(SIDE, SIDE))


@pytest.fixture
def trained(terminal: Terminal) -> tuple[Model, Dataset, np.ndarray]:
    """A model file, its data, and where it finds the points of the data as evaluate reads them."""
    dataset = boxed_kites(Path("boxed"))
    problem = TASK.settled(TASK.problem(dataset), Settings(), "heatmap-small", dataset)
    model, _ = problem.network("heatmap-small", Settings(), (SIDE, SIDE, 3)) or pytest.fail("there is no network")
    model.task = {"name": TASK.name, "format": TASK.format, "record": problem.record()}
    model.input_record = {"height": SIDE, "width": SIDE, "channels": 3, "dtype": "uint8", **dataset.reading}
    model.compile("sgd", "mse", engine="pytorch")
    model.save("boxed.safetensors")
    part = dataset.part("train")
    outputs = model.predict(part.images.take(np.arange(6)).astype(np.float32) / 255)
    return model, dataset, problem.evaluation(outputs, part, split="train", loss=0.0).found


def test_what_predict_finds_in_a_box_is_what_evaluate_finds(
    terminal: Terminal, trained: tuple[Model, Dataset, np.ndarray]
) -> None:
    model, dataset, found = trained
    boxes = dataset.part("train").annotated(Points).boxes
    paths = [f"boxed/train/{number}.png" for number in range(6)]
    answers = model.keypoints(paths, boxes=boxes)
    assert np.allclose([[(one["x"], one["y"]) for one in each] for each in answers], found, atol=2e-3)
    typed = [word for box in boxes for word in ("--box", ",".join(f"{value:.2f}" for value in box))]
    said = json.loads(terminal.type("predict", "boxed.safetensors", *paths, *typed, "--json").out)["predictions"]
    assert [one["points"] for one in said] == answers
    assert said[2]["box"] == pytest.approx(boxes[2].tolist())
    pictures, _ = kites(6, 0)
    assert model.keypoints(list(pictures), boxes=boxes) == answers
    again = json.loads(terminal.type("predict", "boxed.safetensors", paths[3], *typed[2:8], "--json").out)
    assert [one["image"] for one in again["predictions"]] == [paths[3]] * 3
    assert again["predictions"][2]["points"] == answers[3]


def test_boxes_that_cannot_be_are_one_sentence(terminal: Terminal, trained: tuple[Model, Dataset, np.ndarray]) -> None:
    model, _, _ = trained
    predict = ["predict", "boxed.safetensors", "boxed/train/0.png"]
    terminal.refused(2, ["--box must be x0,y0,x1,y1 in pixels", "'3,4,2,9'"], *predict, "--box", "3,4,2,9")
    terminal.refused(2, ["--box must be x0,y0,x1,y1", "'1,2,3'"], *predict, "--box", "1,2,3")
    terminal.refused(2, ["must be typed 2 times"], *predict, "boxed/train/1.png", "--box", "1,2,30,40")
    terminal.refused(1, ["0.png: the box from 90,1 to 95,9 lies outside the picture of 48x40"], *predict, "--box",
                     "90,1,95,9")  # fmt: skip
    with pytest.raises(ArgumentError, match="boxes must be 1 rows x0, y0, x1, y1"):
        model.keypoints([np.zeros((9, 9, 3), np.uint8)], boxes=[(1, 2, 3)])
    with pytest.raises(DataError, match="picture 0: the box from 9,2 to 12,4 lies outside the picture of 9x9"):
        model.keypoints([np.zeros((9, 9, 3), np.uint8)], boxes=[(9, 2, 12, 4)])
    model.input_record = {**(model.input_record or {}), "crop": "none"}
    model.save("whole.safetensors")
    terminal.refused(2, ["this one learnt from whole pictures"], "predict", "whole.safetensors", "boxed/train/0.png",
                     "--box", "1,2,30,40")  # fmt: skip
    with pytest.raises(ArgumentError, match="boxes must be left out: the model learnt from whole pictures"):
        model.keypoints([np.zeros((9, 9, 3), np.uint8)], boxes=[(1, 2, 3, 4)])
