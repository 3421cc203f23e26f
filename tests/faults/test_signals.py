"""Ctrl-C and SIGTERM at any moment: exit code 1 and one sentence, nothing half-written; 0 once the work is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pellucid.storage import writer
from pellucid.storage.entries import Entry
from tests.cli.terminal import write_npz

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ["train", "data.npz", "--model", "FC_4", "--epochs", "2", "--batch-size", "8", "--no-checks", "--engine",
         "reference", "--out", "run"]  # fmt: skip
# What is imported before signals are answered: Python's own pages would take longer than all the rest.
FIRST = """
import os, sys  # os is always there, by `site`
before = set(sys.modules)
import pellucid.cli
print(*sorted(set(sys.modules) - before))
"""
# A signal while the commands are imported, and one when nothing is left to do.
EARLY = """
import builtins, os
real = builtins.__import__
def importing(name, *rest, **named):
    if name == "typer":
        os.kill(os.getpid(), {number})
    return real(name, *rest, **named)
builtins.__import__ = importing
from pellucid.cli import main
main()
"""
LATE = """
import atexit, os
atexit.register(os.kill, os.getpid(), {number})
from pellucid.cli import main
main()
"""


def outcome(program: str, number: int, *words: str) -> tuple[int, str]:
    ended = subprocess.run([sys.executable, "-c", program.format(number=int(number)), *words], cwd=ROOT,
                           capture_output=True, text=True)  # fmt: skip
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_command_has_begun(number: int) -> None:
    assert outcome(EARLY, number, "--version") == (1, "pellucid: stopped.\n")


def test_nothing_else_is_imported_before_signals_are_answered() -> None:
    bare = subprocess.run([sys.executable, "-S", "-c", FIRST], cwd=ROOT, capture_output=True, text=True, check=True)
    assert bare.stdout.split() == ["__future__", "pellucid", "pellucid.cli", "pellucid.cli.signals"]


def test_a_signal_after_the_end_changes_nothing() -> None:
    assert outcome(LATE, signal.SIGTERM, "--version") == (0, "")


class Signalling(writer.System):
    """Sends signals to this process in the middle of writing a file, and again while the rest is tidied up."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number, self.due = name, number, False

    def create(self, entry: Entry) -> int:
        self.due = self.name in entry.name
        return super().create(entry)

    def write(self, file: int, data: memoryview) -> int:
        if self.due:
            super().write(file, data[: len(data) // 2])
            os.kill(os.getpid(), self.number)
            os.kill(os.getpid(), self.number)
        return super().write(file, data)

    def remove(self, entry: Entry) -> None:
        if self.due:
            os.kill(os.getpid(), self.number)
        super().remove(entry)


@pytest.mark.parametrize(("name", "number"), [
    ("config.json", signal.SIGTERM), ("last.safetensors", signal.SIGINT), ("metrics.json", signal.SIGTERM),
])  # fmt: skip
def test_a_signal_twice_in_the_middle_of_a_write(
    name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.resume.driver import carry_out

    monkeypatch.chdir(tmp_path)
    write_npz(Path("data.npz"))

    def typed(words: list[str], system: Any) -> tuple[int, str]:
        child = os.fork()
        if child == 0:
            writer.system = system
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")  # not those that pytest keeps
            carry_out(words, None, pictures=False)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return code, Path(".err").read_text(encoding="utf-8")

    code, said = typed(TRAIN, Signalling(name, number))
    assert (code, said) == (1, "pellucid: stopped.\n")
    assert not Path("run").exists() or not list(Path("run").glob(".*"))
    assert not Path("run", "run.lock").exists()
    again = ["train", "--resume", "run"] if Path("run").exists() else TRAIN
    assert typed(again, writer.System())[0] == 0
