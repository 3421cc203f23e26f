"""NPZ files: names of the parts, shapes and dtypes that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data import open_dataset

RANDOM = np.random.default_rng(0)


def arrays(n: int, dtype: Any = np.uint8, shape: tuple[int, ...] = (5, 4)) -> tuple[np.ndarray, np.ndarray]:
    return RANDOM.integers(0, 200, (n, *shape)).astype(dtype), np.arange(n) % 3


def save(path: Path, *, packed: bool = False, **named: Any) -> str:
    (np.savez_compressed if packed else np.savez)(path, **named)
    return str(path)


@pytest.mark.parametrize("packed", [False, True])
def test_three_parts_with_class_names(tmp_path: Path, packed: bool) -> None:
    (x, y), (xv, yv), (xt, yt) = arrays(9), arrays(3), arrays(6)
    spec = save(tmp_path / "set.npz", packed=packed, x_train=x, y_train=y, x_val=xv, y_val=yv[:, None], x_test=xt,
                y_test=yt.astype(np.float64), class_names=np.array(["a", "b", "c"]))
    dataset = open_dataset(spec)
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 9, "validation": 3, "test": 6}
    assert dataset.class_names == ("a", "b", "c") and dataset.image_shape == (5, 4, 1)
    assert np.array_equal(dataset.part("train").images.take(np.array([4, 2]))[..., 0], x[[4, 2]])
    assert dataset.part("validation").labels.tolist() == yv.tolist() and dataset.name == "set"


@pytest.mark.parametrize(("dtype", "kept"), [("uint8", "uint8"), ("uint16", "uint16"), ("float32", "float32"),
                                             ("float64", "float64"), ("int64", "uint8"), ("bool", "uint8")])
def test_dtypes_are_kept_or_the_change_is_noted(tmp_path: Path, dtype: str, kept: str) -> None:
    x, y = arrays(6, dtype, (5, 4, 2))
    dataset = open_dataset(save(tmp_path / "set.npz", x_train=x, y_train=y))
    assert dataset.dtype == kept and dataset.channel_names == ("channel_0", "channel_1")
    assert np.array_equal(dataset.part("train").images.take(np.arange(6)), x)
    assert any("kept as" in note for note in dataset.notes) is (dtype != kept)


def test_large_floats_are_left_alone_and_said_so(tmp_path: Path) -> None:
    x, y = arrays(6, np.float32)
    dataset = open_dataset(save(tmp_path / "set.npz", x_train=x, y_train=y, extra=y))
    assert "arrays not used: extra" in dataset.notes
    assert any(note.endswith("floats are not scaled") for note in dataset.notes)
