"""A run never lies among its data, nor they in it, by whatever name they are reached."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.runs import finishing
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["--model", "FC_4", "--epochs", "1", "--batch-size", "8", "--no-checks", "--engine", "reference"]


@pytest.fixture
def pictures(terminal: Terminal) -> Path:
    for name in ("cat", "dog"):
        Path("data", name).mkdir(parents=True)
        for number in range(12):
            Image.fromarray(np.full((8, 8), 9 * number, np.uint8)).save(f"data/{name}/{number}.png")
    os.symlink("data", "link")
    os.symlink("data/cat", "inner")
    return Path("data")


@pytest.mark.parametrize(("out", "words"), [
    ("data", "is the data itself"),
    ("link", "is the data itself"),
    ("data/run", "lies in the data folder"),
    ("data/cat/deep/run", "lies in the data folder"),
    ("link/run", "lies in the data folder"),
    ("inner/run", "lies in the data folder"),
    ("../{here}/data/x", "lies in the data folder"),
    (".", "holds the data folder"),
])  # fmt: skip
@pytest.mark.parametrize("command", ["train", "search"])
def test_out_and_data_are_apart(terminal: Terminal, pictures: Path, command: str, out: str, words: str) -> None:
    before = sorted(str(path) for path in Path().rglob("*"))
    out = out.format(here=Path.cwd().name)
    terminal.refused(2, [command, words, "--out"], command, "data", *TRAIN[:2], "--out", out)
    terminal.refused(2, [command, words, "--out"], command, "link", *TRAIN[:2], "--out", out)
    assert sorted(str(path) for path in Path().rglob("*")) == before


def test_the_default_folder_is_held_to_it_too(
    terminal: Terminal, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("data")
    terminal.refused(2, ["lies in the data folder", "--out"], "train", ".", *TRAIN)
    assert sorted(os.listdir()) == ["cat", "dog"]


def test_a_store_is_not_written_over_the_data(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.data.hdf5 import store_written

    write_npz(Path("data.npz"))
    monkeypatch.setattr(finishing, "write_pictures", lambda folder, **_: None)
    monkeypatch.setattr(finishing, "write_report", lambda folder, **_: None)
    assert terminal.type("train", "data.npz", *TRAIN, "--out", "run").code == 0
    with store_written(Path("set.h5"), {}, ("a", "b")) as store:
        store.write_part("train", np.arange(8) % 2, None, iter([np.zeros((8, 8, 8, 1), np.float32)]))
    before = Path("set.h5").read_bytes()
    terminal.refused(2, ["set.h5 is the data itself"], "features", "run", "set.h5", "--out", "set.h5",
                     "--engine", "reference")  # fmt: skip
    assert Path("set.h5").read_bytes() == before


def test_boxes_are_not_converted_into_their_data(terminal: Terminal, pictures: Path) -> None:
    for name in ("cat", "dog"):
        Path(f"data/{name}/0.txt").write_text("0 0.5 0.5 0.25 0.25\n")
    Path("data/data.yaml").write_text("names: [cat]\n")
    words = ("data", "convert", "data", "--to", "coco", "--out")
    for out in ("data", "link", "data/new"):
        terminal.refused(2, ["data convert", "the data"], *words, out)
    assert not Path("data/new").exists() and not Path("data-2").exists()
    assert terminal.type(*words, "new").out.startswith("new: ")
    assert terminal.type(*words, "new").out.startswith("new-2: ")
