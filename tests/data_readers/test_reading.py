"""How files are read: the memory of hashes, decoding on demand, what `data info` says, known names, real sets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import describe_dataset, file_images, find_known, open_dataset, parse_size, pictures
from pellucid.data.sources import Source
from pellucid.errors import ArgumentError, UsageError

Make = Callable[..., Path]
LONG_AGO = 1_700_000_000_000_000_000


def settle(root: Path, when: int = LONG_AGO) -> None:
    for path in root.rglob("*.png"):
        os.utime(path, ns=(when, when))


def test_files_are_hashed_again_only_when_size_or_time_changed(
        tmp_path: Path, class_folder: Make, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = class_folder(tmp_path / "set", "cat", "dog")
    settle(root)
    monkeypatch.setattr(pictures, "LOAD_BYTES", 0)                    # leave decoding for later: only the survey reads
    read: list[str] = []
    plain = Source.read
    monkeypatch.setattr(Source, "read", lambda self: read.append(self.path) or plain(self))
    first = open_dataset(str(root)).fingerprint
    assert len(read) == 6 and len(list((own_cache / "files").iterdir())) == 1
    assert open_dataset(str(root)).fingerprint == first and len(read) == 6
    changed = root / "cat" / "cat_1.png"
    changed.write_bytes((root / "dog" / "dog_0.png").read_bytes())
    assert open_dataset(str(root)).fingerprint != first and read[6:] == ["cat/cat_1.png"]


def test_a_broken_cache_or_one_that_cannot_be_written_is_no_fault(
        tmp_path: Path, class_folder: Make, own_cache: Path) -> None:
    root = class_folder(tmp_path / "set", "cat", "dog")
    settle(root)
    first = open_dataset(str(root)).fingerprint
    [cache] = (own_cache / "files").iterdir()
    for content in (b"", b"[1, 2]", b"\xff\x00", b'{"a": 3}'):
        cache.write_bytes(content)
        assert open_dataset(str(root)).fingerprint == first
    cache.unlink()
    (own_cache / "files").rmdir()
    (own_cache / "files").write_bytes(b"in the way")
    assert open_dataset(str(root)).fingerprint == first


def test_large_sets_are_decoded_each_time_and_small_ones_once(
        tmp_path: Path, class_folder: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = class_folder(tmp_path / "set", "cat", "dog")
    reference = open_dataset(str(root)).part("train").images.take(np.array([4, 0, 4]))
    decoded: list[str] = []
    plain = file_images.read_source
    monkeypatch.setattr(file_images, "read_source", lambda *a, **k: decoded.append(a[0].path) or plain(*a, **k))
    monkeypatch.setattr(pictures, "LOAD_BYTES", 0)
    for keep, expected in ((1 << 30, 2), (0, 6)):
        monkeypatch.setattr(file_images, "KEEP_BYTES", keep)
        images = open_dataset(str(root)).part("train").images
        decoded.clear()
        taken = [images.take(np.array([4, 0, 4])) for _ in range(2)]
        assert len(decoded) == expected and all(np.array_equal(each, reference) for each in taken)
        taken[0][:] = 0
        assert np.array_equal(images.take(np.array([4, 0, 4])), reference)


def test_info_is_json_and_counts(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "pets", "train/cat", "train/dog", "test/cat")
    info = json.loads(json.dumps(describe_dataset(open_dataset(str(tmp_path / "pets"))), allow_nan=False))
    assert info["name"] == "pets" and info["classes"] == ["cat", "dog"] and len(info["fingerprint"]) == 64
    assert info["parts"]["train"]["per_class"] == {"cat": 3, "dog": 3}
    assert info["parts"]["test"]["per_class"] == {"cat": 3, "dog": 0} and info["parts"]["test"]["n"] == 3
    assert info["image"] == {"height": 5, "width": 4, "channels": 3, "channel_names": ["red", "green", "blue"],
                             "dtype": "uint8"}
    pixels = info["parts"]["train"]["pixels"]
    assert pixels["sample"] == 6 and pixels["min"] < 10 and pixels["max"] > 245 and 100 < pixels["mean"] < 155


def test_known_names_are_looked_for_in_order(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [tmp_path / "option", tmp_path / "variable", own_cache / "data"]
    monkeypatch.setenv("PELLUCID_DATA", str(places[1]))
    looked = r".*option.mnist, .*variable.mnist, .*data.mnist"
    with pytest.raises(UsageError, match=rf"'mnist' was not found; looked at {looked}.*--data-dir FOLDER"):
        open_dataset("mnist", data_dir=places[0])
    for place in reversed(places):
        (place / "mnist").mkdir(parents=True)
        assert find_known("mnist", places[0]) == place / "mnist"


@pytest.mark.parametrize(("text", "size"), [("28x30", (28, 30)), ("8X8", (8, 8)), ("4×5", (4, 5))])
def test_sizes_are_height_by_width(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["28", "x28", "28x", "1x2x3", "0x5", "a x b", "-3x4", "3.5x4"])
def test_sizes_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"--resize must be HxW in pixels, e\.g\. 64x64"):
        parse_size(text)


def test_fruits_lie_in_one_tar(shared_data: Path) -> None:
    dataset = open_dataset("fruits360-mini", data_dir=shared_data, limit=64, resize=(20, 20))
    assert {name: np.bincount(part.labels).tolist() for name, part in dataset.parts.items()} == {
        "train": [4] * 16, "test": [4] * 16}
    assert dataset.class_names[:2] == ("Apricot", "Avocado") and dataset.image_shape == (20, 20, 3)
    assert dataset.part("test").names[0].startswith("Test/Apricot/")


def test_cifar_counts_and_a_picture_known_by_eye(shared_data: Path) -> None:
    dataset = open_dataset("cifar10", data_dir=shared_data, limit=500)
    train = dataset.part("train")
    assert np.bincount(train.labels).tolist() == [50] * 10 and len(dataset.part("test")) == 500
    assert dataset.image_shape == (32, 32, 3) and dataset.class_names[9] == "truck"
    assert int(train.ids.max()) < 50_000 <= int(dataset.part("test").ids.min())
    names = np.array([name.split("/")[1] for name in train.names])
    assert (names == np.array(dataset.class_names)[train.labels]).all()
    planes, frogs = (train.images.take(np.flatnonzero(names == word)).mean((0, 1, 2)) for word in ("airplane", "frog"))
    assert planes[2] > frogs[2] + 20                          # aeroplanes fly in a blue sky, frogs do not
