"""The store of a published program, with its mistakes, opens and says them: after the facts on RxRx1's chapter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.opening import open_dataset
from pellucid.errors import DataError
from tests.cli.terminal import Terminal

h5py = pytest.importorskip("h5py")
CLASSES, WELLS, HELD = 12, 3, 12  # three wells a class, a third held out at random


def write_chapter(path: Path, *, spoil: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Signed bytes, one-hot labels, a name a sample as text of any length; the labels of both parts."""
    random = np.random.default_rng(0)
    label = np.repeat(np.arange(CLASSES), WELLS)
    held = random.permutation(len(label))[:HELD]
    kept = np.setdiff1d(np.arange(len(label)), held)
    pixels = random.integers(0, 256, (len(label), 8, 7, 3), dtype=np.uint8)
    pixels[:, :4] = (pixels[:, :4] // 4 + 16 * (label[:, None, None, None] % 8)).astype(np.uint8)
    names = [f"sirna_{1000 + number}" for number in label[np.concatenate([kept, held])]]
    if spoil:
        names[0] = "sirna_1"
    with h5py.File(path, "w") as file:
        for word, rows in (("train", kept), ("val", held)):
            file.create_dataset(f"x_{word}", (len(rows), 8, 7, 3), "i1")[...] = pixels[rows]  # which saturates
            file.create_dataset(f"y_{word}", data=np.eye(CLASSES, dtype="i1")[label[rows]])
        file.create_dataset("classes", data=[name.encode() for name in names], dtype=h5py.string_dtype())
    return label[kept], label[held]


def test_the_store_of_the_chapter(terminal: Terminal) -> None:
    train, held = write_chapter(Path("cell.h5"))
    found = open_dataset("cell.h5")
    empty = CLASSES - len(np.unique(train))
    assert empty > 0, "a class without a training image is what the chapter has forty of"
    assert found.class_names == tuple(f"sirna_{1000 + number}" for number in range(CLASSES))
    assert found.part("train").labels.tolist() == train.tolist()
    assert found.part("validation").labels.tolist() == held.tolist()
    assert found.dtype == np.uint8 and int(found.part("train").images.take(np.arange(24)).max()) == 127
    for note in ("labels are one-hot, 12 columns: class numbers are made of them",
                 "classes has 36 names, one a sample: the names of 12 classes are taken from them, by their labels",
                 "x_train: signed bytes that end at exactly 127: brighter pixels were cut off as they were written",
                 f"{empty} classes have no image to learn from"):
        assert any(told.startswith(note) for told in found.notes), (note, found.notes)
    words = ["--engine", "reference", "--model", "conv_3,pool,FC_4", "--epochs", "1"]
    typed = terminal.type("train", "cell.h5", *words, "--out", "run")
    assert typed.code == 0 and "no test part, so scores are of the validation part" in typed.out, typed
    assert "validation accuracy" in typed.out


def test_what_is_told_of_no_other_store(tmp_path: Path) -> None:
    write_chapter(tmp_path / "spoilt.h5", spoil=True)
    with pytest.raises(DataError, match=r"those of class 1 are called 'sirna_1' and 'sirna_1001'\. Save a name"):
        open_dataset(str(tmp_path / "spoilt.h5"))
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x_train"] = np.full((6, 4, 4), 126, "i1")
        file["y_train"] = np.array([0, 1, 2, 0, 1, 2])
        file["classes"] = np.array(["a", "b", "c"], "S")
    found = open_dataset(str(tmp_path / "plain.h5"))
    assert found.class_names == ("a", "b", "c")
    assert not any("127" in note or "one-hot" in note or "one a sample" in note for note in found.notes)
