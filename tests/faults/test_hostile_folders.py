"""Folders that hold what is no file, go down without end or hold very many; tables of one endless line."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset
from pellucid.errors import FileError
from tests.cli.terminal import Terminal
from tests.faults.bounded import refusal


def pictures(root: Path) -> Path:
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(np.full((4, 5), 40 * number + len(name), np.uint8)).save(root / name / f"{number}.png")
    return root


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


STRANGE: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo, "socket": bind, "zero": lambda path: path.symlink_to("/dev/zero"),
    "stdin": lambda path: path.symlink_to("/dev/tty"), "null": lambda path: path.symlink_to("/dev/null"),
}  # fmt: skip


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_among_pictures(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 107 bytes
    pictures(Path("set"))
    for name in ("set/notes", "set/labels.csv"):  # counted among the files that are no pictures
        STRANGE[kind](Path(name))
    assert len(open_dataset("set").part("train")) == 6
    for name in ("set/cat/x.png", "set/classes.txt"):
        STRANGE[kind](Path(name))
        told = refusal(lambda: open_dataset("set"))
        assert told.startswith("FileError") and name in told and "only regular files are read" in told, told
        Path(name).unlink()


@pytest.mark.parametrize("ending", ["png", "npz", "h5", "csv", "tar", "tar.gz", "safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_what_is_no_file_named_alone(kind: str, ending: str, terminal: Terminal) -> None:
    name = f"x.{ending}"
    STRANGE[kind](Path(name))
    words = {"png": ["predict", "m.safetensors", name], "safetensors": ["predict", name, "x.png"]}
    if ending == "png":
        from pellucid.layers import Flatten, Input
        from pellucid.models import Sequential

        Sequential([Input((4, 4, 1)), Flatten()]).save("m.safetensors")
    typed = terminal.type(*words.get(ending, ["data", "info", name]))
    assert typed.code in (1, 2) and name in typed.err and "only regular files are read" in typed.err, typed.err


@pytest.mark.parametrize("first", ["cat", ".hidden", "@eaDir"])
def test_folders_that_go_down_without_end(first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "set")
    monkeypatch.chdir(tmp_path / "set")
    Path(first).mkdir(exist_ok=True)
    os.chdir(first)
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(tmp_path)
    try:
        if first == "cat":
            told = refusal(lambda: open_dataset("set"))
            assert told.startswith("FileError") and "set/cat/d/d" in told and "at most 64 levels" in told, told
            assert len(told) < 700
        else:
            assert len(open_dataset("set").part("train")) == 6
    finally:
        place = tmp_path / "set" / first
        while (place / "d").exists():  # rmtree goes down by calls
            inner = place / "d"
            (inner / "d").rename(place / "e") if (inner / "d").exists() else None
            inner.rmdir()
            (place / "e").rename(place / "d") if (place / "e").exists() else None


def test_more_entries_than_a_data_set_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "set")
    shutil.make_archive(str(tmp_path / "set"), "tar", tmp_path / "set")
    np.savez(tmp_path / "set.npz", x_train=np.zeros((6, 2, 2), np.uint8), y_train=np.arange(6) % 2)
    monkeypatch.setenv("PELLUCID_MAX_ENTRIES", "5")
    for name in ("set.tar", "set.npz"):
        with pytest.raises(FileError, match=rf"{name}: a data set may be at most 5 entries, but it is \d"):
            open_dataset(str(tmp_path / name))
    monkeypatch.setenv("PELLUCID_MAX_ENTRIES", "50")
    for name in ("set", "set.tar", "set.npz"):
        assert len(open_dataset(str(tmp_path / name)).part("train")) == 6


def test_tables_of_one_endless_line(tmp_path: Path) -> None:
    pictures(tmp_path)
    table = tmp_path / "t.csv"
    cases = {
        "header": b"path,label," + b"c," * 1_000_000 + b"\n",
        "row": b"path,label\ncat/0.png,a\n" + b"," * 1_500_000,
        "quoted": b'path,label\n"' + b"x" * 1_500_000 + b'",a\n',
        "semicolons": b"path;label" + b";" * 1_500_000,
    }
    for name, content in cases.items():
        table.write_bytes(content)
        told = refusal(lambda: open_dataset(str(table)))
        assert "t.csv: a line of a table may be at most 1,000,000 characters" in told, (name, told)
    with table.open("wb") as file:
        file.write(b"path,label\n")
        file.truncate(300_000_000)
    told = refusal(lambda: open_dataset(str(table)))
    assert "t.csv: the text or metadata of a file may be at most 256,000,000 bytes" in told


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_a_table_end_as_they_may(end: str, tmp_path: Path) -> None:
    pictures(tmp_path)
    rows = ["path,label", 'cat/0.png,"a', 'b"', "dog/0.png,c", ""]
    (tmp_path / "t.csv").write_bytes(end.join(rows).encode())
    assert open_dataset(str(tmp_path / "t.csv")).class_names == (f"a{end}b", "c")


def test_the_name_of_a_class_is_bounded(tmp_path: Path) -> None:
    pictures(tmp_path)
    (tmp_path / "t.csv").write_text(f"path,label\ncat/0.png,{'a' * 2000}\ndog/0.png,b\n")
    with pytest.raises(FileError, match=r"the name of a class may be at most 1,024 bytes, but it is 2,000"):
        open_dataset(str(tmp_path / "t.csv"))
