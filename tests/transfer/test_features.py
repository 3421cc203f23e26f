"""A store of features: written a batch at a time, read without risk, as good to learn from as a frozen network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.data.opening import open_dataset
from pellucid.errors import ArgumentError, DataError, FileError
from pellucid.layers import Dense, Input
from pellucid.models import Model, Sequential, load_model
from pellucid.using.features import write_features
from tests.cli.terminal import Terminal, write_npz
from tests.transfer.nets import compiled, copies, images, small

h5py = pytest.importorskip("h5py")


@pytest.fixture
def trained(terminal: Terminal, tmp_path: Path) -> Path:
    """A run of a small network on data.npz, in the folder where commands are typed."""
    write_npz(Path("data.npz"))
    words = ["--model", "conv_4,pool,conv_5,FC_6", "--epochs", "2", "--preprocess", "scale,standardize", "--out", "run"]
    assert terminal.type("train", "data.npz", *words).code == 0
    return Path("run")


def test_the_command(terminal: Terminal, trained: Path) -> None:
    typed = terminal.type("features", trained, "--out", "f.h5", "--json", "--batch-size", "5")
    assert typed.code == 0, typed.err
    told = json.loads(typed.out)
    assert told["layer"] == "dense" and told["shape"] == [6]
    assert told["n"] == {"train": 22, "validation": 2, "test": 12}
    with h5py.File("f.h5") as file:
        assert set(file) == {"classes", *(f"{axis}_{part}" for axis in "xy" for part in ("train", "val", "test"))}
        assert all(entry.dtype.kind in "fiS" and not entry.dtype.hasobject for entry in file.values())
        x = file["x_test"][()]
    model = load_model(trained / "model.safetensors")
    pixels = model.preprocessing.apply(np.load("data.npz")["x_test"])
    wanted = Model(model.input, model.get_layer("dense").output).predict(pixels)
    np.testing.assert_allclose(x, wanted, rtol=1e-5, atol=1e-6)
    again = terminal.type("features", trained, "--out", "g.h5", "--batch-size", "64")
    assert again.code == 0 and "g.h5: dense of run, train 22, validation 2, test 12, each of shape (6,)" in again.out
    typed = terminal.type("train", "f.h5", "--epochs", "3", "--lr", "0.05", "--out", "head", "--json")
    assert typed.code == 0 and json.loads(typed.out)["n"] == 12
    assert "linear: 14 parameters" in typed.err and "features: dense of run on data" in typed.err
    assert terminal.type("data", "info", "f.h5").code == 0
    assert terminal.type("evaluate", "head", "f.h5").code == 0


def test_a_map_and_other_data(terminal: Terminal, trained: Path) -> None:
    write_npz(Path("more.npz"), x_test=None, y_test=None)
    words = ["features", trained / "model.safetensors", "more.npz", "--layer", "max_pooling2d", "--out", "maps.h5"]
    assert terminal.type(*words).code == 0
    data = open_dataset("maps.h5")
    assert data.image_shape == (3, 3, 4) and set(data.parts) == {"train"}
    assert terminal.type("train", "maps.h5", "--epochs", "1", "--model", "conv_3,FC_4", "--out", "on-maps").code == 0
    refused: list[tuple[int, list[str], list[str]]] = [
        (2, ["--layer must be one of input, conv2d, max_pooling2d", "'pool5'"], ["--layer", "pool5"]),
        (2, ["--out must be a name that ends in .h5, but it is 'f.npz'"], ["--out", "f.npz"]),
        (1, ["cannot be written", "folder does not exist"], ["--out", "nowhere/f.h5"]),
    ]
    for code, parts, flags in refused:
        terminal.refused(code, parts, "features", trained, *flags)
    write_npz(Path("small.npz"), x_train=np.zeros((24, 4, 4, 1), np.uint8), x_test=None, y_test=None)
    assert terminal.type("features", trained / "model.safetensors", "small.npz", "--out", "s.h5").code == 0  # resized
    assert [path for path in Path().iterdir() if path.name.startswith(".")] == []


def test_a_head_on_features_is_a_head_on_the_frozen_network(tmp_path: Path) -> None:
    """The same batches in the same order: the same weights to rounding, float64."""
    x, y = images(40)
    whole = compiled(small())
    whole.fit(x, y, epochs=1, verbose=0)
    whole.freeze()
    trunk = Model(whole.input, whole.get_layer("flatten").output)
    features = trunk.predict(x)
    p.set_random_seed(9)
    head = compiled(Sequential([Input(features.shape[1:]), Dense(3, activation="softmax", name="out")]))
    head.set_weights(whole.get_layer("out").get_weights())
    compiled(whole)  # slots at rest, as the head's
    given: dict[str, Any] = {"epochs": 5, "batch_size": 8, "shuffle": False, "verbose": 0}
    first, second = whole.fit(x, y, **given).history["loss"], head.fit(features, y, **given).history["loss"]
    assert first == pytest.approx(second, rel=1e-5)
    for name in ("out/kernel", "out/bias"):
        np.testing.assert_allclose(copies(whole)[name], copies(head)[name], rtol=1e-4, atol=1e-6)


def test_memory_is_bounded_by_the_batch(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more images than a batch are taken at once, and the store is mapped when it is read.

    The split looks for copies first, in chunks of its own bound, which are made as small here.
    """
    from pellucid.data import likeness
    from pellucid.data.images import ArrayImages

    monkeypatch.setattr(likeness, "CHUNK_BYTES", 5 * 7 * 6 * 3)

    taken: list[int] = []
    take = ArrayImages.take

    def counted(self: Any, indices: Any) -> Any:
        taken.append(len(indices))
        return take(self, indices)

    monkeypatch.setattr(ArrayImages, "take", counted)
    write_features(str(trained), None, out="f.h5", batch_size=5)
    assert max(taken) == 5
    part = open_dataset("f.h5").part("train")
    base = part.images.array  # type: ignore[attr-defined]
    while not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_a_write_that_fails_leaves_nothing(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.using import features

    Path("f.h5").write_bytes(b"what was here before")

    def broken(*given: Any) -> Any:
        yield np.zeros((2, 6), np.float32)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(features, "features_of", broken)
    with pytest.raises(FileError, match=r"f.h5 cannot be written: the disk is full"):
        write_features(str(trained), None, out="f.h5")
    assert Path("f.h5").read_bytes() == b"what was here before" and not list(Path().glob(".*.tmp"))


# --- reading stores of others -----------------------------------------------------------------------------------------

def store(path: Path, **changed: Any) -> Path:
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x_train": random.integers(0, 255, (12, 5, 4, 3), dtype=np.uint8), "y_train": np.arange(12) % 3,
        "x_val": random.integers(0, 255, (6, 5, 4, 3), dtype=np.uint8), "y_val": np.arange(6) % 3,
        "classes": np.array([b"cat", b"dog", "hühnchen".encode()]),
    } | changed  # fmt: skip
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            if array is not None:
                file[name] = array
    return path


def test_a_store_of_images(tmp_path: Path) -> None:
    path = store(tmp_path / "s.h5")
    data = open_dataset(str(path))
    assert data.class_names == ("cat", "dog", "hühnchen") and data.dtype == np.uint8
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 12, "validation": 6}
    with h5py.File(path) as file:
        arrays = {name: file[name][()] for name in file if name != "classes"}
    np.testing.assert_array_equal(data.part("validation").images.take(np.array([4, 1])), arrays["x_val"][[4, 1]])
    np.savez(tmp_path / "s.npz", **arrays, class_names=np.array(["cat", "dog", "hühnchen"]))
    assert open_dataset(str(tmp_path / "s.npz")).fingerprint == data.fingerprint
    with h5py.File(tmp_path / "packed.h5", "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip", chunks=True)
    packed = open_dataset(str(tmp_path / "packed.h5"))
    assert packed.fingerprint == data.fingerprint and "x_train is packed and was read into memory" in packed.notes
    assert open_dataset(str(path), limit=6, resize=(3, 3)).image_shape == (3, 3, 3)


def test_groups_come_along(tmp_path: Path) -> None:
    names = np.array([f"plate {number // 4}".encode() for number in range(12)])
    path = store(tmp_path / "s.h5", x_val=None, y_val=None, groups_train=names)
    groups = open_dataset(str(path)).part("train").groups
    assert groups is not None and list(groups[:5]) == ["plate 0"] * 4 + ["plate 1"]
    with pytest.raises(DataError, match="groups_train must name the group of every sample"):
        open_dataset(str(store(tmp_path / "t.h5", groups_train=names[:3])))


@pytest.mark.parametrize(("changed", "fault", "words"), [
    ({"y_train": None}, DataError, "there is x_train but no y_train. An HDF5 store needs"),
    ({"x_train": np.full((12, 5, 4, 3), np.nan)}, DataError, r"720 values are NaN or infinite, the first at \[0, 0, 0"),
    ({"x_train": np.zeros((12, 60))}, DataError, r"x_train must be images of shape"),
    ({"y_train": np.array(["1", "a"] * 6, "S1")}, DataError, "'y_train' holds text"),
    ({"y_train": ["text of any", "length"]}, DataError, "'y_train' holds text"),
    ({"classes": np.zeros(3, [("a", "u1"), ("b", "u1")])}, FileError, "'classes' must hold plain numbers, but its"),
])  # fmt: skip
def test_stores_that_are_no_data(changed: dict[str, Any], fault: type[Exception], words: str, tmp_path: Path) -> None:
    with pytest.raises(fault, match=words):
        open_dataset(str(store(tmp_path / "s.h5", **changed)))


def test_what_goes_with_images_alone(terminal: Terminal, trained: Path) -> None:
    assert terminal.type("features", trained, "--out", "f.h5").code == 0
    with pytest.raises(ArgumentError, match="holds features of images, which have no size or colours"):
        open_dataset("f.h5", resize=(4, 4))
    whole = Path("f.h5").read_bytes()
    Path("cut.h5").write_bytes(whole[: len(whole) // 2])
    terminal.refused(1, ["cut.h5"], "data", "info", "cut.h5")
