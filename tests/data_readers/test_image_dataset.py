"""image_dataset_from_directory and get_file as Keras's programs type them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import utils
from pellucid.errors import ArgumentError, DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        home = tmp_path / "pictures" / ("cat", "dog")[number % 2]
        home.mkdir(parents=True, exist_ok=True)
        utils.save_img(home / f"{number}.png", np.full((5, 4, 3), number * 20.0), scale=False)
    return tmp_path / "pictures"


def test_batches_of_a_folder_and_its_two_parts(folder: Path) -> None:
    told: dict[str, Any] = {"image_size": (6, 8), "batch_size": 4, "seed": 1}
    whole = utils.image_dataset_from_directory(folder, **told)
    assert whole.class_names == ["cat", "dog"]
    x, y = whole[0]
    assert x.shape == (4, 6, 8, 3) and x.dtype == np.float32 and y.tolist() == (x[:, 0, 0, 0] // 20 % 2).tolist()
    split = {**told, "validation_split": 0.2}
    first, second = utils.image_dataset_from_directory(folder, **split, subset="both", label_mode="categorical")
    alone = utils.image_dataset_from_directory(folder, **split, subset="validation")
    names = set(first.filenames), set(second.filenames)
    assert [len(part) for part in names] == [8, 2] and not names[0] & names[1]
    assert set(alone.filenames) == names[1] and second[0][1].shape == (2, 2)


def test_what_is_not_there_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="label_mode must be one of 'int', 'categorical'"):
        utils.image_dataset_from_directory(folder, label_mode="strings")
    with pytest.raises(ArgumentError, match="seed must be given with validation_split"):
        utils.image_dataset_from_directory(folder, image_size=(6, 8), validation_split=0.2, subset="training")
    kept = tmp_path / "datasets" / "a.npz"
    with pytest.raises(DataError, match=r"nothing is fetched from the network. Download http://b/a.npz to .*a\.npz"):
        utils.get_file(origin="http://b/a.npz", cache_dir=str(tmp_path))
    kept.parent.mkdir()
    kept.write_bytes(b"")
    assert utils.get_file(origin="http://b/a.npz", cache_dir=str(tmp_path)) == str(kept)
    assert utils.get_file(origin=f"file://{kept}") == str(kept)
