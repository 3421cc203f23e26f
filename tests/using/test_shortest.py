"""What must be typed to train with settings in force: what a user typed, and nothing that the data choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.architectures.pretrained import known
from pellucid.data.annotations import Classes
from pellucid.data.choosing import RGB
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import ArrayImages
from pellucid.keys import Key
from pellucid.runs.commands import command_of
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import chosen, load_data, looks_of
from pellucid.runs.pretrained import with_pretrained
from pellucid.using.shortest import in_force, to_type, with_flags
from tests.tasks.keypoints.conftest import write_kites


def dataset_of(channels: tuple[str, ...]) -> Dataset:
    """Pictures of two classes, 48 pixels: photos where they are in red, green and blue."""
    random = np.random.default_rng(0)

    def part(count: int) -> Part:
        pixels = random.integers(0, 256, (count, 48, 48, len(channels)), np.uint8)
        return Part(ArrayImages(pixels), Classes(np.arange(count) % 2),
                    [str(number) for number in range(count)], np.arange(count))  # fmt: skip

    return Dataset("photos", {"train": part(40), "validation": part(10)}, ("a", "b"), channels, "")


PHOTOS, GRAY = dataset_of(RGB), dataset_of(("gray",))
TYPED: dict[str, dict[str, Any]] = {
    "": {}, "--epochs 7": {"epochs": 7}, "--lr 0.00002": {"lr": 2e-5}, "--augment none": {"augment": ""},
    "--model conv_8,pool,FC_32 --keep-epoch best": {"model": "conv_8,pool,FC_32", "keep_epoch": "best"},
    "--schedule plateau:3:0.5 --patience 20": {"schedule": "plateau:3:0.5", "patience": 20},
    "--pretrained squeezenet --epochs 9": {"pretrained": "squeezenet", "epochs": 9},
}  # fmt: skip


def run_with(typed: RunConfig, dataset: Dataset) -> RunConfig:
    """The settings of a run as its record has them: with all that was chosen."""
    config, _ = chosen(with_pretrained(typed, typed.typed()), dataset, looks_of(dataset, Key.of(0)))
    return config.changed(**{name: value for name, value in in_force(config, dataset).items() if value is not None})


@pytest.mark.parametrize("words", TYPED)
@pytest.mark.parametrize("dataset", [PHOTOS, GRAY], ids=["photos", "gray"])
def test_what_was_typed_is_what_must_be_typed(
    words: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pellucid.runs.pretrained.find", lambda weights, place: "weights.safetensors")
    ran = run_with(RunConfig(data="photos", **TYPED[words]), dataset)
    assert ran.keep_epoch and ran.epochs and ran.lr, "a record has what was chosen"
    told = command_of(to_type(ran, dataset))
    if dataset is GRAY:
        words = words.replace("--augment none", "")  # which is what such data choose
    assert sorted(told.split(" --")) == sorted(f"pellucid train photos {words}".strip().split(" --"))


def test_known_weights_that_lie_elsewhere_now_are_typed_as_what_they_stand_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pellucid.runs.pretrained.find", lambda weights, place: "here.safetensors")
    ran = run_with(RunConfig(data="photos", pretrained="squeezenet"), PHOTOS)
    monkeypatch.setattr("pellucid.runs.pretrained.find", lambda weights, place: "there.safetensors")
    told = command_of(to_type(ran, PHOTOS))
    assert "--weights here.safetensors" in told and "--pretrained" not in told
    assert f"--preprocess {known('squeezenet').preprocess}" in told.replace("'", "")


def test_words_that_the_data_give_a_meaning_are_typed_as_they_are() -> None:
    ran = run_with(RunConfig(data="photos", epochs=7, augment=""), PHOTOS)
    assert command_of(to_type(with_flags(ran, ("--augment", "auto")), PHOTOS)) in (
        "pellucid train photos --epochs 7", "pellucid train photos --epochs 7 --augment auto")  # fmt: skip


@pytest.mark.parametrize(("words", "typed"), [
    ("", {}), ("--epochs 5", {"epochs": 5}), ("--lr 0.01 --batch-size 8", {"lr": 0.01, "batch_size": 8}),
    ("--lr 0.01 --epochs 125 --keep-epoch sure --augment none", {"lr": 0.01, "epochs": 125, "keep_epoch": "sure"}),
])  # fmt: skip
def test_a_recipe_is_typed_by_nothing_and_no_part_of_it_stands_for_a_rate_of_ones_own(
    tmp_path: Path, words: str, typed: dict[str, Any]
) -> None:
    write_kites(tmp_path, {"train": 64, "val": 4, "test": 4})
    asked = RunConfig(data=str(tmp_path), task="keypoints", **typed)
    dataset = load_data(asked)
    ran, _ = chosen(asked, dataset, looks_of(dataset, Key.of(0)))
    told = command_of(to_type(ran, dataset))
    wanted = f"pellucid train {tmp_path} --task keypoints {words}".strip()
    assert sorted(told.split(" --")) == sorted(wanted.split(" --"))


def test_flags_are_read_as_the_command_line_reads_them() -> None:
    config = with_flags(RunConfig(data="photos"), ("--epochs", "9", "--lr", "0.5", "--augment", "flip"))
    assert (config.epochs, config.lr, config.augment) == (9, 0.5, "flip")
