"""Core cases: kept, lost, unsure; beside the table or elsewhere; every broken table one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid import Sequential, load_model
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Scale
from pellucid.layers import Activation, Flatten, Input
from tests.cli.terminal import Terminal, write_npz

CLASSES = ["dark", "bright"]


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In a folder with a model that calls its left pixel dark or bright, and pictures below pictures/."""
    monkeypatch.chdir(tmp_path)
    model = Sequential([Input((1, 2, 1)), Flatten(), Activation("softmax")])
    model.class_names = CLASSES
    model.input_record = {"height": 1, "width": 2, "channels": 1, "channel_names": ["gray"], "dtype": "uint8"}
    model.preprocessing = Pipeline((Scale(255.0),))
    model.save("model.safetensors")
    Path("pictures").mkdir()
    for name, pixels in {"dark": (255, 0), "bright": (0, 255), "unsure": (130, 125)}.items():
        Image.fromarray(np.array([pixels], np.uint8)).save(f"pictures/{name}.png")
    return Terminal(capsys)


def write(*rows: str, header: str = "path,label") -> None:
    Path("pictures/cases.csv").write_text("\n".join([header, *rows]) + "\n")


CASES = ("evaluate", "model.safetensors", "--cases", "pictures/cases.csv")


def test_what_is_right_is_kept(terminal: Terminal) -> None:
    write("dark.png,dark", "bright.png,bright", "unsure.png,dark")
    typed = terminal.type(*CASES)
    assert (typed.code, typed.out, typed.err) == (0, "core cases: 3 of 3 kept\n", "")


def test_each_lost_case_is_named_with_what_was_predicted(terminal: Terminal) -> None:
    write("dark.png,bright,", "bright.png,bright,0.7", "unsure.png,dark,0.6", header="path,label,min_probability")
    typed = terminal.type(*CASES)
    # softmax of (1, 0): e / (e + 1) = 0.7311; of (130, 125) / 255: 1 / (1 + e^(-5/255)) = 0.5049
    assert typed.code == 1 and typed.out.splitlines() == [
        "lost  dark.png: wanted 'bright' (0.2689), but 'dark' (0.7311) was predicted",
        "lost  unsure.png: 'dark' as wanted, but with probability 0.5049, and 0.6 is the least",
        "core cases: 1 of 3 kept",
    ]
    typed = terminal.type(*CASES, "--json")
    found = json.loads(typed.out)
    assert typed.code == 1 and found.keys() == {"cases"}
    assert (found["cases"]["n"], found["cases"]["kept"]) == (3, 1)
    assert found["cases"]["lost"][1] == {
        "path": "unsure.png", "label": "dark", "predicted": "dark", "min_probability": 0.6,
        "probability": pytest.approx(0.5049, abs=1e-4), "label_probability": pytest.approx(0.5049, abs=1e-4),
    }  # fmt: skip


def test_a_table_written_elsewhere(terminal: Terminal) -> None:
    """Absolute paths, other words for the columns, a note, the mark some editors put first, Windows line ends."""
    place = Path("pictures/dark.png").resolve()
    text = f"\ufeffImage,Class,note\r\n{place},dark,the first complaint\r\nunsure.png,dark,\r\n"
    Path("pictures/cases.csv").write_bytes(text.encode())
    assert terminal.type(*CASES).out == "core cases: 2 of 2 kept\n"


def test_a_model_that_a_program_saved_without_preprocessing_is_given_numbers_from_0_to_1(terminal: Terminal) -> None:
    model = load_model("model.safetensors")
    model.preprocessing = None
    model.save("plain.safetensors")
    write("dark.png,dark")
    words = ("--cases", "pictures/cases.csv")
    assert terminal.type("evaluate", "plain.safetensors", *words).out == "core cases: 1 of 1 kept\n"
    said = [terminal.type("predict", name, "pictures/dark.png").out for name in ("plain.safetensors", CASES[1])]
    assert "dark 0.7311" in said[0] and said[0] == said[1]
    x = np.array([[[255, 0]], [[0, 255]]] * 6, np.uint8)[..., None]
    np.savez("data.npz", x_train=x, y_train=np.arange(12) % 2, x_test=x, y_test=np.arange(12) % 2,
             class_names=np.array(CLASSES))  # fmt: skip
    typed = terminal.type("evaluate", "plain.safetensors", "data.npz", "--json")
    assert json.loads(typed.out)["loss"] == pytest.approx(-np.log(0.7311), abs=1e-4)


def test_with_data_both_are_scored(terminal: Terminal) -> None:
    x = np.array([[[255, 0]], [[0, 255]]] * 6, np.uint8)[..., None]
    y = np.arange(12) % 2
    np.savez("data.npz", x_train=x, y_train=y, x_test=x, y_test=y, class_names=np.array(CLASSES))
    write("dark.png,bright")
    typed = terminal.type(*CASES[:2], "data.npz", *CASES[2:], "--json")
    found = json.loads(typed.out)
    assert typed.code == 1 and found["cases"]["kept"] == 0 and found["n"] == 12, typed
    typed = terminal.type(*CASES[:2], "data.npz", *CASES[2:])
    assert "test accuracy" in typed.out and typed.out.endswith("core cases: 0 of 1 kept\n")


def test_of_a_run_without_naming_its_data(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    assert terminal.type("train", "data.npz", "--model", "FC_8", "--epochs", "2", "--out", "run").code == 0
    Image.fromarray(np.zeros((7, 6, 3), np.uint8)).save("pictures/black.png")
    write("black.png,0")
    Path("data.npz").unlink()  # it is not needed
    typed = terminal.type("evaluate", "run", "--cases", "pictures/cases.csv")
    assert typed.code in (0, 1) and "of 1 kept" in typed.out


LEAST = "path,label,min_probability"


@pytest.mark.parametrize(("parts", "header", "rows"), [
    (["line 3", "no picture pictures/gone.png", "relative"], "path,label", ["dark.png,dark", "gone.png,dark"]),
    (["line 2", "label must be one of the model's classes (bright, dark)", "'red'"], "path,label", ["dark.png,red"]),
    (["line 2", "min_probability must be from 0 to 1", "'1.5'"], LEAST, ["dark.png,dark,1.5"]),
    (["min_probability", "'high'"], LEAST, ["dark.png,dark,high"]),
    (["min_probability", "'nan'"], LEAST, ["dark.png,dark,nan"]),
    (["the columns must be path and label", "path, label, min_prob"], "path,label,min_prob", ["dark.png,dark,0.5"]),
    (["the columns must be path and label", "it is path"], "path", ["dark.png"]),
    (["no rows"], "path,label", []),
    (["listed twice, on lines 2 and 3"], "path,label", ["dark.png,dark", "../pictures/dark.png,bright"]),
    (["line 2", "one of them is empty"], "path,label", ["dark.png,"]),
    (["line 2", "2 columns are wanted, but 3 came"], "path,label", ["dark.png,dark,0.5"]),
])  # fmt: skip
def test_a_broken_table_is_one_sentence(
    terminal: Terminal, parts: list[str], header: str, rows: list[str]
) -> None:
    write(*rows, header=header)
    terminal.refused(1, parts, *CASES)


def test_a_picture_that_cannot_be_read_is_one_case_lost(terminal: Terminal) -> None:
    write("dark.png,dark", "cases.csv,dark", "bright.png,bright")
    typed = terminal.type(*CASES)
    assert typed.code == 1 and typed.err == ""
    assert "lost  pictures/cases.csv: " in typed.out and "is not a picture" in typed.out
    assert typed.out.endswith("core cases: 2 of 3 kept\n")
    lost = json.loads(terminal.type(*CASES, "--json").out)["cases"]["lost"]
    assert len(lost) == 1 and "is not a picture" in lost[0]["error"]


def test_a_table_that_is_not_there_and_flags_that_mean_nothing(terminal: Terminal) -> None:
    terminal.refused(1, ["nothing.csv"], *CASES[:3], "nothing.csv")
    write("dark.png,dark")
    terminal.refused(2, ["--split says how DATA are scored"], *CASES, "--split", "test")
    terminal.refused(2, ["--max-latency says how DATA are scored"], *CASES, "--max-latency", "5")
