"""pellucid predict: folders, patterns and tables; each picture has its answer, or a sentence of its own."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.layers import Dense, Flatten, Input
from pellucid.models import Sequential, load_model
from pellucid.using.predicting import natural
from tests.cli.terminal import Terminal
from tests.using.conftest import save, strokes


@pytest.fixture
def folder(model: Path) -> Path:
    """new/: ten strokes, one of them deeper down; a text file, a hidden one."""
    for number, pixels in enumerate(strokes(10, seed=1)):
        save("new/deep/x3.png" if number == 3 else f"new/x{number}.png", pixels)
    Path("new/notes.txt").write_text("no picture")
    Path("new/.hidden.png").write_bytes(b"no picture")
    return Path("new")


def images(terminal: Terminal, *words: str) -> list[str]:
    typed = terminal.type("predict", "model.safetensors", *words, "--json")
    assert typed.code == 0, typed
    return [entry["image"] for entry in json.loads(typed.out)["predictions"]]


def test_a_folder_is_all_pictures_below_it(terminal: Terminal, folder: Path) -> None:
    save("new/x10.png", strokes(1)[0])
    wanted = ["new/deep/x3.png", *(f"new/x{number}.png" for number in (0, 1, 2, 4, 5, 6, 7, 8, 9, 10))]
    assert images(terminal, "new") == wanted and images(terminal, "new/") == wanted
    typed = terminal.type("predict", "model.safetensors", "new", "--top", "1")
    lines = typed.out.splitlines()
    assert typed.code == 0 and typed.err == "" and len(lines) == 11
    assert lines[1].split()[:2] == ["new/x0.png", "left"] and lines[2].split()[:2] == ["new/x1.png", "right"]


def test_patterns_that_the_shell_left_alone(terminal: Terminal, folder: Path) -> None:
    assert images(terminal, "new/x[0-2].png") == ["new/x0.png", "new/x1.png", "new/x2.png"]
    assert images(terminal, "new/**/x3.png") == ["new/deep/x3.png"]
    assert len(images(terminal, "new/*")) == 9  # neither the text nor the folder
    save("new/a[1].png", strokes(1)[0])  # a name that looks like a pattern is a name first
    assert images(terminal, "new/a[1].png") == ["new/a[1].png"]
    terminal.refused(2, ["new/*.jpg", "pattern"], "predict", "model.safetensors", "new/*.jpg")


def test_files_named_keep_their_order_and_are_answered_as_often_as_named(terminal: Terminal, folder: Path) -> None:
    named = ["new/x2.png", "new/x0.png", "new/x2.png"]
    assert images(terminal, *named) == named


def test_two_before_ten() -> None:
    in_order = ["a", "x1y2", "x1y10", "x09b", "x9", "x10"]
    assert sorted([in_order[place] for place in (5, 2, 0, 4, 1, 3)], key=natural) == in_order


def test_a_bad_picture_leaves_the_others_their_answers(terminal: Terminal, folder: Path) -> None:
    Path("new/x4.png").write_bytes(b"not a picture")
    save("new/x6.tif", np.full((8, 8), np.nan, np.float32))
    words = ("predict", "model.safetensors", "new/x5.png", "new/x4.png", "gone.png", "new/x6.tif", "new/x7.png")
    typed = terminal.type(*words, "--top", "1")
    assert typed.code == 1
    assert [line.split()[0] for line in typed.out.splitlines()] == ["new/x5.png", "new/x7.png"]
    faults = typed.err.splitlines()
    assert len(faults) == 3 and all(line.startswith("pellucid: ") for line in faults)
    assert "new/x4.png" in faults[0] and "gone.png" in faults[1] and "NaN" in faults[2]
    typed = terminal.type(*words, "--json", "--csv", "out.csv")
    entries = json.loads(typed.out)["predictions"]
    assert typed.code == 1 and ["error" in entry for entry in entries] == [False, True, True, True, False]
    assert all(("classes" in entry) != ("error" in entry) for entry in entries)
    with open("out.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [entry["image"] for entry in entries]
    assert rows[0]["class"] == "right" and rows[0]["error"] == "" and rows[1]["class"] == "" and rows[1]["error"]
    terminal.refused(1, ["gone.png"], "predict", "model.safetensors", "gone.png")


def test_a_table_of_answers(terminal: Terminal, folder: Path) -> None:
    typed = terminal.type("predict", "model.safetensors", "new", "--csv", "out.csv")
    assert typed.code == 0
    with open("out.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10 and list(rows[0]) == ["image", "class", "probability", "class_2", "probability_2"]
    assert float(rows[0]["probability"]) + float(rows[0]["probability_2"]) == pytest.approx(1)
    terminal.refused(2, ["--csv", ".csv"], "predict", "model.safetensors", "--csv", "new/x0.png", "new/x1.png")


def test_cells_that_a_spreadsheet_would_run_are_escaped(terminal: Terminal, model: Path) -> None:
    net = load_model(model)
    net.class_names = ["=1+1", "@right"]
    net.save(model)
    save("+plus.png", strokes(1)[0])
    assert terminal.type("predict", str(model), "+plus.png", "--csv", "out.csv").code == 0
    cells = Path("out.csv").read_text().splitlines()[1].split(",")
    assert [cell.lstrip('"')[0] for cell in (cells[0], cells[1], cells[3])] == ["'", "'", "'"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_numbers_that_are_not_finite_are_no_answer(terminal: Terminal, folder: Path, value: float) -> None:
    net = load_model("model.safetensors")
    net.set_weights([np.full((64, 2), value, np.float32), np.full(2, value, np.float32)])
    net.save("broken.safetensors")
    typed = terminal.type("predict", "broken.safetensors", "new/x0.png", "new/x1.png")
    assert typed.code == 1 and typed.out == "" and typed.err.count("\n") == 1, typed
    assert "finite" in typed.err or "NaN" in typed.err


def test_one_output_for_two_classes(terminal: Terminal, folder: Path) -> None:
    net = Sequential([Input((8, 8, 1)), Flatten(), Dense(1, activation="sigmoid")])
    kernel = np.ones((8, 8), np.float32)
    kernel[:, :4] = -1
    net.set_weights([kernel.reshape(64, 1), np.zeros(1, np.float32)])
    known = load_model("model.safetensors")
    net.class_names, net.preprocessing, net.input_record = known.class_names, known.preprocessing, known.input_record
    net.save("binary.safetensors")
    typed = terminal.type("predict", "binary.safetensors", "new/x0.png", "new/x1.png", "--json")
    first, second = (entry["classes"] for entry in json.loads(typed.out)["predictions"])
    assert [first[0]["class"], second[0]["class"]] == ["left", "right"]
    assert first[0]["probability"] + first[1]["probability"] == pytest.approx(1)


def test_a_run_that_is_not_there(terminal: Terminal, model: Path) -> None:
    Path("runs/first").mkdir(parents=True)
    Path("runs/first/config.json").write_text("{}")
    for command in (["predict", "runs/nope", "x.png"], ["evaluate", "runs/nope"], ["summary", "runs/nope"]):
        terminal.refused(1, ["runs/nope does not exist", "In runs there is: 'first'"], *command)
    terminal.refused(1, ["nope does not exist", "'first'"], "predict", "elsewhere/nope", "x.png")
    terminal.refused(2, ["runs is a folder of runs", "'first'"], "predict", "runs", "x.png")
    terminal.refused(2, ["no picture", "empty"], "predict", str(model), str(make("empty")))


def make(name: str) -> Path:
    Path(name).mkdir()
    return Path(name)
