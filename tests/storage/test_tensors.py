"""Named arrays come back with the same bits, and the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError
from pellucid.storage.plain import restored
from pellucid.storage.tensors import DTYPES, FORMAT, KEY, read_tensors, write_tensors


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(5)
    return {
        "z/kernel": rng.normal(size=(3, 2, 5)).astype(np.float32),
        "transposed": rng.normal(size=(4, 7)).T,
        "strided": rng.normal(size=(6, 5))[::2, ::-1],
        "big_endian": rng.normal(size=(2, 3)).astype(">f8"),
        "scalar": np.array(2.5),
        "none_of_them": np.zeros((0, 3), np.int32),
        "odd": np.array([np.nan, np.inf, -0.0, 5e-324]),
    }


def test_arrays_of_every_layout_come_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    given = arrays()
    write_tensors(path, given, {})
    got, _ = read_tensors(path)
    assert list(got) == sorted(given)
    for name, array in given.items():
        native = array.astype(array.dtype.newbyteorder("="))
        assert got[name].shape == array.shape, name
        assert got[name].dtype == native.dtype, name
        assert got[name].tobytes() == native.tobytes(), name
        assert got[name].flags.c_contiguous and got[name].flags.writeable and got[name].flags.aligned, name


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_comes_back(dtype: str, tmp_path: Path) -> None:
    given = np.arange(7).astype(dtype)
    write_tensors(tmp_path / "a.safetensors", {"x": given}, {})
    got = read_tensors(tmp_path / "a.safetensors")[0]["x"]
    assert got.dtype == given.dtype
    np.testing.assert_array_equal(got, given)


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([None]), np.zeros(2, complex)], ids=str)
def test_an_array_that_is_no_plain_number_is_refused(array: np.ndarray[Any, Any], tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="array 'x': dtype must be a plain number or bool, but it is"):
        write_tensors(tmp_path / "a.safetensors", {"x": array}, {})
    assert not list(tmp_path.iterdir())


def test_the_order_of_the_input_does_not_change_a_byte(tmp_path: Path) -> None:
    given, record = arrays(), {"seed": 1, "names": ["é", "b"], "a": 0.1}
    write_tensors(tmp_path / "a", given, record)
    write_tensors(tmp_path / "b", dict(reversed(given.items())), dict(reversed(record.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np; from pellucid.storage.tensors import write_tensors\n"
        "write_tensors(sys.argv[1], {n: np.arange(3.0) for n in {'b', 'a', 'c', 'd'}}, {n: 1 for n in {'y', 'x', 'z'}})"
    )
    digests = set()
    for seed in ("1", "2"):
        path = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        subprocess.run([sys.executable, "-c", program, path], check=True, env=environment)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_the_record_is_one_metadata_key_with_sorted_json(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": np.zeros(2)}, {"b": [1, 2], "a": {"d": None, "c": 0.1}})
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    (text,) = header["__metadata__"].values()
    record = json.loads(text)
    assert header["__metadata__"] == {KEY: json.dumps(record, sort_keys=True, separators=(",", ":"))}
    assert set(record.pop("checksums")) == {"record", "tensors"}
    assert record == {"a": {"c": 0.1, "d": None}, "b": [1, 2], "format": 1}
    assert read_tensors(path)[1] == {"a": {"c": 0.1, "d": None}, "b": [1, 2], "format": FORMAT}


def test_the_record_keeps_the_bits_of_floats(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    values = [*rng.normal(size=50).tolist(), *(10.0 ** rng.uniform(-300, 300, 50)).tolist(), -0.0, 5e-324]
    write_tensors(tmp_path / "a", {}, {"values": values})
    assert [v.hex() for v in read_tensors(tmp_path / "a")[1]["values"]] == [v.hex() for v in values]


def test_nan_in_the_record_is_refused_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(ArgumentError, match=r"a\.safetensors: metrics: loss: the value is nan, which JSON cannot hold"):
        write_tensors(path, {}, {"metrics": {"loss": float("nan")}})
    write_tensors(path, {}, {"loss": float("-inf")}, keep_nonfinite=True)
    assert restored(read_tensors(path)[1]["loss"]) == float("-inf")
