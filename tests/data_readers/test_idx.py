"""IDX folders: MNIST's names, gzipped or not, and the digits that are always there."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import open_dataset


def idx_bytes(array: np.ndarray) -> bytes:
    magic = 2051 if array.ndim == 3 else 2049
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return magic.to_bytes(4, "big") + sizes + array.astype(np.uint8).tobytes()


def write_idx(folder: Path, *, dots: bool = False, zipped: bool = True, n: int = 12) -> np.ndarray:
    """An IDX folder of three classes, train (n) and test (n / 2); returns the training pixels."""
    random = np.random.default_rng(0)
    for prefix, count in (("train", n), ("t10k", n // 2)):
        pixels = random.integers(0, 256, (count, 5, 4))
        labels = np.arange(count) % 3
        for kind, array in (("images-idx3-ubyte", pixels), ("labels-idx1-ubyte", labels)):
            name = f"{prefix}-{kind.replace('-idx', '.idx') if dots else kind}{'.gz' if zipped else ''}"
            content = idx_bytes(array)
            (folder / name).write_bytes(gzip.compress(content) if zipped else content)
        if prefix == "train":
            kept = pixels
    return kept


@pytest.mark.parametrize("dots", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_all_spellings_give_the_same_data(tmp_path: Path, dots: bool, zipped: bool) -> None:
    pixels = write_idx(tmp_path, dots=dots, zipped=zipped)
    dataset = open_dataset(str(tmp_path))
    train = dataset.part("train")
    assert np.array_equal(train.images.take(np.arange(12))[..., 0], pixels) and dataset.image_shape == (5, 4, 1)
    assert train.labels.tolist() == [0, 1, 2] * 4 and len(dataset.part("test")) == 6
    assert np.array_equal(np.concatenate([part.ids for part in dataset.parts.values()]), np.arange(18))
    assert train.names[7].endswith("#7") and dataset.class_names == ("0", "1", "2")


def test_packing_does_not_change_the_fingerprint_but_a_pixel_does(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("plain", "packed", "changed")]
    for folder in folders:
        folder.mkdir()
        write_idx(folder, zipped=folder.name == "packed")
    path = folders[2] / "t10k-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    plain, packed, changed = (open_dataset(str(folder)).fingerprint for folder in folders)
    assert plain == packed != changed


def test_classes_txt_names_the_labels(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "classes.txt").write_text("cat\ndog\nowl\n")
    assert open_dataset(str(tmp_path)).class_names == ("cat", "dog", "owl")


def test_digits_have_a_fixed_stratified_test_part() -> None:
    dataset = open_dataset("digits")
    train, test = dataset.part("train"), dataset.part("test")
    assert (len(train), len(test)) == (1437, 360) and dataset.image_shape == (8, 8, 1)
    counts = np.bincount(train.labels) + np.bincount(test.labels)
    assert np.abs(np.bincount(test.labels) - counts / 1797 * 360).max() < 1
    assert not set(train.ids) & set(test.ids)
    assert train.images.take(np.arange(len(train))).max() == 255
    assert open_dataset("digits").fingerprint == dataset.fingerprint


def test_a_cut_keeps_pixels_labels_and_numbers_together() -> None:
    whole, cut = open_dataset("digits").part("train"), open_dataset("digits", limit=50).part("train")
    assert len(cut) == 50 and np.bincount(cut.labels).min() >= 4
    assert np.array_equal(cut.labels, whole.labels[cut.ids]) and cut.names[7] == whole.names[cut.ids[7]]
    assert np.array_equal(cut.images.take(np.arange(50)), whole.images.take(cut.ids))


def test_mnist_counts_are_the_published_ones(shared_data: Path) -> None:
    dataset = open_dataset("mnist", data_dir=shared_data)
    assert np.bincount(dataset.part("train").labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(dataset.part("test").labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert dataset.part("test").labels[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]
