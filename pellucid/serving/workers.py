"""Several processes that answer on one socket; they share the model file and nothing else.

The first process answers nothing: it starts the others, hands signals on, and starts one anew that has died.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from pellucid.errors import PellucidError, UsageError
from pellucid.serving.answering import Say, work
from pellucid.serving.settings import Settings

HANDED_ON = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM", "SIGINT") if hasattr(signal, name))
READY, FAULT = "ready", "fault"
PAUSE = 1.0  # seconds before a process that died is started anew


class Crew:
    """The processes and the pipes they speak through, by place."""

    def __init__(self, *given: Any) -> None:
        self.given = given
        self.members: dict[Connection, SpawnProcess] = {}
        self.stopping = False

    def start(self) -> None:
        """One more."""
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=worker, args=(*self.given, theirs), daemon=False)
        process.start()
        theirs.close()
        self.members[ours] = process

    def signal(self, number: int, frame: FrameType | None = None) -> None:
        """Hand a signal on to all."""
        self.stopping |= number != getattr(signal, "SIGHUP", None)
        for process in list(self.members.values()):
            with suppress(ProcessLookupError, ValueError):
                if process.pid is not None:
                    signal_process(process.pid, number)


def signal_process(pid: int, number: int) -> None:
    """A Ctrl-C is handed on as SIGTERM: a terminal gives it to every process by itself."""
    os.kill(pid, signal.SIGTERM if number == signal.SIGINT else number)


def run_workers(
    runs: Sequence[str], settings: Settings, engine: str | None, listener: socket.socket, say: Say,
    ready: Callable[[], None],
) -> None:
    """Serve until a signal ends it. Raises UsageError for what keeps the processes from starting."""
    crew = Crew(list(runs), settings, engine, listener)
    before = {number: signal.signal(number, crew.signal) for number in HANDED_ON}
    answering, faults = 0, []
    try:
        for _ in range(settings.workers):
            crew.start()
        while crew.members:
            for pipe in wait(list(crew.members), timeout=1.0):
                assert isinstance(pipe, Connection)
                word = heard(pipe)
                if word is None:
                    crew.members.pop(pipe).join()
                    if not crew.stopping and answering:
                        say("a worker has ended; another one takes its place")
                        time.sleep(PAUSE)
                        crew.start()
                elif word[0] == READY:
                    answering += 1
                    if answering == settings.workers:
                        ready()
                elif word[0] == FAULT:
                    faults.append(word[1])
                    crew.signal(signal.SIGTERM)
                else:
                    say(word[1])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
    if faults:
        raise UsageError(faults[0])


def heard(pipe: Connection) -> tuple[str, str] | None:
    """What a process says; None once it has ended."""
    try:
        word: tuple[str, str] = pipe.recv()
        return word
    except (EOFError, OSError):
        return None


def worker(
    runs: list[str], settings: Settings, engine: str | None, listener: socket.socket, pipe: Connection
) -> None:
    """What one of the processes does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until it listens to the signals itself
    try:
        work(runs, settings, engine, listener, lambda line: pipe.send(("says", line)), lambda: pipe.send((READY, "")))
    except PellucidError as fault:
        pipe.send((FAULT, str(fault)))
