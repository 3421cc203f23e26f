"""Labels and parts as people save them: from 1, too large, empty, under EMNIST's names; copies in splits."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pellucid.data import ArrayImages, Dataset, Part, ensure_test, open_dataset, split_validation
from pellucid.data.annotations import Classes
from pellucid.data.copies import families, kept_together, merged_groups
from pellucid.errors import DataError
from pellucid.keys import Key

RANDOM = np.random.default_rng(3)


def pixels(n: int = 12) -> np.ndarray:
    return RANDOM.integers(0, 256, (n, 5, 4), np.uint8)


def idx(folder: Path, parts: dict[str, tuple[np.ndarray, np.ndarray]], *, prefix: str = "", packed: bool = False,
        names: tuple[str, str] = ("images-idx3-ubyte", "labels-idx1-ubyte")) -> Path:
    folder.mkdir(exist_ok=True)
    for part, (x, y) in parts.items():
        for name, content in ((names[0], struct.pack(">IIII", 2051, *x.shape) + x.tobytes()),
                              (names[1], struct.pack(">II", 2049, len(y)) + y.astype(np.uint8).tobytes())):
            path = folder / f"{prefix}{part}-{name}{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def save(kind: str, folder: Path, **arrays: Any) -> Path:
    """The arrays as an NPZ, an HDF5 store or an IDX folder."""
    if kind == "npz":
        np.savez(folder / "set.npz", **arrays)
        return folder / "set.npz"
    if kind == "h5":
        with h5py.File(folder / "set.h5", "w") as file:
            for name, array in arrays.items():
                file[name] = array
        return folder / "set.h5"
    parts = {word: (arrays[f"x_{word}"], arrays[f"y_{word}"]) for word in ("train", "test") if f"x_{word}" in arrays}
    return idx(folder / "idx", parts)


@pytest.mark.parametrize("kind", ["npz", "h5", "idx"])
def test_labels_from_one_keep_their_numbers_as_names(tmp_path: Path, kind: str) -> None:
    y = np.arange(12) % 3
    dataset = open_dataset(str(save(kind, tmp_path, x_train=pixels(), y_train=y + 1, x_test=pixels(3),
                                    y_test=np.array([1, 2, 2]))))
    assert dataset.class_names == ("1", "2", "3") and dataset.part("train").labels.tolist() == y.tolist()
    assert dataset.part("test").labels.tolist() == [0, 1, 1]
    assert "labels begin with 1: 1 is read as class '1', 3 as '3'" in dataset.notes


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_labels_of_matlab_and_names_of_classes(tmp_path: Path, kind: str) -> None:
    y = (np.arange(12) % 3 + 1).reshape(-1, 1).astype(float)
    text = np.array(["a", "b", "c"]) if kind == "npz" else np.array(["a", "b", "c"], "S")
    dataset = open_dataset(str(save(kind, tmp_path, x_train=pixels(), y_train=y, class_names=text)))
    assert dataset.class_names == ("a", "b", "c") and dataset.part("train").labels.tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize("labels", [[0, 1, 2] * 4, [2, 3, 4] * 4, [1, 2, 4] * 4])
def test_other_labels_stay_as_they_are_or_are_refused(tmp_path: Path, labels: list[int]) -> None:
    path = save("npz", tmp_path, x_train=pixels(), y_train=np.array(labels))
    if 0 in labels:
        assert open_dataset(str(path)).part("train").labels.tolist() == labels
        return
    with pytest.raises(DataError, match="must have an image to learn from, but"):
        open_dataset(str(path))


@pytest.mark.parametrize("kind", ["npz", "h5"])
@pytest.mark.parametrize("large", [13, 20_000_000, 10**9, 2**62])
def test_one_large_label_is_refused_in_little_memory(tmp_path: Path, kind: str, large: int) -> None:
    y = np.arange(12) % 3
    y[5] = large
    path = save(kind, tmp_path, x_train=pixels(), y_train=y)
    tracemalloc.start()
    try:
        for learning in (True, False) if large > 100_000 else (True,):
            with pytest.raises(DataError, match=f"labels of the train part go up to {large}, but there are 12 images"):
                open_dataset(str(path), learning=learning)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["npz", "h5", "idx"])
@pytest.mark.parametrize("empty", ["test", "train"])
def test_an_empty_part_is_no_part(tmp_path: Path, kind: str, empty: str) -> None:
    sizes = {"train": 12, "test": 12, empty: 0}
    arrays = {f"x_{part}": pixels(n) for part, n in sizes.items()} | {f"y_{part}": np.arange(n) % 3 for part, n in
                                                                     sizes.items()}
    dataset = open_dataset(str(save(kind, tmp_path, **arrays)))
    assert list(dataset.parts) == [part for part, n in sizes.items() if n]
    assert f"the {empty} part is empty and left out" in dataset.notes
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="there is no image in it"):
        open_dataset(str(save(kind, tmp_path / "none", x_train=pixels(0), y_train=np.arange(0))))


def test_doubled_names_of_classes_are_refused(tmp_path: Path) -> None:
    path = save("npz", tmp_path, x_train=pixels(), y_train=np.arange(12) % 3, class_names=np.array(["a", "b", "a"]))
    with pytest.raises(DataError, match="two classes are called 'a'"):
        open_dataset(str(path))


# --- names of IDX files -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("prefix", ["emnist-letters-", "emnist-byclass-", "qmnist-", "kmnist-", "k49.", "my_set_"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_set_may_stand_before_the_part(tmp_path: Path, prefix: str, packed: bool) -> None:
    parts = {part: (pixels(6), np.arange(6) % 3) for part in ("train", "test")}
    dataset = open_dataset(str(idx(tmp_path / "set", parts, prefix=prefix, packed=packed)))
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 6, "test": 6}
    idx(tmp_path / "set", {"train": parts["train"]}, prefix="other-")
    with pytest.raises(DataError, match=r"holds the files of several sets: .*'other'"):
        open_dataset(str(tmp_path / "set"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("columns", [None, 8])
def test_labels_of_32_bits_are_read(tmp_path: Path, columns: int | None, packed: bool) -> None:
    folder = idx(tmp_path / "set", {"train": (pixels(6), np.arange(6) % 3)}, prefix="qmnist-")
    (folder / "qmnist-train-labels-idx1-ubyte").unlink()
    values = RANDOM.integers(0, 2**31 - 1, (6, columns or 1)).astype(">i4")
    values[:, 0] = [0, 1, 2, 2, 1, 0]
    name = f"qmnist-train-labels-idx{2 if columns else 1}-int{'.gz' if packed else ''}"

    def write() -> None:
        head = struct.pack(">III", 3074, 6, 8) if columns else struct.pack(">II", 3073, 6)
        content = head + values.tobytes()
        (folder / name).write_bytes(gzip.compress(content) if packed else content)

    write()
    assert open_dataset(str(folder)).part("train").labels.tolist() == [0, 1, 2, 2, 1, 0]
    values[3, 0] = 10**9
    write()
    with pytest.raises(DataError, match="go up to 1000000000, but there are 6 images"):
        open_dataset(str(folder))


@pytest.mark.parametrize("names", [("images.ubyte", "labels.ubyte"), ("imgs-idx3-ubyte", "labs-idx1-ubyte"),
                                   ("images-idx3", "labels-idx1"), ("images-idx3-ubyte.bin", "labels-idx1-ubyte.bin")])
def test_names_that_are_nearly_those_of_idx_are_told(tmp_path: Path, names: tuple[str, str]) -> None:
    folder = idx(tmp_path / "set", {"train": (pixels(6), np.arange(6) % 3)}, names=names)
    with pytest.raises(DataError, match="seems to be an IDX file, but those are called train-images-idx3-ubyte"):
        open_dataset(str(folder))


@pytest.mark.parametrize(("name", "begin"), [("emnist-letters-mapping.txt", 1), ("mapping.txt", 0)])
def test_classes_of_emnist(tmp_path: Path, name: str, begin: int) -> None:
    folder = idx(tmp_path / "set", {"train": (pixels(6), np.arange(6) % 3 + begin)}, prefix="emnist-letters-")
    (folder / name).write_text("".join(f"{k + begin} {65 + k} {97 + k}\n" for k in range(3)))
    dataset = open_dataset(str(folder))
    assert dataset.class_names == ("Aa", "Bb", "Cc") and dataset.part("train").labels.tolist() == [0, 1, 2] * 2
    (folder / name).write_text("0 A\n")
    with pytest.raises(DataError, match=r"mapping.txt: line 1 must be a label and the code of its letter"):
        open_dataset(str(folder))


# --- copies -----------------------------------------------------------------------------------------------------------

def of_pixels(x: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> Dataset:
    part = Part(ArrayImages(x), Classes(labels), tuple(map(str, range(len(x)))), np.arange(len(x)), groups)
    return Dataset("made", {"train": part}, ("a", "b", "c"), ("gray",), "0" * 64)


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 9, 9, 1), np.uint8)


def test_without_copies_a_split_is_what_it_was() -> None:
    dataset = of_pixels(noise(90), np.arange(90) % 3)
    for split in (split_validation, ensure_test):
        old, new = (split(dataset, fraction=0.2, seed=4, together=together) for together in (False, True))
        assert all(np.array_equal(part.ids, new.parts[name].ids) for name, part in old.parts.items())
        assert old.notes == new.notes


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("changed", [False, True])
def test_copies_stay_on_one_side_of_a_split(share: float, changed: bool) -> None:
    x, labels = noise(60), np.arange(60) % 3
    again = np.arange(int(60 * share))
    copies = (x[again] * 0.8).astype(np.uint8) + 20 if changed else x[again]
    dataset = of_pixels(np.concatenate([x, copies]), np.concatenate([labels, labels[again]]))
    parted = ensure_test(dataset, fraction=0.2, seed=1, together=True)
    parted = split_validation(parted, fraction=0.2, seed=1, together=True)
    home = {int(i): name for name, part in parted.parts.items() for i in part.ids}
    assert all(home[int(i)] == home[60 + int(i)] for i in again)
    wanted = round(0.2 * len(dataset.part("train")))
    assert wanted - 3 <= len(parted.part("test")) <= wanted and set(parted.part("test").labels) == {0, 1, 2}
    assert any("copies of an image in one part" in note for note in parted.notes)


def test_files_of_equal_content_are_copies_though_the_part_is_large(tmp_path: Path, class_folder: Callable[..., Path],
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    class_folder(tmp_path, "ant", "bee", each=6)
    for path in sorted((tmp_path / "ant").iterdir()):
        (tmp_path / "ant" / f"copy_{path.name}").write_bytes(path.read_bytes())
    monkeypatch.setattr("pellucid.data.copies.SEARCHED", 1)
    members = families(open_dataset(str(tmp_path)).part("train"))
    assert members is not None and len(np.unique(members)) == 12


def test_groups_that_share_copies_are_one() -> None:
    groups = np.array(["a", "a", "b", "b", "c", "c"])
    assert merged_groups(groups, np.arange(6)).tolist() == groups.tolist()
    assert merged_groups(groups, np.array([0, 1, 2, 3, 1, 5])).tolist() == ["a", "a", "b", "b", "a", "a"]
    x, names = noise(48), np.repeat([f"g{i:02d}" for i in range(12)], 4)
    x[20] = x[3]                                                   # groups g05 and g00
    parted = split_validation(of_pixels(x, np.arange(48) % 3, names), fraction=0.25, seed=0, together=True)
    home = {int(i): name for name, part in parted.parts.items() for i in part.ids}
    assert home[20] == home[3]


def test_a_family_over_two_classes_and_one_of_all_images() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    members = np.array([0, 1, 2, 0, 4, 5])                          # one picture is in both classes
    assert kept_together(labels, members, np.array([0, 4]), key=Key.of(0)).tolist() in ([0, 3], [1, 4], [1, 5], [2, 4],
                                                                                        [2, 5])
    assert kept_together(labels, np.zeros(6, int), np.array([0, 4]), key=Key.of(0)).tolist() == []
    black = of_pixels(np.zeros((12, 9, 9, 1), np.uint8), np.arange(12) % 3)
    assert len(split_validation(black, fraction=0.25, seed=0, together=True).part("validation")) == 3
