"""RxRx1 on the command line: the real wells train and are asked about, drawn, counted; with their bad inputs."""

from __future__ import annotations

import json
import re
import shlex
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.reports.views import CHAPTER, choose_colours
from tests.cli.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r"^\$ (pellucid .*?)(?: +#.*)?$", re.MULTILINE)


@pytest.fixture
def screen(shared_data: Path) -> Path:
    return shared_data / "rxrx1"


def test_labels_of_another_release_are_told(terminal: Terminal, tmp_path: Path) -> None:
    """A model learns the names of one release; asked about a well of another one's tables it says so."""
    rows = {"old": "", "new": ""}
    for name, first, second in (("old", "979", "12"), ("new", "sirna_1018", "sirna_5")):
        rows[name] = "id_code,experiment,plate,well,sirna\n"
        for number in range(1, 9):
            for well, label in (("B03", first), ("B04", second)):
                rows[name] += f"U2OS-0{number}_2_{well},U2OS-0{number},2,{well},{label}\n"
                for channel in range(1, 7):
                    file = tmp_path / name / f"U2OS-0{number}" / "Plate2" / f"{well}_s1_w{channel}.png"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(np.full((8, 8), 20 * channel + 90 * (well == "B04"), np.uint8)).save(file)
        (tmp_path / name / "train.csv").write_text(rows[name])
    assert terminal.type("train", "old", "--epochs", "2", "--model", "FC_8", "--engine", "reference", "--out", "run",
                         "--no-checks").code == 0  # fmt: skip
    same = terminal.type("predict", "run", "--well", "U2OS-01_2_B03")
    assert same.code == 0 and "true 979" in same.out and not same.err
    other = terminal.type("predict", "run", "--well", "U2OS-01_2_B03", "--data", "new")
    assert "true sirna_1018" in other.out
    assert "the model has no class sirna_1018" in other.err and "of another release" in other.err
    terminal.refused(1, ["sirna_1018"], "evaluate", "run", "new")


@pytest.mark.drawn
def test_a_well_is_drawn_channel_by_channel_and_in_one(terminal: Terminal, screen: Path) -> None:
    drawn = terminal.type("data", "show", screen, "U2OS-01_2_B02", "--site", "1", "--channels", "nuclei,er,actin",
                          "--composite", "--out", "a.png")  # fmt: skip
    assert drawn.code == 0 and "a.png: U2OS-01_2_B02_1: nuclei, er, actin (sirna 1138" in drawn.out, drawn.err
    blue = np.array(Image.open("a.png").convert("RGB")).astype(int)
    assert (blue[..., 2] - blue[..., 0]).max() > 150                      # nuclei in their own colour
    terminal.refused(1, ["lacks mitochondria, golgi", "--channels nuclei,er,actin,nucleoli"],
                     "data", "show", screen, "U2OS-01_2_B02", "--site", "2")  # fmt: skip
    terminal.refused(2, ["--colours must be own, gray, chapter or NAME=COLOUR"],
                     "data", "show", screen, "U2OS-01_2_B02", "--colours", "nuclei=plaid")  # fmt: skip
    terminal.refused(2, ["--site, --composite and --colours are of one"], "data", "show", "digits", "--composite")


def test_colours_of_channels() -> None:
    maps, own = choose_colours(("nuclei", "er"), "nuclei=orange,er=viridis")
    assert own[0] == (255, 165, 0) and maps[1].name == "viridis" and np.allclose(maps[0](1.0)[:3], (1, 165 / 255, 0))
    six = [chosen.name for chosen in choose_colours(tuple("abcdef"), "chapter")[0]]
    assert six == list(CHAPTER) == ["Blues", "Greens", "hot", "viridis", "gist_heat", "pink"]


@pytest.mark.drawn
def test_tables_are_counted_and_drawn(terminal: Terminal, tmp_path: Path) -> None:
    """Of the whole tables the counts are held by tests/data_readers/test_rxrx1.py."""
    Path("small").mkdir()
    Path("small/train.csv").write_text("id_code,experiment,plate,well,sirna\nU2OS-01_2_B03,U2OS-01,2,B03,979\n")
    Path("small/test.csv").write_text("id_code,experiment,plate,well\nRPE-08_1_C04,RPE-08,1,C04\n")
    Path("listing.txt").write_text("images/train/U2OS-01/Plate2/B03_s1_w1.png\n")
    small = ("data", "info", "small", "--tables")
    read = terminal.type(*small, "--listing", "listing.txt", "--out", "drawn")
    assert read.code == 0 and "29,567 of 29,568 channel images are missing" in read.out, read
    told = json.loads(terminal.type(*small, "--json").out)
    assert told["parts"] == {"train": 1, "test": 1} and told["images"]["missing"] == 2 * 4 * 308 * 2 * 6
    for name in ("plate", "cells", "labels"):
        pixels = np.array(Image.open(f"drawn/{name}.png").convert("RGB")).reshape(-1, 3)
        assert len(np.unique(pixels, axis=0)) > 20
    terminal.refused(2, ["--plate must be one of 2 plates such as RPE-08_1"], *small, "--plate", "X", "--out", "again")
    terminal.refused(2, ["there are no tables of RxRx1 here"], "data", "info", "drawn", "--tables")
    terminal.refused(2, ["--listing, --plate and --out go with"], "data", "info", "small", "--plate", "X")


def test_every_command_of_the_page_runs_on_the_real_wells(terminal: Terminal, screen: Path, shared_data: Path) -> None:
    """And a model learnt so is asked about wells by their names."""
    Path("rxrx1").symlink_to(screen)
    with tarfile.open(shared_data / "cell-files" / "cell-files.tar.gz") as archive:
        archive.extractall(filter="data")
    Path("ExampleHuman").symlink_to(Path("cell-files/ExampleHuman").resolve())
    commands = COMMAND.findall((ROOT / "docs" / "cells.md").read_text(encoding="utf-8"))
    for command in commands:
        words = shlex.split(command)[1:]
        few = ("--epochs", "1", "--no-checks", "--engine", "reference") if words[0] == "train" else ()
        typed = terminal.type(*words, *few)
        assert typed.code == 0, (command, typed.err)
    assert len(commands) >= 8 and Path("views.png").exists() and Path("figures/plate.png").exists()
    asked = json.loads(terminal.type("predict", "run", "--well", "U2OS-01_2_B02", "--json").out)["predictions"]
    assert [one["image"] for one in asked] == ["U2OS-01_2_B02_1"] and asked[0]["true"] == "U2OS"
    assert {one["class"] for one in asked[0]["classes"]} == {"HEPG2", "HUVEC", "RPE", "U2OS"}
    read = terminal.type("predict", "run", "--well", "U2OS-01_2_B02", "--well", "RPE-01_3_B02_1", "--data", screen).out
    assert "U2OS-01_2_B02_1  true U2OS" in read and "RPE-01_3_B02_1  true RPE" in read
    terminal.refused(1, ["site 2 of the well U2OS-01_2_B02 lacks mitochondria, golgi"],
                     "predict", "run", "--well", "U2OS-01_2_B02_2")  # fmt: skip
    terminal.refused(2, ["of the well U2OS-01_2_B12 there is no image"], "predict", "run", "--well", "U2OS-01_2_B12")
    terminal.refused(2, ["name pictures, or wells with --well"], "predict", "run")
    terminal.refused(2, ["--data FOLDER"], "predict", "run/model.safetensors", "--well", "U2OS-01_2_B02")
