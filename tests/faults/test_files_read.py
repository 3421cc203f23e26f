"""Files that are broken, foreign or hostile: each is refused with one sentence that names the file and the remedy."""

from __future__ import annotations

import errno
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from pellucid.errors import FileError
from pellucid.storage import tensors
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint
from pellucid.storage.model_file import read_model, write_model
from pellucid.storage.reading import read_json, read_text
from pellucid.storage.tables import read_csv
from pellucid.storage.tensors import KEY, read_tensors, write_tensors

OURS = "Give a .safetensors file that Pellucid saved."
AGAIN = "Copy it again from where it came."
PICKLE = f"is a pickle, which can run code when it is opened, not a safetensors file. {OURS}"
HEADER = "is not a safetensors file (its header"
NEWER = (
    "has format 2, and this Pellucid reads formats up to 1. Install a newer Pellucid: pip install --upgrade pellucid"
)


def whole() -> bytes:
    return safetensors.numpy.save({"a/kernel": np.arange(60.0)}, metadata={KEY: '{"format":1}'})


def framed(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def foreign(metadata: dict[str, str] | None = None) -> bytes:
    return safetensors.numpy.save({"a": np.zeros(2)}, metadata=metadata)


def with_record(record: str) -> bytes:
    return foreign(metadata={KEY: record})


def entry(**changes: Any) -> dict[str, Any]:
    array = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16], **changes}
    return {"__metadata__": {KEY: '{"format":1}'}, "a": array}


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", f"is empty. {AGAIN}"),
    "five bytes": (lambda: b"\x01\x00\x00\x00\x00", f"is cut short: it has 5 bytes. {AGAIN}"),
    "cut in the header": (lambda: whole()[:40], f"of 40. {AGAIN}"),
    "cut in the numbers": (lambda: whole()[:-1], f"is cut short: its arrays need 480 bytes and it has 479. {AGAIN}"),
    "a byte too many": (lambda: whole() + b"x", AGAIN),
    "a pickle": (lambda: pickle.dumps({"a": [1] * 50}), PICKLE),
    "an old pickle": (lambda: pickle.dumps({"a": [1] * 50}, protocol=2), PICKLE),
    "a tiny pickle": (lambda: pickle.dumps(1, protocol=2), "is a pickle"),
    "a text pickle": (lambda: pickle.dumps({"a": [1] * 50}, protocol=0), f"{HEADER} would take"),
    "HDF5": (
        lambda: b"\x89HDF\r\n\x1a\n" + bytes(2000),
        f"is an HDF5 file (Keras .h5), not a safetensors file. {OURS}",
    ),
    "a huge header": (
        lambda: framed(b" " * (16 * 2**20 + 1)),
        f"{HEADER} would take 16,777,217 bytes, and 16,777,216 is the most). {OURS}",
    ),
    "a header that is no JSON": (lambda: framed(b"{oops"), f"{HEADER} is not JSON). {OURS}"),
    "a header that is deep": (lambda: framed(b"[" * 200_000), f"{HEADER} is not JSON)"),
    "a header that is a list": (lambda: framed([1]), f"{HEADER} is not a JSON object). {OURS}"),
    "an entry without a place": (lambda: framed({"a": 3}), f"is damaged: an array in its header has no place. {AGAIN}"),
    "another program": (
        lambda: foreign(metadata={"format": "pt"}),
        f"was written by another program: it has no 'pellucid' record. {OURS}",
    ),
    "another program without a record": (lambda: foreign(), "was written by another program"),
    "a record that is no JSON": (lambda: with_record("{"), f"is damaged: its 'pellucid' record is not JSON. {AGAIN}"),
    "a record that is no dictionary": (
        lambda: with_record("[]"),
        f"is damaged: its 'pellucid' record has no format number. {AGAIN}",
    ),
    "format as text": (lambda: with_record('{"format":"1"}'), "has no format number"),
    "format true": (lambda: with_record('{"format":true}'), "has no format number"),
    "format 0": (lambda: with_record('{"format":0}'), "has no format number"),
    "a newer format": (lambda: with_record('{"format":2}'), NEWER),
    "a dtype we never write": (lambda: framed(entry(dtype="F8_E5M2", data_offsets=[0, 2]), bytes(2)), "kind F8_E5M2"),
    "a dtype NumPy lacks": (lambda: framed(entry(dtype="BF16", data_offsets=[0, 4]), bytes(4)), "kind BF16, which"),
    "a shape that does not fit": (lambda: framed(entry(shape=[3]), bytes(16)), "is damaged ("),
    "a negative offset": (lambda: framed(entry(data_offsets=[-8, 8]), bytes(16)), "is damaged ("),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_is_refused(case: str, tmp_path: Path) -> None:
    make, words = CASES[case]
    path = tmp_path / "m.safetensors"
    path.write_bytes(make())
    with pytest.raises(FileError) as caught:
        read_tensors(path)
    assert str(caught.value).startswith(f"{path} ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_whole_file_that_these_are_cut_from_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(whole())
    assert read_tensors(path)[0]["a/kernel"].tolist() == list(range(60))
    path.write_bytes(framed(entry(), bytes(16)))
    assert read_tensors(path)[0]["a"].tolist() == [0, 0]


@pytest.mark.parametrize("cut", range(0, len(whole()), 7))
def test_a_file_cut_anywhere_is_refused(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(whole()[:cut])
    with pytest.raises(FileError, match=r"m\.safetensors is (empty|cut short)"):
        read_tensors(path)


def test_a_header_length_that_begins_like_a_pickle_is_no_pickle(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    text = json.dumps(entry()).encode().ljust(0x0280)  # 640 is written 80 02 00 ..., as pickle protocol 2 begins
    path.write_bytes(framed(text, bytes(16)))
    assert path.read_bytes()[:2] == pickle.dumps(1, protocol=2)[:2]
    assert read_tensors(path)[0]["a"].tolist() == [0, 0]


def test_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"x")
    with pytest.raises(FileError, match=r"m\.safetensors is a zip archive \(PyTorch \.pt, NumPy \.npz or Keras"):
        read_tensors(path)


def test_too_many_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tensors.MOST_ENTRIES == 100_000
    monkeypatch.setattr(tensors, "MOST_ENTRIES", 4)
    path = tmp_path / "m.safetensors"
    write_tensors(path, {str(i): np.zeros(1) for i in range(5)}, {})
    with pytest.raises(FileError, match=r"names 5 arrays, and 4 is the most\. Give a \.safetensors file that Pellucid"):
        read_tensors(path)
    write_tensors(path, {str(i): np.zeros(1) for i in range(4)}, {})
    assert len(read_tensors(path)[0]) == 4


def test_a_missing_file_a_folder_and_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match=r"no\.safetensors cannot be read: it does not exist\. Check the path\."):
        read_tensors(tmp_path / "no.safetensors")
    with pytest.raises(FileError, match=r"cannot be read: it is a folder\. Give the name of a file\."):
        read_tensors(tmp_path)
    locked = tmp_path / "m.safetensors"
    locked.write_bytes(whole())

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.open", refused)
    with pytest.raises(FileError, match=r"m\.safetensors cannot be read: permission denied\. Give yourself read"):
        read_tensors(locked)


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.pt", "m"])
def test_another_extension_names_safetensors(name: str, tmp_path: Path) -> None:
    words = rf"{name}: Pellucid keeps a model in a \.safetensors file\. Use the name m\.safetensors\."
    with pytest.raises(FileError, match=words):
        write_model(tmp_path / name, graph={}, weights={})
    with pytest.raises(FileError, match=words):
        read_model(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_model_is_no_checkpoint_and_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    model, last = tmp_path / "model.safetensors", tmp_path / "last.safetensors"
    write_model(model, graph={}, weights={})
    write_checkpoint(last, state={}, position={}, history=[], events={}, environment={})
    with pytest.raises(FileError, match=r"model\.safetensors is a model, not a checkpoint\. Give the last\."):
        read_checkpoint(model)
    with pytest.raises(FileError, match=r"last\.safetensors is a checkpoint, not a model\. Give a model file"):
        read_model(last)


def test_a_record_with_a_gap_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    write_tensors(path, {}, {"kind": "model", "input": None})
    with pytest.raises(FileError, match=r"m\.safetensors is damaged: its record has no 'graph'\. Copy it again"):
        read_model(path)
    known: dict[str, Any] = {"position": {}, "history": [], "events": {}, "environment": {}}
    write_tensors(path, {}, {"kind": "checkpoint", "sections": [["params", ["a/kernel"]]], **known})
    with pytest.raises(FileError, match=r"damaged: its sections and arrays differ \('params/a/kernel'\)\. Copy"):
        read_checkpoint(path)


def test_broken_text_json_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'{\n "a": }')
    with pytest.raises(FileError, match=r"config\.json is not valid JSON \(line 2, column 7: Expecting value\)\. Mend"):
        read_json(path)
    path.write_bytes(b"caf\xe9")
    with pytest.raises(FileError, match=r"config\.json is not UTF-8 text \(byte 3\)\. Save it as UTF-8\."):
        read_text(path)
    with pytest.raises(FileError, match=r"absent\.json cannot be read: it does not exist"):
        read_json(tmp_path / "absent.json")
    table = tmp_path / "history.csv"
    table.write_text("epoch,loss\n1,0.5\n2\n")
    with pytest.raises(FileError, match=r"history\.csv, line 3: 2 columns are wanted, but 1 came\. Mend that line\."):
        read_csv(table)
    table.write_text('epoch,loss\n1,"0.5\n')
    with pytest.raises(FileError, match=r"history\.csv, line \d is not CSV \(.*\)\. Mend that line\."):
        read_csv(table)
