"""Recipes as they are typed: the network and the changes that photos get, mirror images at a test, a contact sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.annotations import Classes
from pellucid.data.choosing import RGB
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import ArrayImages
from pellucid.keys import Key
from pellucid.runs import preparation
from pellucid.runs.config import RunConfig
from tests.cli.terminal import Terminal

RANDOM = np.random.default_rng(3)
QUICK = ("--epochs", "1", "--no-checks", "--engine", "reference")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of colour, 48 pixels, 20 pictures each."""
    monkeypatch.chdir(tmp_path)
    for name, colour in (("red", (170, 60, 40)), ("blue", (40, 60, 170))):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(20):
            pixels = np.clip(RANDOM.normal(colour, 40, (48, 48, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


def test_more_photos_than_the_recipe_was_measured_on_keep_the_network_in_words(
    terminal: Terminal, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "PHOTOS_TO", 10)
    typed = terminal.type("train", "photos", *QUICK, "--out", "run")
    assert typed.code == 0 and "augment shift=3, chosen for as many photos" in typed.out, typed
    settings = json.loads(Path("run/config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["model"], settings["lr"], settings["augment"]) == (None, None, "shift=3")
    asked = terminal.type("train", "photos", *QUICK, "--augment", "auto", "--out", "asked")
    assert "chosen for photos" in asked.out


def test_photos_get_their_network_and_changes_and_mirrors_at_the_test(terminal: Terminal, photos: Path) -> None:
    typed = terminal.type("train", "photos", *QUICK, "--out", "run", "--json")
    assert typed.code == 0, typed.err
    settings = json.loads(Path("run/config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["model"], settings["lr"]) == ("photonet", 0.006) and "shift=3" in settings["augment"]
    assert settings["keep_epoch"] == "last"
    assert f"augment {settings['augment']}, chosen for photos" in typed.err
    plain, both = (json.loads(terminal.type("evaluate", "run", "--engine", "reference", "--json", *more).out)
                   for more in ((), ("--tta",)))  # fmt: skip
    assert both["tta"] is True and "tta" not in plain and both["loss"] != plain["loss"]
    entries = [json.loads(terminal.type("predict", "run", "photos/red/0.png", "--engine", "reference", "--json",
                                        *more).out)["predictions"][0] for more in ((), ("--tta",))]  # fmt: skip
    Image.open("photos/red/0.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save("mirror.png")
    mirror = json.loads(terminal.type("predict", "run", "mirror.png", "--engine", "reference", "--json").out)
    shares = [{one["class"]: one["probability"] for one in entry["classes"]}
              for entry in (*entries, mirror["predictions"][0])]  # fmt: skip
    assert shares[1]["red"] == pytest.approx((shares[0]["red"] + shares[2]["red"]) / 2, abs=1e-6)


@pytest.mark.parametrize(("words", "validated_by", "epochs", "kept"), [
    ({}, 17, 100, "last"), ({"batch_size": 4}, 17, 60, "last"), ({"epochs": 7}, 100, 7, "sure"),
    ({"keep_epoch": "best"}, 17, 100, "best"), ({"schedule": "plateau:3:0.5"}, 17, 100, "sure"),
])  # fmt: skip
def test_few_photos_are_seen_in_more_epochs_of_which_the_last_is_kept(
    words: dict[str, Any], validated_by: int, epochs: int, kept: str
) -> None:
    random = np.random.default_rng(0)

    def part(count: int) -> Part:
        pixels = random.integers(0, 256, (count, 48, 48, 3), np.uint8)
        return Part(ArrayImages(pixels), Classes(np.arange(count) % 2),
                    [str(number) for number in range(count)], np.arange(count))  # fmt: skip

    photos = Dataset("photos", {"train": part(70), "validation": part(validated_by)}, ("a", "b"), RGB, "")
    looks = preparation.looks_of(photos, Key.of(0))
    config = preparation.with_network(RunConfig(data="photos", **words), looks)
    config = preparation.with_kept_epoch(config, photos, looks)
    assert (config.model, config.epochs, config.keep_epoch) == ("photonet", epochs, kept)


def test_what_is_typed_stays(terminal: Terminal, photos: Path) -> None:
    typed = terminal.type("train", "photos", *QUICK, "--augment", "none", "--dropout", "0.2", "--out", "run")
    assert typed.code == 0, typed.err
    record = json.loads(Path("run/config.json").read_text(encoding="utf-8"))
    assert record["settings"]["model"] is None and record["model"].startswith("conv_16_5_2")
    assert record["settings"]["augment"] == "none"


def test_a_contact_sheet_shows_what_a_network_sees(terminal: Terminal, photos: Path) -> None:
    typed = terminal.type("data", "show", "photos", "--rows", "3", "--epochs", "4", "--out", "sheet.png")
    assert typed.code == 0 and "3 pictures, --augment" in typed.out, typed.err
    sheet = Image.open("sheet.png")
    assert sheet.size == (5 * 50, 3 * 50)
    first, changed = (np.asarray(sheet)[:48, left : left + 48] for left in (0, 50))
    assert any(np.array_equal(first, np.asarray(Image.open(path))) for path in photos.rglob("*.png"))
    assert not np.array_equal(first, changed)
    terminal.refused(2, ["--rows must be at most the"], "data", "show", "photos", "--rows", "99")
    terminal.refused(2, ["lies in the data folder"], "data", "show", "photos", "--out", "photos/sheet.png")
    terminal.refused(2, ["10 x 20 pictures of 512x512 are 52,428,800 pixels", "at most 50,000,000"], "data", "show",
                     "photos", "--rows", "10", "--epochs", "19", "--resize", "512x512")  # fmt: skip
    terminal.refused(2, ["ends in .png"], "data", "show", "photos", "--out", "sheet.jpg")


@pytest.mark.parametrize(("words", "parts"), [
    (("--clipnorm", "-1"), ["--clipnorm must be above 0"]),
    (("--clipnorm", "1", "--clipvalue", "1"), ["two ways to clip"]),
    (("--schedule", "cosine,linear"), ["--schedule must be one schedule"]),
    (("--schedule", "cosine", "--schedule=linear"), ["--schedule must be one schedule, but there are two"]),
    (("--warmup", "3", "--epochs", "2"), ["--warmup must be at most the 2 epochs"]),
    (("--warmup", "1", "--schedule", "onecycle"), ["rises by itself"]),
    (("--optimizer", "lion", "--momentum", "0.9"), ["--momentum goes with sgd, rmsprop"]),
    (("--nesterov", "--optimizer", "sgd"), ["--nesterov goes with --momentum"]),
    (("--schedule", "piecewise:5:0.1:3:0.5"), ["whole epochs E that rise"]),
    (("--pretrained", "resnet9000"), ["there are none of that name", "squeezenet"]),
    (("--pretrained", "squeezenet", "--model", "lenet5"), ["--model and --pretrained"]),
    (("--augment", "mixup=1,cutmix=1"), ["Leave one out"]),
    (("--augment", "mosaic=0.5"), ["mosaic goes with boxes", "classes of all four"]),
])  # fmt: skip
def test_what_cannot_be_meant_is_a_sentence(terminal: Terminal, words: tuple[str, ...], parts: list[str]) -> None:
    terminal.refused(2, parts, "train", "digits", "--no-checks", "--out", "run", *words)
