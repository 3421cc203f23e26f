"""Two real processes on one study: every place filled once, whatever dies; and one process after kill -9."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from pellucid.search import trial as trials
from pellucid.search import workers
from pellucid.storage.claims import BusyError
from pellucid.storage.run_folder import RunFolder
from tests.cli.terminal import Terminal
from tests.search.conftest import ROOT, SEARCH
from tests.search.test_search import table

WORDS = [*SEARCH, "--rounds", "8,2", "--trials", "8", "--range", "lr=1e-4:1e-1:log", "--pruner", "none"]
SOONER = [*WORDS, "--engine", "reference"]  # each process imports its engine anew


def started(*words: str) -> subprocess.Popen[str]:
    """A search in a process of its own, begun as a person would."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    return subprocess.Popen([sys.executable, "-m", "pellucid", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=environment)  # fmt: skip


def workers_of(path: str) -> Counter[int]:
    """How many trials each process began, from the database itself."""
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT value_json FROM trial_user_attributes WHERE key = 'owner'").fetchall()
    database.close()
    return Counter(json.loads(row[0])[1] for row in rows)


def numbers_said(out: str) -> list[int]:
    return [int(line.split()[1]) for line in out.splitlines() if line.startswith("trial ")]


@pytest.mark.parametrize("engine", ["reference", pytest.param("pytorch", marks=pytest.mark.soak)])
def test_two_workers_share_a_search_and_one_that_is_killed_is_missed_by_nobody(terminal: Terminal, engine: str) -> None:
    words = [*WORDS, "--engine", engine]
    process = started(*words, "--workers", "2", "--out", "two")
    assert process.stdout is not None
    said = ""
    while said.count("trial ") < 1:  # both are at work, or about to be
        said += process.stdout.readline()
    while len(workers := workers_of("two/study.sqlite3")) < 2 and process.poll() is None:
        time.sleep(0.05)
    os.kill(next(iter(workers)), signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert len(workers) == 2 and err == ""
    numbers = numbers_said(said + out)
    assert len(set(numbers)) == len(numbers) >= 7  # what the killed one finished last may not have been heard
    terminal.type(*words, "--out", "one")
    assert table("two", "loss") == table("one", "loss")  # the same values and scores, none lost, none twice
    found = json.loads(Path("two/search.json").read_text(encoding="utf-8"))
    assert found["state"] == "finished" and Path("two/best/report.html").exists()


def test_a_search_that_was_killed_goes_on(terminal: Terminal) -> None:
    process = started(*SOONER, "--out", "killed")
    assert process.stdout is not None
    while not process.stdout.readline().startswith("trial   1"):
        pass
    process.kill()
    process.communicate()
    typed = terminal.type(*SOONER, "--out", "killed")
    assert typed.code == 0, typed.err
    again = numbers_said(typed.out)
    assert again and 0 not in again and 1 not in again
    assert [row["trial"] for row in table("killed")] == [str(number) for number in range(8)]
    assert {row["state"] for row in table("killed")} == {"complete"}


@pytest.mark.soak  # the crew is dismissed below; one process is stopped in test_search
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_search(terminal: Terminal, number: signal.Signals) -> None:
    process = started(*SOONER, "--workers", "2", "--out", "stopped")
    assert process.stdout is not None
    while not process.stdout.readline().startswith("trial "):
        pass
    workers = workers_of("stopped/study.sqlite3")
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, err) == (1, "")
    assert "the same command with --out stopped continues" in out
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_a_second_signal_ends_workers_that_are_ending_their_step() -> None:
    """The crew is killed and the second signal goes on; nobody is waited for."""
    said: list[str] = []

    class Slow:
        def __init__(self, name: str) -> None:
            self.name, self.alive = name, True

        def is_alive(self) -> bool:
            return self.alive

        def terminate(self) -> None:
            said.append(f"{self.name} is asked")

        def join(self, patience: float | None = None) -> None:
            if self.alive:
                raise KeyboardInterrupt

        def kill(self) -> None:
            self.alive = False
            said.append(f"{self.name} is killed")

        def close(self) -> None:
            said.append(f"{self.name} is gone")

    with pytest.raises(KeyboardInterrupt):
        workers.dismiss([Slow("a"), Slow("b")])  # type: ignore[list-item]
    assert said == ["a is asked", "b is asked", "a is killed", "a is gone", "b is killed", "b is gone"]


def test_a_trial_waits_for_a_worker_that_was_taken_for_dead(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place was given away while it was only slow: the folder is free as soon as it ends, and both go on."""
    folder = RunFolder.create(Path("trial"), exist_ok=True)
    bench = SimpleNamespace(is_over=lambda: False)
    monkeypatch.setattr(trials, "PATIENCE", 0.3)
    with folder.claimed(), ExitStack() as ours, pytest.raises(BusyError, match="is in use"):
        trials.enter_when_free(ours, bench, folder)  # type: ignore[arg-type]
    first = ExitStack()
    first.enter_context(folder.claimed())
    threading.Timer(0.2, first.close).start()
    monkeypatch.setattr(trials, "PATIENCE", 30.0)
    with ExitStack() as ours:
        trials.enter_when_free(ours, bench, folder)  # type: ignore[arg-type]
    over = SimpleNamespace(is_over=lambda: True)
    with folder.claimed(), ExitStack() as ours, pytest.raises(KeyboardInterrupt):
        trials.enter_when_free(ours, over, folder)  # type: ignore[arg-type]


def test_a_fault_of_a_worker_arrives_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are sent by their class: one that a room of its own defines (BusyError) is no fault of Pellucid."""
    monkeypatch.setattr(workers, "started", lambda *_: (None, None))
    monkeypatch.setattr(workers, "dismiss", lambda crew: None)
    monkeypatch.setattr(workers, "heard", lambda pipes: iter([("fault", BusyError, "the folder is in use")]))
    with pytest.raises(BusyError, match="in use"):
        workers.carry_out_together(SimpleNamespace(workers=1), "", "", None, print)  # type: ignore[arg-type]
