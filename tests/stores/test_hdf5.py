"""An HDF5 store: the same figures as from the files, every channel and dtype, killed and resumed, damaged, safe."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.cli import working
from pellucid.data.annotations import Numbers
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.store.writing import write_hdf5
from pellucid.errors import FileError
from pellucid.storage import resumable, writer
from tests.cli.terminal import Terminal, write_npz
from tests.stores.killing import Killing, killed_at
from tests.stores.sets import dataset, write_folder

h5py = pytest.importorskip("h5py")
MOMENTS = 10


def equal(found: Dataset, wanted: Dataset) -> None:
    """Every part alike: pixels, annotations, names, numbers, groups."""
    assert (found.name, found.class_names, found.channel_names, found.fingerprint, found.undivided) == (
        wanted.name, wanted.class_names, wanted.channel_names, wanted.fingerprint, wanted.undivided)
    assert list(found.parts) == list(wanted.parts) and found.dtype == wanted.dtype
    for name, part in found.parts.items():
        other = wanted.parts[name]
        rows = np.random.default_rng(1).permutation(len(other))
        np.testing.assert_array_equal(part.images.take(rows), other.images.take(rows))
        assert part.images.take(rows[:0]).shape == (0, *other.images.shape[1:])
        np.testing.assert_array_equal(part.ids, other.ids)
        assert list(part.names) == list(other.names)
        assert (part.groups is None) == (other.groups is None)
        assert part.groups is None or part.groups.tolist() == other.groups.tolist()  # type: ignore[union-attr]
        np.testing.assert_array_equal(part.annotations.strata, other.annotations.strata)


@pytest.mark.parametrize(("shape", "dtype", "numbers"), [((5, 4, 6), "u2", False), ((3, 7, 1), "u1", True),
                                                         ((4, 3, 2), "f4", False), ((2, 2, 3), "f8", True)])
def test_what_was_written_is_read(shape: tuple[int, int, int], dtype: str, numbers: bool, tmp_path: Path) -> None:
    wanted = dataset(shape, dtype, numbers=numbers, groups=not numbers)
    assert write_hdf5(wanted, tmp_path / "s.h5") == 0
    found = open_dataset(str(tmp_path / "s.h5"))
    equal(found, wanted)
    if numbers:
        known = found.part("test").annotated(Numbers)
        assert (known.names, known.units) == (("width", "mass"), ("mm", ""))
        np.testing.assert_array_equal(known.values, wanted.part("test").annotated(Numbers).values)
    with h5py.File(tmp_path / "s.h5") as file:  # a plain file to every other program
        assert file["x_train"].chunks == (1, *shape) and file["x_train"].dtype == dtype
        np.testing.assert_array_equal(file["x_test"][:], wanted.part("test").images.take(np.arange(5)))
    write_hdf5(wanted, tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "s.h5").read_bytes()
    rows = pickle.loads(pickle.dumps(found.part("train").images))  # noqa: S301  (as a worker gets it)
    np.testing.assert_array_equal(rows.take(np.array([2])), wanted.part("train").images.take(np.array([2])))


def test_a_store_learns_what_the_folder_learns(terminal: Terminal) -> None:
    """The same bits, split, copies and model file among them; also from an NPZ, cut, and resized with --fit."""
    write_folder(Path("pictures"))
    write_npz(Path("data.npz"))
    words = ["--model", "conv_3,pool,FC_4", "--epochs", "2", "--no-checks", "--engine", "reference"]
    for number, (data, flags) in enumerate([("pictures", []), ("data.npz", []), ("pictures", ["--limit", "15"]),
                                            ("pictures", ["--resize", "6x5", "--fit", "crop"])]):
        store, plain, stored = f"{number}.h5", f"plain{number}", f"stored{number}"
        typed = terminal.type("data", "convert", data, "--to", "hdf5", "--out", store, *flags)
        assert typed.code == 0 and f"{store}: train " in typed.out, typed
        assert terminal.type("train", data, *flags, *words, "--out", plain).code == 0
        assert terminal.type("train", store, *words, "--out", stored).code == 0
        for name in ("history.csv", "model.safetensors"):
            assert Path(stored, name).read_bytes() == Path(plain, name).read_bytes(), (data, flags, name)
        typed = terminal.type("evaluate", plain, store, "--json")
        if not flags:  # known by its fingerprint for the run's own
            assert json.loads(typed.out)["accuracy"] == json.loads(Path(plain, "metrics.json").read_text())["accuracy"]
    assert "fit" not in json.loads(Path("plain3/config.json").read_text())["environment"]
    assert not list(Path().glob("*.partial*"))


def test_settings_of_a_conversion(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(Path("pictures"))
    monkeypatch.setattr(working, "BETWEEN", -1.0)  # a line each time, not every ten seconds
    convert = ["data", "convert", "pictures", "--to"]
    typed = terminal.type(*convert, "hdf5", "--out", "g.h5", "--channels", "gray", "--val-fraction", "0.25")
    assert typed.code == 0 and "train 19, validation 6, test 12; images 9x8x1 uint8 (gray)" in typed.out
    assert "g.h5: 1 of 37 images\n" in typed.err and typed.err.endswith("g.h5: 37 of 37 images\n")
    typed = terminal.type("data", "info", "g.h5", "--channels", "rgb", "--resize", "4x4", "--json")
    assert json.loads(typed.out)["image"] == {"height": 4, "width": 4, "channels": 3, "dtype": "uint8",
                                              "channel_names": ["red", "green", "blue"]}
    for parts, words in (
        (["--to must be hdf5, shards, voc, coco, yolo, csv or pts, but it is", "tfrecord"], ["tfrecord", "--out", "x"]),
        (["--out must be a name that ends in .h5, but it is 'x'"], ["hdf5", "--out", "x"]),
        (["--strict is for boxes and points"], ["hdf5", "--out", "x.h5", "--strict"]),
        (["--resize goes with --to hdf5; voc keeps pictures as they are"], ["voc", "--out", "x", "--resize", "4x4"]),
        (["its folder does not exist. Make it with: mkdir -p no"], ["hdf5", "--out", "no/x.h5"]),
    ):
        terminal.refused(1 if "no/x.h5" in words else 2, parts, *convert, *words)


# --- killed, a full disk, two at once ---------------------------------------------------------------------------------

@pytest.mark.parametrize("moments", [4, pytest.param(MOMENTS, marks=pytest.mark.soak)])
def test_killed_it_goes_on(moments: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name holds the older file or the whole new one, never half of one; the rest is written to the same bytes."""
    monkeypatch.setattr(resumable, "SYNCED", 1000)  # bytes: a store of kilobytes is synced as one of gigabytes
    data, path = dataset(scale=2), tmp_path / "s.h5"
    counting = Killing()
    monkeypatch.setattr(writer, "system", counting)
    write_hdf5(data, path)
    monkeypatch.setattr(writer, "system", writer.System())
    whole = path.read_bytes()
    went_on = 0
    for moment in np.linspace(0, counting.calls - 1, moments, dtype=int).tolist():
        path.write_bytes(b"older")
        killed_at(moment, lambda: write_hdf5(data, path))
        assert path.read_bytes() in ((b"older",) if moment < counting.calls - 1 else (b"older", whole)), moment
        went_on += write_hdf5(data, path) > 0
        assert path.read_bytes() == whole, moment
        assert sorted(tmp_path.iterdir()) == [path], moment
    assert went_on >= moments // 2


def test_another_conversion_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable, "SYNCED", 1000)
    path = tmp_path / "s.h5"
    killed_at(60, lambda: write_hdf5(dataset(), path))
    assert (tmp_path / "s.h5.partial").exists() and not path.exists()
    other = dataset(groups=False)
    assert write_hdf5(other, path) == 0
    equal(open_dataset(str(path)), other)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_full_disk_and_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.faults.test_full_store import Filling

    monkeypatch.setattr(resumable, "SYNCED", 1000)
    data, path = dataset(scale=3), tmp_path / "s.h5"
    monkeypatch.setattr(writer, "system", Filling(22_000))
    with pytest.raises(FileError, match=r"s\.h5 cannot be written: the disk is full.*same command goes on from there"):
        write_hdf5(data, path)
    monkeypatch.setattr(writer, "system", writer.System())
    refused: list[str] = []

    def second(done: int) -> None:
        if not refused:
            with pytest.raises(FileError) as fault:
                write_hdf5(data, path)
            refused.append(str(fault.value))

    assert write_hdf5(data, path, second) > 0
    assert "s.h5: another process is writing it." in refused[0]
    equal(open_dataset(str(path)), data)


def test_what_is_in_the_way_stays(tmp_path: Path) -> None:
    """A file of the user's under the name of a partial one is not ours to remove, nor what a link leads to."""
    mine = tmp_path / "s.h5.partial"
    mine.write_bytes(b"mine")
    with pytest.raises(FileError, match=r"s\.h5\.partial is in the way, and is none that a conversion left"):
        write_hdf5(dataset(), tmp_path / "s.h5")
    assert mine.read_bytes() == b"mine"
    mine.rename(tmp_path / "elsewhere")
    mine.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError, match="is a link, and what is written must not leave its folder"):
        write_hdf5(dataset(), tmp_path / "s.h5")
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"


# --- damaged ----------------------------------------------------------------------------------------------------------

def spoil(name: str, place: tuple[int, ...], value: Any) -> Callable[[Any], None]:
    """Change a number of an array."""
    return lambda file: file[name].__setitem__(place, value)


def record(**changed: Any) -> Callable[[Any], None]:
    """Change what a store says of itself."""
    def change(file: Any) -> None:
        told = json.loads(bytes(file.attrs["pellucid"])) | changed
        file.attrs["pellucid"] = np.bytes_(json.dumps(told, sort_keys=True).encode())

    return change


def hollow(file: Any) -> None:
    del file["x_train"]
    file.create_dataset("x_train", (11, 5, 4, 6), "u2", chunks=(1, 5, 4, 6))


def packed(file: Any) -> None:
    x = file["x_train"][:]
    del file["x_train"]
    file.create_dataset("x_train", data=x, chunks=(1, 5, 4, 6), compression="gzip")


@pytest.mark.parametrize(("change", "said"), [
    (spoil("x_train", (3, 2, 1, 5), 7), "row 3 of 'x_train' is not what was written. Write it again"),
    (spoil("y_train", (3,), 1), "s.h5 is damaged: its labels, names or record are not what was written"),
    (record(fingerprint="0" * 64), "s.h5 is damaged: its labels, names or record are not what was written"),
    (record(format=2), "was written by a newer Pellucid (format 2, and 1 is known here)"),
    (record(parts={"train": 10**12}), "its labels, names or record are not what was written"),
    (record(parts={"train": "many"}), "its record does not tell its parts"),
    (hollow, "'x_train' reaches beyond the end of the file, which is cut short or damaged"),
    (packed, "'x_train' is packed, or not kept image by image"),
    (lambda file: file.__delitem__("x_test"), "it has no 'x_test'"),
])  # fmt: skip
def test_a_store_that_was_changed(change: Callable[[Any], None], said: str, tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    write_hdf5(dataset(), path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(FileError) as fault:
        open_dataset(str(path)).part("train").images.take(np.arange(11))
    assert said in str(fault.value) and str(path) in str(fault.value)


def test_a_store_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    write_hdf5(dataset((30, 30, 6)), path)
    whole, found = path.read_bytes(), open_dataset(str(path))
    path.write_bytes(whole[: len(whole) - 4000])
    with pytest.raises(FileError, match=r"s\.h5"):
        open_dataset(str(path))
    with pytest.raises(FileError, match="'x_test' ends in row 4: the file was cut short"):
        found.part("test").images.take(np.array([0, 4]))
