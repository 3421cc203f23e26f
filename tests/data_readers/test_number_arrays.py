"""Arrays of numbers: y of an NPZ or an HDF5 store, of one number an image or of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pellucid.data import Dataset, describe_dataset, open_dataset
from pellucid.data.annotations import Numbers
from pellucid.errors import DataError

ONE, TWO = np.array([0.5, 2, -3, 1e9, 4, 5]), np.arange(12).reshape(6, 2)
WHOLE = np.array([0, 1, 2, 0, 1, 2])
NOTE = "numbers from y_train, y_test, as they are no classes"


def x(n: int = 6) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 5, 4), np.uint8)


def save(path: Path, **arrays: Any) -> str:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array)
    return str(path)


def numbers(dataset: Dataset, part: str = "train") -> Numbers:
    found = dataset.part(part).annotations
    assert isinstance(found, Numbers) and dataset.class_names == ()
    return found


@pytest.mark.parametrize("name", ["set.npz", "set.h5"])
@pytest.mark.parametrize(("y", "test", "names"), [
    (ONE, ONE[:3], ("y",)), (ONE[:, None], ONE[:3], ("y",)), (WHOLE, ONE[:3], ("y",)), (ONE.astype("f4"), ONE, ("y",)),
    (TWO, TWO[:3], ("y_1", "y_2")), (TWO / 3, TWO[:2], ("y_1", "y_2")),
])  # fmt: skip
def test_numbers_that_are_no_classes(tmp_path: Path, name: str, y: np.ndarray, test: np.ndarray,
                                     names: tuple[str, ...]) -> None:
    spec = save(tmp_path / name, x_train=x(), y_train=y, x_test=x(len(test)), y_test=test)
    dataset = open_dataset(spec)
    found = numbers(dataset)
    assert found.names == names and found.units == ("",) * len(names) and NOTE in dataset.notes
    assert found.values.tolist() == y.reshape(6, -1).tolist() and found.values.dtype == np.float64
    assert numbers(dataset, "test").values.tolist() == test.reshape(len(test), -1).tolist()
    assert [column["name"] for column in describe_dataset(dataset)["parts"]["test"]["numbers"]] == list(names)


@pytest.mark.parametrize("name", ["set.npz", "set.h5"])
def test_whole_numbers_are_classes_unless_numbers_are_wanted(tmp_path: Path, name: str) -> None:
    spec = save(tmp_path / name, x_train=x(), y_train=WHOLE)
    assert open_dataset(spec).part("train").labels.tolist() == WHOLE.tolist()
    dataset = open_dataset(spec, annotations="numbers", limit=4)
    assert len(numbers(dataset)) == 4 and dataset.fingerprint != open_dataset(spec, limit=4).fingerprint
    changed = save(tmp_path / f"other_{name}", x_train=x(), y_train=WHOLE + 0.25)
    assert open_dataset(changed).fingerprint != open_dataset(spec, annotations="numbers").fingerprint


def test_names_of_classes_beside_numbers_are_told(tmp_path: Path) -> None:
    spec = save(tmp_path / "set.npz", x_train=x(), y_train=ONE, class_names=np.array(["a", "b"]))
    assert "names of classes not used: these are numbers" in open_dataset(spec).notes


@pytest.mark.parametrize(("kind", "arrays", "told"), [
    (None, {"y_train": np.where(WHOLE > 1, np.nan, ONE)}, "y_train must be finite, but 2 values are NaN or infinite"),
    (None, {"y_train": np.where(WHOLE > 1, np.nan, ONE)}, "the first at [2] (nan). Remove those images or correct"),
    ("numbers", {"y_train": np.where(TWO == 5, np.inf, TWO)}, "1 value is NaN or infinite, the first at [2, 1] (inf)"),
    ("numbers", {"y_train": np.full(6, 7)}, "'y' is 7 in all 6 images to learn from, so there is nothing to learn"),
    ("numbers", {"y_train": TWO * [1, 0]}, "'y_2' is 0 in all 6 images to learn from"),
    ("numbers", {"y_train": np.array(list("abcabc"))}, "y_train must be numbers, but its dtype is <U1. Save floats."),
    ("numbers", {"y_train": TWO.reshape(6, 2, 1)}, "numbers of shape (N,) or (N, K), but its shape is (6, 2, 1)"),
    ("numbers", {"y_train": ONE[:5]}, "y_train must have one row for each of the 6 images of x_train, but it has 5."),
    (None, {"y_train": ONE, "x_test": x(), "y_test": TWO}, "but y_train has 1, y_test has 2. Save them alike."),
    ("classes", {"y_train": ONE}, "y_train must be whole numbers from 0 (the classes), but its dtype is float64 with"),
    ("classes", {"y_train": TWO}, "y_train must be one label an image, of shape (N,), but its shape is (6, 2)."),
    (None, {"y_train": np.eye(6)}, "One-hot? Save y.argmax(axis=1)."),
])  # fmt: skip
def test_arrays_that_cannot_be_learnt(tmp_path: Path, kind: str | None, arrays: dict[str, np.ndarray],
                                      told: str) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(save(tmp_path / "set.npz", **{"x_train": x(), **arrays}), annotations=kind)
    assert told in str(caught.value) and "set.npz: " in str(caught.value) and "\n" not in str(caught.value)
