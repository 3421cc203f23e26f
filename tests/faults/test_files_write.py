"""Writing on a machine that refuses or dies: the older file stays whole, and the message names file and remedy."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import FileError
from pellucid.storage import writer
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint
from pellucid.storage.run_folder import RunFolder

CALLS_BEFORE_RENAME = ["create", "write", "sync", "close", "replace"]


class Died(BaseException):
    """The process ends here."""


def failing(error: BaseException) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        raise error

    return call


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> None:
    monkeypatch.setattr(writer.system, call, failing(OSError(number, os.strerror(number))))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "last.safetensors"
    path.write_bytes(b"the older checkpoint")
    return path


@pytest.mark.parametrize("call", CALLS_BEFORE_RENAME)
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "permission denied. Give yourself write permission on {folder}, or choose another folder."),
        (errno.ENOSPC, "the disk is full. Free some space, or choose a folder on another disk."),
        (errno.EROFS, "its file system is read-only. Choose a folder on another disk."),
        (errno.EIO, "Input/output error. Check the disk, or choose another folder."),
    ],
)
def test_a_refused_write_says_why_and_keeps_the_older_file(
    old: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, words: str
) -> None:
    refuse(monkeypatch, call, number)
    with pytest.raises(FileError) as caught:
        writer.write_bytes(old, b"new")
    assert str(caught.value) == f"{old} cannot be written: {words.format(folder=old.parent)}"
    assert old.read_bytes() == b"the older checkpoint"
    assert os.listdir(old.parent) == [old.name]


@pytest.mark.parametrize("call", CALLS_BEFORE_RENAME)
def test_an_interrupted_write_keeps_the_older_file_and_cleans_up(
    old: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(writer.system, call, failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        writer.write_bytes(old, b"new")
    assert old.read_bytes() == b"the older checkpoint"
    assert os.listdir(old.parent) == [old.name]


@pytest.mark.parametrize("call", CALLS_BEFORE_RENAME)
def test_a_killed_write_keeps_the_older_file(old: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setattr(writer.system, call, failing(Died()))
    monkeypatch.setattr(writer.system, "remove", failing(OSError()))  # a dead process removes nothing
    with pytest.raises(Died):
        writer.write_bytes(old, b"new")
    assert old.read_bytes() == b"the older checkpoint"
    monkeypatch.undo()
    RunFolder(old.parent).sweep()
    assert os.listdir(old.parent) == [old.name]


def test_a_death_after_the_rename_leaves_the_whole_new_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer.system, "sync_folder", failing(Died()))
    with pytest.raises(Died):
        writer.write_bytes(old, b"new")
    assert old.read_bytes() == b"new"


def test_the_file_is_on_the_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def noting(name: str) -> Callable[..., Any]:
        real = getattr(writer.system, name)

        def call(*arguments: Any) -> Any:
            order.append(name)
            return real(*arguments)

        return call

    for name in ("create", "write", "sync", "close", "replace", "sync_folder"):
        monkeypatch.setattr(writer.system, name, noting(name))
    monkeypatch.setattr(os, "fsync", lambda file: order.append("waited for"))
    writer.write_bytes(tmp_path / "a", b"1")
    assert order == ["create", "write", "sync", "waited for", "close", "replace", "sync_folder", "waited for"]


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer.system, "write", lambda file, data: os.write(file, data[:3]))
    writer.write_bytes(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_full_disk_in_the_middle_of_a_line_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "steps.csv"
    writer.append_text(path, "step,loss\n")

    def half(file: int, data: memoryview) -> int:
        if len(data) < 6:
            raise OSError(errno.ENOSPC, "full")
        return os.write(file, data[:4])

    monkeypatch.setattr(writer.system, "write", half)
    with pytest.raises(FileError, match=r"steps\.csv cannot be written: the disk is full\. Free some space"):
        writer.append_text(path, "1,0.5123\n")
    assert path.read_text() == "step,loss\n"


def test_a_checkpoint_on_a_full_disk_leaves_the_one_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.safetensors"
    known: dict[str, Any] = {"history": [], "events": {}, "environment": {}}
    write_checkpoint(path, state={"params": {"a/kernel": np.arange(3.0)}}, position={"step": 1}, **known)
    refuse(monkeypatch, "write", errno.ENOSPC)
    with pytest.raises(FileError, match="the disk is full"):
        write_checkpoint(path, state={"params": {"a/kernel": np.zeros(3)}}, position={"step": 2}, **known)
    assert read_checkpoint(path).position == {"step": 1}


def test_a_run_folder_without_permission_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "make_folder", errno.EACCES)
    with pytest.raises(FileError, match=r"new cannot be written: permission denied\. Give yourself write"):
        RunFolder.create(tmp_path / "new")


def test_a_missing_folder_a_folder_and_a_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"its folder does not exist\. Make it with: mkdir -p .*/absent\."):
        writer.write_bytes(tmp_path / "absent" / "a", b"")
    with pytest.raises(FileError, match=r"it is a folder\. Give the name of a file"):
        writer.write_bytes(tmp_path, b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match=r"file is a file, so no folder of that name can be made\. Choose"):
        writer.make_folder(tmp_path / "file")
    with pytest.raises(FileError, match="a part of its path is a file"):
        writer.write_bytes(tmp_path / "file" / "a", b"")


def test_sweep_takes_only_what_a_killed_write_left(tmp_path: Path) -> None:
    kept = [".hidden", "notes.tmp", ".last.safetensors.tmp"]
    for name in [*kept, ".last.safetensors.0123abcd.tmp"]:
        (tmp_path / name).write_bytes(b"")
    RunFolder(tmp_path).sweep()
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_sweep_that_is_refused_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".a.0123abcd.tmp").write_bytes(b"")
    refuse(monkeypatch, "remove", errno.EACCES)
    with pytest.raises(FileError, match=r"\.a\.0123abcd\.tmp cannot be written: permission denied\."):
        RunFolder(tmp_path).sweep()
    with pytest.raises(FileError, match=r"absent cannot be written: its folder does not exist"):
        RunFolder(tmp_path / "absent").sweep()
