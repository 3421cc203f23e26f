"""Named channels from their files to training, augmentation, pictures, prediction and the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid import load_model
from pellucid.data import open_dataset
from tests.cells.conftest import PATTERN
from tests.cli.terminal import Terminal

TRAIN = ("--channels", PATTERN, "--epochs", "8", "--lr", "0.01", "--model", "FC_8", "--preprocess", "standardize",
         "--batch-size", "4", "--engine", "reference", "--out", "run", "--json")  # fmt: skip


def test_a_pattern_trains_evaluates_predicts_and_exports(terminal: Terminal, plate: Path) -> None:
    changes = "flip,rotate=10,brightness=0.1,contrast=0.1,saturation=0.1,blur=0.5,erase=0.2,pca=0.1"
    trained = terminal.type("train", plate, *TRAIN, "--augment", changes)
    assert trained.code == 0, trained.err
    model = load_model("run/model.safetensors")
    record = model.input_record or {}
    assert record["channel_names"] == ["nuclei", "er", "actin"] and record["dtype"] == "uint16"
    assert record["stack"] == PATTERN
    scored = json.loads(terminal.type("evaluate", "run", plate, "--json").out)
    assert scored["accuracy"] == 1.0 and scored["n"] > 0
    files = sorted((plate / "high").glob("*_w[13].tif"))[:4]                      # others are found beside them
    told = json.loads(terminal.type("predict", "run", *files, "--json").out)["predictions"]
    assert [one["image"] for one in told] == sorted({str(file).replace("_w1", "").replace("_w3", "") for file in files})
    assert all(one["classes"][0]["class"] == "high" for one in told)
    whole = json.loads(terminal.type("predict", "run", plate, "--json").out)["predictions"]
    assert len(whole) == 40
    assert sum(one["classes"][0]["class"] == Path(one["image"]).parent.name for one in whole) == 40
    (plate / "high" / "f1_w2.tif").unlink()
    lacking = terminal.type("predict", "run", plate / "high" / "f1_w1.tif")
    assert lacking.code == 1 and "the channels nuclei, er, actin are wanted, but these are gray" in lacking.err
    report = Path("run/report.html").read_text(encoding="utf-8")
    assert "nuclei blue, er green, actin red" in report


def test_a_store_keeps_names_and_pattern(terminal: Terminal, plate: Path) -> None:
    assert terminal.type("data", "convert", plate, "--channels", PATTERN, "--to", "hdf5", "--out", "plate.h5").code == 0
    stored = open_dataset("plate.h5")
    assert stored.channel_names == ("nuclei", "er", "actin") and stored.reading["stack"] == PATTERN
    assert open_dataset("plate.h5", channels="actin,nuclei").image_shape == (17, 16, 2)
    first, plain = (one.part("train").images.take(np.array([5])) for one in (
        stored, open_dataset(str(plate), channels=PATTERN)))  # fmt: skip
    assert np.array_equal(first, plain)


def test_sixteen_bits_are_not_taken_for_eight(terminal: Terminal, plate: Path) -> None:
    """A file of 8 bits among files of 16, a set of 8 bits for a model of 16, and a model of other channels."""
    assert terminal.type("train", plate, *TRAIN).code == 0
    shutil.copytree(plate, "other")
    for file in Path("other").rglob("*.tif"):
        Image.fromarray((np.array(Image.open(file)) // 16).astype(np.uint8)).save(file)
    shutil.copy("other/high/f1_w2.tif", plate / "high" / "f1_w2.tif")
    terminal.refused(1, ["f1_w2.tif: the channel is uint8, but that in", "uint16"],
                     "train", plate, *TRAIN[:2], "--out", "again")  # fmt: skip
    assert "40 of 40 pictures are unlike" in terminal.type("evaluate", "run", "other").err
    np.savez("gray.npz", x_test=np.zeros((4, 17, 16), np.uint16), y_test=[0, 1, 0, 1])
    terminal.refused(1, ["17 x 16 x 3 (height x width x channels)"], "evaluate", "run", "gray.npz")


@pytest.mark.parametrize("kind", ["hsv", "ycbcr"])
def test_another_kind_of_colour_is_kept_by_the_model(terminal: Terminal, kind: str) -> None:
    random = np.random.default_rng(1)
    for place in range(16):
        file = Path("photos") / "ab"[place % 2] / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 90, (9, 8, 3)) + 120 * (place % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(file)
    trained = terminal.type("train", "photos", "--channels", kind, *TRAIN[2:])
    assert trained.code == 0, trained.err
    told = json.loads(terminal.type("predict", "run", "photos", "--json").out)["predictions"]
    assert sum(one["classes"][0]["class"] == Path(one["image"]).parent.name for one in told) >= 15
    picture = np.array(Image.open("photos/a/0.png"))
    model = load_model("run/model.safetensors")
    expected = np.array([one["probability"] for one in sorted(told[0]["classes"], key=lambda one: one["class"])])
    assert np.abs(model.predict(model.prepare(picture[None]))[0] - expected).max() < 1e-6
