"""Image folders and tars: usual spellings, class order, what is ignored, and that a tar is a folder."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import ensure_test, open_dataset

Make = Callable[..., Path]


@pytest.mark.parametrize(("train", "validation", "test"), [
    ("train", "val", "test"), ("Training", "validation", "Test"), ("TRAIN", "Valid", "Testing"),
    ("training_set", "dev", "test-set"),
])
def test_usual_spellings_of_the_parts(tmp_path: Path, class_folder: Make, train: str, validation: str,
                                      test: str) -> None:
    class_folder(tmp_path, *(f"{part}/{word}" for part in (train, validation, test) for word in ("dog", "cat")))
    dataset = open_dataset(str(tmp_path))
    assert list(dataset.parts) == ["train", "validation", "test"] and dataset.class_names == ("cat", "dog")
    assert [part.labels.tolist() for part in dataset.parts.values()] == [[0, 0, 0, 1, 1, 1]] * 3
    assert np.array_equal(np.concatenate([part.ids for part in dataset.parts.values()]), np.arange(18))


def test_pixels_labels_and_names_belong_together(tmp_path: Path, save_png: Callable[..., np.ndarray]) -> None:
    names = ("b/one.png", "a/two.png", "a/deeper/three.png", "b/four.png")
    pixels = {name: save_png(tmp_path / name) for name in names}
    train = open_dataset(str(tmp_path)).part("train")
    assert sorted(train.names) == sorted(pixels)
    for i, name in enumerate(train.names):
        assert np.array_equal(train.images.take(np.array([i]))[0], pixels[name])
        assert train.labels[i] == "ab".index(name[0])


def test_names_that_are_numbers_are_sorted_by_value(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "10", "2", "1", each=1)
    assert open_dataset(str(tmp_path)).class_names == ("1", "2", "10")


def test_classes_txt_gives_the_order(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "train/cat", "train/dog", "train/ape")
    (tmp_path / "classes.txt").write_text("dog\ncat\nape\n")
    dataset = open_dataset(str(tmp_path))
    assert dataset.class_names == ("dog", "cat", "ape")
    assert [dataset.class_names[k] for k in dataset.part("train").labels[::3]] == ["ape", "cat", "dog"]


def test_hidden_and_other_files_are_ignored_and_counted(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "cat", "dog")
    for name in ("cat/.DS_Store", "cat/._cat_0.png", "dog/Thumbs.db", "__MACOSX/cat/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "cat" / "notes.txt").write_text("about")
    dataset = open_dataset(str(tmp_path))
    assert len(dataset.part("train")) == 6 and dataset.class_names == ("cat", "dog")
    assert "hidden files ignored: 4" in dataset.notes
    assert "files that are no pictures ignored: 2 (1 .md, 1 .txt)" in dataset.notes


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_read_as_the_folder_it_was_made_of(tmp_path: Path, class_folder: Make, mode: str) -> None:
    root = class_folder(tmp_path / "fruits", "Training/fig", "Training/kiwi", "Test/fig", "Test/kiwi")
    ending = ".tar" + mode[1:].replace(":", ".")
    with tarfile.open(tmp_path / f"packed{ending}", mode) as archive:
        archive.add(root, "fruits")
    folder, packed = open_dataset(str(root)), open_dataset(str(tmp_path / f"packed{ending}"))
    assert folder.fingerprint == packed.fingerprint and packed.class_names == ("fig", "kiwi")
    for name, part in folder.parts.items():
        everything = np.arange(len(part))
        assert np.array_equal(part.images.take(everything), packed.part(name).images.take(everything))
        assert part.names == packed.part(name).names


def test_a_folder_of_part_tars_with_a_list_of_classes(tmp_path: Path, class_folder: Make) -> None:
    inside = class_folder(tmp_path / "inside", "train/cat", "train/dog", "cat", "dog", each=2)
    (tmp_path / "set").mkdir()
    with tarfile.open(tmp_path / "set" / "train.tar.gz", "w:gz") as archive:
        archive.add(inside / "train", "train")
    with tarfile.open(tmp_path / "set" / "test.tar", "w") as archive:             # this one does not say test/ inside
        for word in ("cat", "dog"):
            archive.add(inside / word, word)
    (tmp_path / "set" / "classes.txt").write_text("dog\ncat\n")
    dataset = open_dataset(str(tmp_path / "set"))
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 4, "test": 4}
    assert dataset.class_names == ("dog", "cat") and dataset.part("test").names[0] == "test/cat/cat_0.png"


def test_one_level_is_all_training_until_a_test_part_is_split_off(tmp_path: Path, class_folder: Make) -> None:
    dataset = open_dataset(str(class_folder(tmp_path, "cat", "dog", each=10)))
    assert list(dataset.parts) == ["train"]
    parted = ensure_test(dataset)
    assert {name: np.bincount(part.labels).tolist() for name, part in parted.parts.items()} == {
        "train": [8, 8], "test": [2, 2]}
    assert parted.fingerprint == dataset.fingerprint and ensure_test(parted) is parted


def test_limit_cuts_every_class_in_proportion(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "train/cat", each=9)
    class_folder(tmp_path, "train/dog", "test/cat", "test/dog")
    whole, cut = open_dataset(str(tmp_path)), open_dataset(str(tmp_path), limit=4)
    assert np.bincount(cut.part("train").labels).tolist() == [3, 1] and len(cut.part("test")) == 4
    assert cut.fingerprint != whole.fingerprint
    assert set(cut.part("train").ids) < set(whole.part("train").ids)
    assert "limit: 4 of 12 images of the train part, each class in proportion" in cut.notes


def test_gzip_is_known_by_content_not_by_name(tmp_path: Path, class_folder: Make) -> None:
    root = class_folder(tmp_path / "x", "cat", "dog")
    with tarfile.open(tmp_path / "plain.tar", "w") as archive:
        archive.add(root, ".")
    (tmp_path / "named.tar").write_bytes(gzip.compress((tmp_path / "plain.tar").read_bytes()))
    assert open_dataset(str(tmp_path / "named.tar")).fingerprint == open_dataset(str(root)).fingerprint
