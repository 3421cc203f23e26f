"""Folders as people have them: classes called like parts, Kaggle's parts, endings that are not read, groups by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.data import group_pattern as patterns
from pellucid.data import leaking_groups, open_dataset, split_validation
from pellucid.data.endings import OTHER_KINDS, is_picture
from pellucid.data.naming import part_name
from pellucid.errors import ArgumentError, DataError

Make = Callable[..., Path]


@pytest.mark.parametrize("names", [("bus", "car", "train"), ("invalid", "valid"), ("control", "test"), ("dev", "ops"),
                                   ("Training", "Rest"), ("a", "test", "train")])  # fmt: skip
def test_folders_called_like_parts_that_hold_pictures_are_classes(tmp_path: Path, class_folder: Make,
                                                                  names: tuple[str, ...]) -> None:
    dataset = open_dataset(str(class_folder(tmp_path, *names)))
    assert set(dataset.class_names) == set(names) and list(dataset.parts) == ["train"]


@pytest.mark.parametrize("names", [("train", "test"), ("train/a", "train/b", "test"), ("train_images", "test_images")])
def test_parts_that_hold_pictures_themselves_are_told(tmp_path: Path, class_folder: Make,
                                                          names: tuple[str, ...]) -> None:
    class_folder(tmp_path, *names)
    with pytest.raises(DataError, match=r"the folder te?\w+ is taken for a part of the data.*list them in a CSV"):
        open_dataset(str(tmp_path))


def test_a_class_inside_a_part_may_be_called_like_a_part(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "train/train", "train/bus", "test/train", "test/bus")
    assert open_dataset(str(tmp_path)).class_names == ("bus", "train")


@pytest.mark.parametrize(("word", "part"), [
    ("train_images", "train"), ("Test-Images", "test"), ("valid data", "validation"), ("images_train", "train"),
    ("training_set", "train"), ("val_set", "validation"), ("testset", "test"), ("images", None),
    ("training wheels", None),     ("trainer", None), ("set_images", None),
])
def test_spellings_of_parts(word: str, part: str | None) -> None:
    assert part_name(word) == part


@pytest.mark.parametrize("ending", sorted(ending for ending in OTHER_KINDS if not is_picture("x" + ending)))
def test_pictures_that_are_not_read_are_named_with_what_to_do(tmp_path: Path, class_folder: Make, ending: str) -> None:
    class_folder(tmp_path / "set", "ant", "bee", each=2)
    (tmp_path / "set" / "ant" / f"IMG{ending.upper()}").write_bytes(b"x")
    notes = open_dataset(str(tmp_path / "set")).notes
    assert f"pictures of a kind that is not read: 1 {ending} ({OTHER_KINDS[ending]})" in notes
    assert not any("no pictures" in note for note in notes)


def test_folders_and_sets_of_such_pictures_alone(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "set", "ant", each=2)
    for name in ("set/bee", "alone/bee", "alone/ant"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.cr2").write_bytes(b"x")
    with pytest.raises(DataError, match=r"folder bee holds no picture that can be read, but 1 \.cr2 \(develop"):
        open_dataset(str(tmp_path / "set"))
    with pytest.raises(DataError, match=r"no picture in it can be read, but it holds 2 \.cr2 \(develop them"):
        open_dataset(str(tmp_path / "alone"))
    (tmp_path / "set" / "bee" / "a.cr2").rename(tmp_path / "set" / "bee" / "a.txt")
    with pytest.raises(DataError, match="the folder bee holds no picture, but 1 other files"):
        open_dataset(str(tmp_path / "set"))


def test_a_class_may_be_missing_from_a_part_that_is_only_scored(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "train/ant", "train/bee", "test/ant")
    (tmp_path / "test" / "bee").mkdir()
    dataset = open_dataset(str(tmp_path))
    assert dataset.part("test").labels.tolist() == [0, 0, 0]
    assert "class folders without a picture: 'test/bee'" in dataset.notes


def test_one_class_is_enough_for_scoring(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "cat", each=2)
    assert open_dataset(str(tmp_path), learning=False).class_names == ("cat",)
    with pytest.raises(DataError, match="a classifier needs at least two classes"):
        open_dataset(str(tmp_path))


# --- groups by name ---------------------------------------------------------------------------------------------------

def patients(root: Path, save_png: Callable[..., object]) -> Path:
    for patient in range(8):
        for word in ("ill", "well"):
            for view in ("left", "right"):
                save_png(root / word / f"p{patient:02d}_{word}_{view}.png")
    return root


def test_groups_are_found_in_the_paths(tmp_path: Path, save_png: Callable[..., object]) -> None:
    dataset = open_dataset(str(patients(tmp_path, save_png)), group_pattern=r"/p(\d+)_")
    groups = dataset.part("train").groups
    assert groups is not None and sorted(set(groups)) == [f"{k:02d}" for k in range(8)]
    parted = split_validation(dataset, fraction=0.25, seed=0)
    assert leaking_groups(parted) == {} and len(parted.part("validation")) == 8


@pytest.mark.parametrize(("pattern", "told"), [
    ("p(", "must be a regular expression with a group in brackets, but it is 'p(' (missing )"),
    ("p[0-9]+", "'p[0-9]+', which has none"), ("(x" * 300, "(missing )"),
    ("a" * 2000, "of at most 1,000 letters, but it is 2,000 letters long"),
])
def test_expressions_that_cannot_be_meant(tmp_path: Path, pattern: str, told: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(told)) as caught:
        open_dataset(str(tmp_path), group_pattern=pattern)
    assert len(str(caught.value)) < 500


def test_pictures_without_a_group_are_told(tmp_path: Path, save_png: Callable[..., object]) -> None:
    patients(tmp_path, save_png)
    with pytest.raises(DataError, match=r"finds no group in the path of ill/p00_ill_left.png and of 27 more"):
        open_dataset(str(tmp_path), group_pattern=r"/p(07)_")
    with pytest.raises(ArgumentError, match="--group and --group-pattern both name groups"):
        open_dataset(str(tmp_path), group_pattern="(p)", group="donor")
    with pytest.raises(ArgumentError, match="--group-pattern is searched in the paths of pictures"):
        open_dataset("digits", group_pattern="(p)")


@pytest.mark.parametrize("pattern", ["((?:a+)+)$", "((?:a|a)*)b", "((?:.*){9})b"])
def test_an_expression_that_never_ends_is_ended(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    with pytest.raises(ArgumentError, match=r"takes over 0\.2 s for 1 paths"):
        patterns.groups_of("set", ["a" * 60 + "c"], pattern)
