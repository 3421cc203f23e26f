"""A disk that refuses or is full: one sentence, never a half-written file, and the run goes on once there is room."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pellucid.runs import finishing
from pellucid.storage import writer
from pellucid.storage.checkpoint import read_checkpoint
from pellucid.storage.entries import Entry
from pellucid.storage.model_file import read_model
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["train", "data.npz", "--model", "FC_4", "--epochs", "3", "--batch-size", "8", "--checkpoint-every", "1"]


class Refusing(writer.System):
    """Refuses the calls that `refuse` names, once the file has been opened `after` times."""

    def __init__(self, name: str, call: str, number: int, after: int) -> None:
        self.name, self.call, self.number, self.after = name, call, number, after
        self.opened: Path | Entry = Path()
        self.times = 0

    def meet(self, call: str, path: Path | Entry) -> None:
        due = self.times > self.after and self.name in path.name
        if call == self.call and due:
            raise OSError(self.number, os.strerror(self.number))

    def note(self, path: Entry) -> None:
        self.opened = path
        self.times += self.name in path.name

    def create(self, path: Entry) -> int:
        self.note(path)
        self.meet("create", path)
        return super().create(path)

    def open_end(self, path: Entry) -> int:
        self.note(path)
        self.meet("create", path)
        return super().open_end(path)

    def write(self, file: int, data: memoryview) -> int:
        if self.call == "write" and len(data) > 1 and self.times > self.after and self.name in self.opened.name:
            super().write(file, data[: len(data) // 2])  # half fits
        self.meet("write", self.opened)
        return super().write(file, data)

    def replace(self, source: Entry, target: Entry) -> None:
        self.meet("replace", source)
        super().replace(source, target)

    def make_folder(self, path: Path) -> None:
        self.times += self.name in path.name
        self.meet("make_folder", path)
        super().make_folder(path)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "write_pictures", lambda folder, **_: None)
    monkeypatch.setattr(finishing, "write_report", lambda folder, **_: writer.write_text(folder.report, "<html>"))


@pytest.fixture
def whole(terminal: Terminal) -> Iterator[Path]:
    """A run on a disk with room."""
    write_npz(Path("data.npz"))
    assert terminal.type(*TRAIN, "--out", "whole").code == 0
    yield Path("whole")


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, call: str, number: int = errno.ENOSPC, after: int = 0) -> None:
    monkeypatch.setattr(writer, "system", Refusing(name, call, number, after))


def test_a_folder_that_may_not_be_made(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(Path("data.npz"))
    refuse(monkeypatch, "run", "make_folder", errno.EACCES)
    parts = ["run cannot be written: permission denied", "Give yourself write permission", "choose another folder"]
    terminal.refused(1, parts, *TRAIN, "--out", "run")
    assert not Path("run").exists()


def test_a_folder_that_may_not_be_written_into(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(Path("data.npz"))
    refuse(monkeypatch, "config.json", "create", errno.EACCES)
    terminal.refused(1, ["run/config.json cannot be written", "write permission on run"], *TRAIN, "--out", "run")
    assert not Path("run").exists()


@pytest.mark.parametrize(("name", "call", "after"), [
    ("last.safetensors", "write", 0),
    ("last.safetensors", "write", 4),
    ("last.safetensors", "replace", 5),
    ("last.safetensors", "create", 7),
    ("model.safetensors", "write", 0),
    ("history.csv", "write", 2),
    ("steps.csv", "write", 0),
    ("steps.csv", "write", 3),
    ("log.txt", "write", 2),
    ("checks.json", "write", 0),
    ("metrics.json", "write", 0),
    ("report.html", "write", 0),
])  # fmt: skip
def test_a_disk_that_is_full_for_a_while(
    terminal: Terminal, whole: Path, monkeypatch: pytest.MonkeyPatch, name: str, call: str, after: int
) -> None:
    with monkeypatch.context() as patch:
        refuse(patch, name, call, after=after)
        parts = [f"run/{name} cannot be written: the disk is full.", "Free some space"]
        terminal.refused(1, parts, *TRAIN, "--out", "run")
    assert_whole(Path("run"))
    assert terminal.type("train", "--resume", "run").code == 0
    for file in ("model.safetensors", "last.safetensors", "history.csv"):
        assert (Path("run") / file).read_bytes() == (whole / file).read_bytes(), file


def assert_whole(run: Path) -> None:
    """Whatever is there can be read, and no temporary file is left."""
    readers: dict[str, Any] = {"last.safetensors": read_checkpoint, "model.safetensors": read_model}
    for name, read in readers.items():
        if (run / name).exists():
            read(run / name)
    assert not list(run.glob(".*"))
    for table in run.glob("*.csv"):
        assert table.read_text(encoding="utf-8") == "" or table.read_text(encoding="utf-8").endswith("\n")
