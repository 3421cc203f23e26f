"""RxRx1 on the command line: the real wells train and are asked about, drawn, counted; with their bad inputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.reports.views import CHAPTER, choose_colours
from tests.cli.terminal import Terminal


@pytest.fixture
def screen(shared_data: Path) -> Path:
    return shared_data / "rxrx1"


def test_the_real_wells_train_and_are_asked_about_by_name(terminal: Terminal, screen: Path) -> None:
    trained = terminal.type("train", screen, "--label", "cell_type", "--resize", "24x24", "--epochs", "2", "--model",
                            "FC_8", "--engine", "reference", "--out", "run", "--no-checks", "--json")  # fmt: skip
    assert trained.code == 0 and json.loads(trained.out)["n"] == 2, trained.err
    assert json.loads(terminal.type("evaluate", "run", "--json").out)["split"] == "test"
    asked = json.loads(terminal.type("predict", "run", "--well", "U2OS-01_2_B02", "--json").out)["predictions"]
    assert [one["image"] for one in asked] == ["U2OS-01_2_B02_1"] and asked[0]["true"] == "U2OS"
    assert {one["class"] for one in asked[0]["classes"]} == {"HEPG2", "HUVEC", "RPE", "U2OS"}
    read = terminal.type("predict", "run", "--well", "U2OS-01_2_B02", "--well", "RPE-01_3_B02_1", "--data", screen).out
    assert "U2OS-01_2_B02_1  true U2OS" in read and "RPE-01_3_B02_1  true RPE" in read
    terminal.refused(1, ["site 2 of the well U2OS-01_2_B02 lacks mitochondria, golgi"],
                     "predict", "run", "--well", "U2OS-01_2_B02_2")  # fmt: skip
    terminal.refused(2, ["of the well U2OS-01_2_B12 there is no image"], "predict", "run", "--well", "U2OS-01_2_B12")
    terminal.refused(2, ["there is no well U2OS-99_2_B12"], "predict", "run", "--well", "U2OS-99_2_B12")
    terminal.refused(2, ["name pictures, or wells with --well"], "predict", "run")
    terminal.refused(2, ["--data FOLDER"], "predict", "run/model.safetensors", "--well", "U2OS-01_2_B02")


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
    assert terminal.type("data", "show", screen, "U2OS-01_2_B02", "--colours", "chapter", "--out", "b.png").code == 0
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
