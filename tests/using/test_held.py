"""A model's record is held against data of every kind; the part that was read is named right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.images import ArrayImages
from pellucid.models import load_model
from pellucid.using.held import extent_of
from tests.cli.terminal import Terminal, write_npz
from tests.using.conftest import CLASSES, save, strokes

WIDE = {"uint8": lambda x: x, "uint16": lambda x: x.astype(np.uint16) * 257, "0..1": lambda x: np.float32(x) / 255,
        "0..255": lambda x: np.float32(x), "float64": lambda x: x / 255}  # fmt: skip


def write(name: str, x: np.ndarray, **more: np.ndarray) -> None:
    np.savez(name, x_test=x, y_test=np.arange(len(x)) % 2, class_names=np.array(CLASSES), **more)


@pytest.mark.parametrize("depth", WIDE)
def test_data_of_any_depth_score_alike(terminal: Terminal, model: Path, depth: str) -> None:
    write("data.npz", WIDE[depth](strokes(20, seed=2)))
    typed = terminal.type("evaluate", "model.safetensors", "data.npz", "--json")
    found = json.loads(typed.out)
    assert (found["accuracy"], found["split"], found["part"], typed.err) == (1.0, "test", "test", "")
    write("same.npz", strokes(20, seed=2))
    assert found["loss"] == json.loads(terminal.type("evaluate", "model.safetensors", "same.npz", "--json").out)["loss"]


@pytest.mark.parametrize(("x", "parts"), [
    (np.float32(strokes(20)) / 127.5 - 1, ["floats from -1", "8-bit pictures (0 to 255)"]),
    (np.float32(strokes(20)) * 3, ["8-bit pictures"]),
    (np.repeat(strokes(20)[..., None], 4, axis=-1), ["4"]),
])  # fmt: skip
def test_data_that_cannot_be_brought(terminal: Terminal, model: Path, x: np.ndarray, parts: list[str]) -> None:
    write("data.npz", x)
    terminal.refused(1, parts, "evaluate", "model.safetensors", "data.npz")
    terminal.refused(1, parts, "features", "model.safetensors", "data.npz", "--out", "f.h5", "--layer", "dense")


def test_channels_of_other_names(terminal: Terminal, model: Path) -> None:
    net = load_model(model)
    net.input_record = {**net.input_record, "channel_names": ["infrared"]}
    net.save(model)
    write("data.npz", strokes(20))
    terminal.refused(1, ["channels", "infrared", "gray"], "evaluate", "model.safetensors", "data.npz")


def test_names_that_differ_and_orders_that_do(terminal: Terminal, model: Path) -> None:
    x, y = strokes(20), np.arange(20) % 2
    np.savez("turned.npz", x_test=x, y_test=1 - y, class_names=np.array(CLASSES[::-1]))
    assert json.loads(terminal.type("evaluate", "model.safetensors", "turned.npz", "--json").out)["accuracy"] == 1.0
    np.savez("other.npz", x_test=x, y_test=y, class_names=np.array(["left", "down"]))
    terminal.refused(1, ["'down'", "'left', 'right'"], "evaluate", "model.safetensors", "other.npz")


def test_a_model_of_before_knows_only_its_dtype(terminal: Terminal, model: Path) -> None:
    net = load_model(model)
    for name in ("statistics", "range"):
        del net.input_record[name]
    net.save(model)
    write("data.npz", strokes(20, seed=2).astype(np.uint16) * 257)
    typed = terminal.type("evaluate", "model.safetensors", "data.npz", "--json")
    assert json.loads(typed.out)["accuracy"] == 1.0 and typed.err == ""
    write("data.npz", 255 - strokes(20, seed=2))
    assert terminal.type("evaluate", "model.safetensors", "data.npz").err == ""


def test_the_part_is_named(terminal: Terminal, model: Path) -> None:
    for number, pixels in enumerate(strokes(12)):
        save(f"all/{CLASSES[number % 2]}/{number}.png", pixels)
        save(f"parts/{'train' if number < 8 else 'val'}/{CLASSES[number % 2]}/{number}.png", pixels)
    Path("all/list.csv").write_text(
        "path,label\n" + "".join(f"{CLASSES[n % 2]}/{n}.png,{CLASSES[n % 2]}\n" for n in range(12))
    )
    for words, part, split, n in (
        (["all"], "all images of all", "all", 12), (["parts"], "validation", "validation", 4),
        (["parts", "--split", "train"], "train", "train", 8), (["all/list.csv"], "all images of list", "all", 12),
        (["all", "--split", "train"], "all images of all", "all", 12),
    ):  # fmt: skip
        found = json.loads(terminal.type("evaluate", "model.safetensors", *words, "--json").out)
        assert (found["part"], found["split"], found["n"]) == (part, split, n)
    assert terminal.type("evaluate", "model.safetensors", "all").out.startswith("all images of all: accuracy 1.0000 (")
    terminal.refused(2, ["not divided", "--split"], "evaluate", "model.safetensors", "all", "--split", "test")


def test_answers_that_are_not_finite_are_no_score(terminal: Terminal, model: Path) -> None:
    net = load_model(model)
    net.set_weights([np.full((64, 2), 3e38, np.float32), np.full(2, 3e38, np.float32)])
    net.save("broken.safetensors")
    write("data.npz", strokes(20))
    terminal.refused(1, ["finite"], "evaluate", "broken.safetensors", "data.npz")


def test_a_run_keeps_what_its_pictures_looked_like(terminal: Terminal) -> None:
    """A run's own data, by whatever path, are divided as then; nothing is told of them."""
    write_npz(Path("data.npz"))
    words = ["train", "data.npz", "--model", "FC_4", "--epochs", "1", "--no-checks", "--engine", "reference"]
    assert terminal.type(*words, "--out", "run").code == 0
    record = load_model("run/model.safetensors").input_record
    assert record["range"][1] > 200 and record["statistics"]["n"] == 22  # 24, two of them held for validation
    Path("deep").mkdir()
    for data in ([], ["data.npz"], ["./data.npz"], [str(Path("data.npz").resolve())]):
        found = json.loads(terminal.type("evaluate", "run", *data, "--json").out)
        assert (found["part"], found["n"], found["warnings"]) == ("test", 12, [])
    assert terminal.type("diagnose", "run", "--no-images").code == 0


def test_large_pictures_are_held_against_a_model_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 of 600 x 600 x 3, which is 43 MB as bytes, and four times that as the numbers that describe them."""
    images, taken = ArrayImages(np.broadcast_to(np.float32(0.5), (40, 600, 600, 3))), []
    take = ArrayImages.take
    monkeypatch.setattr(ArrayImages, "take", lambda self, rows: taken.append(len(rows)) or take(self, rows))
    assert extent_of([images], np.dtype(np.float32)).low == 0.5
    assert sum(taken) == 40 and max(taken) <= 4
