"""HDF5 files made to hurt: each is one sentence, before anything is read, opened elsewhere or given memory."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.stores import apart, held
from pellucid.data.opening import open_dataset
from pellucid.data.store.writing import write_hdf5
from pellucid.errors import PellucidError
from tests.stores.sets import dataset

h5py = pytest.importorskip("h5py")
MB, MORE = 1 << 20, 96
Attack = Callable[[Any], None]


def again(name: str, how: Callable[[Any, str], None]) -> Attack:
    """Put something else in the place of an array."""
    def change(file: Any) -> None:
        del file[name]
        how(file, name)

    return change


def external(file: Any, name: str) -> None:
    file.create_dataset(name, (11, 5, 4, 6), "u2", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def view(file: Any, name: str) -> None:
    layout = h5py.VirtualLayout((11, 5, 4, 6), "u2")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (11, 5, 4, 6))
    file.create_virtual_dataset(name, layout)


def filtered(file: Any, name: str) -> None:
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_chunk((1, 5, 4, 6))
    how.set_filter(32_015, h5py.h5z.FLAG_OPTIONAL, (3,))  # another program's, loaded from a path
    space = h5py.h5s.create_simple((11, 5, 4, 6))
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_UINT16, space, how)


def of_shape(*shape: int, dtype: Any = "u2", **given: Any) -> Callable[[Any, str], None]:
    """An array that declares a shape, never written."""
    return lambda file, name: file.create_dataset(name, shape, dtype, **given) and None


def of_type(dtype: Any) -> Callable[[Any, str], None]:
    return lambda file, name: file.create_dataset(name, (11,), dtype) and None


def linked(to: Any) -> Callable[[Any, str], None]:
    return lambda file, name: file.__setitem__(name, to)


def told(**changed: Any) -> Attack:
    """Change what the store says of itself."""
    def change(file: Any) -> None:
        record = json.loads(bytes(file.attrs["pellucid"])) | changed
        file.attrs["pellucid"] = np.bytes_(json.dumps(record).encode())

    return change


def attribute(value: Any, dtype: Any = None) -> Attack:
    def change(file: Any) -> None:
        del file.attrs["pellucid"]
        file.attrs.create("pellucid", value, dtype=dtype)

    return change


REFERENCE = h5py.ref_dtype
ATTACKS: dict[str, tuple[Attack, str]] = {
    "pixels in another file": (again("x_train", external), "the numbers of 'x_train' lie in another file"),
    "labels in another file": (again("y_train", external), "the numbers of 'y_train' lie in another file"),
    "a view of another file": (again("x_train", view), "'x_train' is a view of other data sets"),
    "a filter to be loaded": (again("x_train", filtered), "'x_train' is packed by filter 32015, which is not loaded"),
    "an external link": (again("x_train", linked(h5py.ExternalLink("/etc/passwd", "/x"))), "is a link to another"),
    "a soft link to itself": (again("names_train", linked(h5py.SoftLink("/names_train"))), "is a link to another"),
    "a group that holds itself": (lambda file: (file.__delitem__("x_train"), file.__setitem__("x_train", file["/"])),
                                  "'x_train' must be an array, but it is a group"),
    "objects": (again("names_train", of_type(REFERENCE)), "'names_train' must hold plain numbers"),
    "records": (again("y_train", of_type([("a", "i4"), ("b", "S9")])), "'y_train' must hold plain numbers"),
    "arrays of arrays": (again("y_train", of_type(np.dtype(("u1", (1 << 20,))))), "'y_train' "),
    "text of any length": (again("y_train", of_type(h5py.string_dtype())), "'y_train' holds text of any length"),
    "petabytes of pixels": (again("x_train", of_shape(11, 1 << 20, 1 << 20, 1 << 10)), "takes 2,251,799,813,685,248"),
    "petabytes in chunks": (again("x_train", of_shape(11, 1 << 12, 1 << 12, 64, chunks=(1, 1 << 12, 1 << 12, 64))),
                            "bytes, and the file has"),
    "trillions of samples": (again("x_train", of_shape(1 << 40, 5, 4, 6)), "'x_train' is no list of 11 images"),
    "petabytes of labels": (again("y_train", of_shape(1 << 50)), "'y_train'"),
    "petabytes of names": (again("names_train", of_shape(1 << 30, dtype="S1000")), "'names_train'"),
    "names of gigabytes": (again("names_train", of_shape(11, dtype="S999999999")), "a text in an array may be at most"),
    "nothing": (again("y_train", lambda file, name: file.create_dataset(name, data=h5py.Empty("i8")) and None),
                "'y_train' must be an array, but it holds nothing"),
    "a number alone": (again("y_train", of_shape(dtype="i8")), "s.h5"),
    "more samples than there are": (told(parts={"train": 1 << 40, "validation": 3, "test": 5}), "s.h5 is damaged"),
    "parts of no name": (told(parts={"../../etc": 11}), "its record does not tell its parts"),
    "a fingerprint of no kind": (told(fingerprint="f" * 100_000), "its record does not tell name and fingerprint"),
    "a name of megabytes": (told(name="n" * 10_000), "the name of the data in a store may be at most 1,024 bytes"),
    "JSON without end": (attribute(np.bytes_(b"[" * 60_000)), "'pellucid' attribute is not JSON"),
    "a record of numbers": (attribute(np.arange(9)), "s.h5"),
    "a record of objects": (attribute([b"{}", b"{}"], h5py.string_dtype()), "s.h5"),
}  # fmt: skip


def opened_all(folder: Path) -> dict[str, Any]:
    """What each file came to, with MORE MB of memory at most."""
    most = int(held("VmData") + MORE) * MB
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    said: dict[str, dict[str, str]] = {"store": {}, "plain": {}}
    for kind, name in product(said, ATTACKS):
        try:
            open_dataset(str(folder / kind / name / "s.h5")).part("train").images.take(np.arange(3))
            said[kind][name] = "it was read"
        except PellucidError as fault:
            said[kind][name] = str(fault)
        except BaseException as fault:
            said[kind][name] = f"a fault: {fault!r}"
    return said


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_files_that_are_made_to_hurt(tmp_path: Path) -> None:
    for kind, (name, (change, _)) in product(("store", "plain"), ATTACKS.items()):
        path = tmp_path / kind / name / "s.h5"
        path.parent.mkdir(parents=True)
        write_hdf5(dataset(), path)
        with h5py.File(path, "r+", libver="v110") as file:
            change(file)
            if kind == "plain":  # as any other program would have written it
                del file.attrs["pellucid"]
        assert path.stat().st_size < 300_000
    found = apart(opened_all, tmp_path)
    assert "fault" not in found, found
    wrong = {name: found["store"][name] for name, (_, part) in ATTACKS.items()
             if part not in found["store"][name] or len(found["store"][name]) > 500 + len(str(tmp_path))}
    assert wrong == {}
    spoilt = {name: said for name, said in found["plain"].items() if said.startswith("a fault")}
    assert spoilt == {}
    pixels = ("pixels in another file", "petabytes of pixels", "a view of another file", "a filter to be loaded")
    assert [name for name in pixels if found["plain"][name] == "it was read"] == []
