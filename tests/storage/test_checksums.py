"""One wrong byte in a model or a checkpoint is told; files from before there were checksums open as ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from pellucid.errors import FileError
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint
from pellucid.storage.model_file import read_model, write_model
from pellucid.storage.tensors import header_of, read_tensors

ARRAYS = {"a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "a/bias": np.zeros(3), "n": np.array(3)}


def model(path: Path) -> Callable[[Path], Any]:
    write_model(path, graph={"layers": [{"units": 3}]}, weights=ARRAYS, class_names=["cat", "dog"])
    return read_model


def checkpoint(path: Path) -> Callable[[Path], Any]:
    write_checkpoint(path, state={"params": ARRAYS}, position={"step": 7}, history=[{"loss": float("nan")}],
                     events={}, environment={})  # fmt: skip
    return read_checkpoint


@pytest.mark.parametrize("write", [model, checkpoint])
def test_every_wrong_byte_is_told_or_changes_nothing(
    write: Callable[[Path], Callable[[Path], Any]], tmp_path: Path
) -> None:
    path = tmp_path / "a.safetensors"
    write(path)
    whole = path.read_bytes()
    arrays, record = read_tensors(path)
    silent = []
    for place in range(len(whole)):
        changed = whole[place] ^ (1, 64)[place % 2]
        path.write_bytes(whole[:place] + bytes([changed]) + whole[place + 1 :])
        try:
            found, known = read_tensors(path)
        except FileError:
            continue
        same = known == record and all(found[name].tobytes() == arrays[name].tobytes() for name in arrays)
        silent += [] if same and found.keys() == arrays.keys() else [place]
    assert not silent


def test_the_sentence_says_what_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    model(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(FileError, match=r"a\.safetensors is damaged: its numbers are not what was written"):
        read_model(path)
    path.write_bytes(whole.replace(b"dog", b"dig"))
    with pytest.raises(FileError, match=r"a\.safetensors is damaged: its record is not what was written"):
        read_model(path)


def test_the_format_stays_one_and_a_file_without_checksums_opens(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    model(path)
    record = json.loads(header_of(path)["__metadata__"]["pellucid"])
    assert record["format"] == 1 and len(record["checksums"]["tensors"]) == 64
    del record["checksums"]
    (tmp_path / "older.safetensors").write_bytes(save(ARRAYS, metadata={"pellucid": json.dumps(record)}))
    older, newer = read_tensors(tmp_path / "older.safetensors"), read_tensors(path)
    assert older[1] == newer[1]
    assert all(np.array_equal(older[0][name], newer[0][name]) for name in ARRAYS)


def test_the_bytes_are_the_same_every_time(tmp_path: Path) -> None:
    digests = set()
    for number in range(3):
        model(tmp_path / f"{number}.safetensors")
        digests.add(hashlib.sha256((tmp_path / f"{number}.safetensors").read_bytes()).hexdigest())
    assert len(digests) == 1
