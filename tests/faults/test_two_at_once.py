"""One process at a time writes into a run folder; what a killed one left is taken over; names are each their own."""

from __future__ import annotations

import json
import os
import platform
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.cli.train import default_name
from pellucid.errors import FileError
from pellucid.runs import finishing
from pellucid.storage import claims, writer
from pellucid.storage.claims import NAME, claimed, started
from pellucid.storage.writer import new_folder
from tests.cli.terminal import Terminal, write_npz

TRAIN = ["train", "data.npz", "--model", "FC_4", "--epochs", "1", "--batch-size", "8", "--no-checks", "--engine",
         "reference"]  # fmt: skip


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "write_pictures", lambda folder, **_: None)
    monkeypatch.setattr(finishing, "write_report", lambda folder, **_: writer.write_text(folder.report, "<html>"))


def forked(work: Callable[[], None]) -> int:
    """A child that does some work and ends; 0 when it came through, 3 when it was refused."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except FileError:
            code = 3
        finally:
            os._exit(code)
    return child


def code_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_of_many_that_begin_at_once_exactly_one_wins(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for round_ in range(4):
        began, tried = time.monotonic() + 0.05, tmp_path / f"tried-{round_}"
        tried.mkdir()

        def work(began: float = began, tried: Path = tried) -> None:
            while time.monotonic() < began:
                pass
            try:
                with claimed(folder):
                    until = time.monotonic() + 20
                    while len(os.listdir(tried)) < 3 and time.monotonic() < until:
                        time.sleep(0.01)  # the others have not all been here yet
            except FileError:
                (tried / str(os.getpid())).touch()
                raise

        codes = [code_of(child) for child in [forked(work) for _ in range(4)]]
        assert sorted(codes) == [0, 3, 3, 3]
        assert not os.listdir(folder)


def test_what_a_killed_one_left_is_free_before_its_parent_asks_for_its_end(tmp_path: Path) -> None:
    def work() -> None:
        with claimed(tmp_path):
            time.sleep(60)

    child = forked(work)
    until = time.monotonic() + 20
    while not ((tmp_path / NAME).exists() and (tmp_path / NAME).read_bytes()) and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT) is None:
        time.sleep(0.01)  # it has ended, and is still in the list of processes
    with claimed(tmp_path):
        assert json.loads((tmp_path / NAME).read_bytes())["pid"] == os.getpid()
    assert code_of(child) == -signal.SIGKILL


def test_one_after_the_other_none_is_refused(tmp_path: Path) -> None:
    def work() -> None:
        for _ in range(20):
            until = time.monotonic() + 20
            while True:
                try:
                    with claimed(tmp_path):
                        assert json.loads((tmp_path / NAME).read_bytes())["pid"] == os.getpid()
                        (tmp_path / "alone").mkdir()  # fails when two are here
                        (tmp_path / "alone").rmdir()
                    break
                except FileError:
                    if time.monotonic() > until:
                        raise

    assert [code_of(child) for child in [forked(work) for _ in range(3)]] == [0, 0, 0]
    assert not os.listdir(tmp_path)


def test_the_second_is_told_who_is_there(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    assert terminal.type(*TRAIN, "--out", "run").code == 0
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    reading, writing = os.pipe()

    def work() -> None:
        with claimed(Path("run")):
            os.write(writing, b"x")
            time.sleep(60)

    child = forked(work)
    os.read(reading, 1)
    for words in (["train", "--resume", "run"], ["diagnose", "run"]):
        terminal.refused(1, ["run is in use", f"process {child} is writing there", "remove run/run.lock"], *words)
    os.kill(child, signal.SIGKILL)
    code_of(child)
    assert Path("run", NAME).exists()
    after = {path.name: path.read_bytes() for path in Path("run").iterdir() if path.name != NAME}
    assert after == before
    assert terminal.type("train", "--resume", "run").code == 0  # what the kill left is stale
    assert not Path("run", NAME).exists()


@pytest.mark.parametrize(("record", "stale"), [
    ({"pid": os.getppid(), "started": started(os.getppid()), "host": platform.node()}, False),
    ({"pid": os.getppid(), "started": "1", "host": platform.node()}, True),  # another process has its number
    ({"pid": 2**22 + 1, "started": "1", "host": platform.node()}, True),
    ({"pid": 1, "started": started(1), "host": "elsewhere"}, False),
    ({"pid": "many"}, True),
    ([[[]]], True),
    (None, True),
])  # fmt: skip
def test_a_lock_that_the_kernel_does_not_know(
    record: object, stale: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NAME).write_text("" if record is None else json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(claims, "_locked", lambda file: None)  # as on a file system without locks
    if stale:
        with claimed(tmp_path):
            pass
        assert not os.listdir(tmp_path)
    else:
        with pytest.raises(FileError, match="is in use"), claimed(tmp_path):
            pass
        assert os.listdir(tmp_path) == [NAME]


def test_a_lock_is_left_out_of_what_stands_in_the_way(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    Path("run").mkdir()
    Path("run", NAME).write_text("", encoding="utf-8")  # killed before its config.json
    assert terminal.type(*TRAIN, "--out", "run").code == 0


def test_runs_without_a_name_get_one_each(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(Path("data.npz"))
    monkeypatch.setattr(time, "strftime", lambda form: "20260101-000000")
    for _ in range(2):
        assert terminal.type(*TRAIN).code == 0
    assert sorted(os.listdir("runs")) == ["data-20260101-000000", "data-20260101-000000-2"]

    def work() -> None:
        for _ in range(10):
            (new_folder("runs/one") / "mine").touch()

    assert [code_of(child) for child in [forked(work) for _ in range(3)]] == [0, 0, 0]
    assert len([name for name in os.listdir("runs") if name.startswith("one")]) == 30


@pytest.mark.parametrize("data", ["a\nb", "x" * 250, "é" * 120, "\x1b[2J", "", "."])
def test_a_default_name_is_one_that_file_systems_take(data: str, tmp_path: Path) -> None:
    name = default_name(data)
    assert name.isprintable() and "/" not in name
    assert new_folder(tmp_path / name).is_dir()
