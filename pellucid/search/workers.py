"""Several processes on one study: started anew (spawned), one thread each, heard through a pipe each."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from pellucid.engines.memory import keep_freed_memory
from pellucid.errors import PellucidError
from pellucid.search.folder import SearchFolder
from pellucid.search.rounds import Say, carry_out_rounds
from pellucid.search.settings import Plan
from pellucid.search.storage import opened
from pellucid.search.study import optuna_at_hand
from pellucid.search.trial import Bench

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FAREWELL = 20.0  # seconds a worker has to end its step and write what it must


def carry_out_together(plan: Plan, name: str, address: str, folder: SearchFolder, say: Say) -> bool:
    """Carry the search out with `plan.workers` processes; `say` hears what they say, of each round once.

    False when it was stopped by Ctrl-C or SIGTERM. Raises what stopped a worker, once all have ended, and
    KeyboardInterrupt for a second signal while they end their steps. A worker that dies is missed by nobody but its
    trial, which another one takes over.
    """
    with one_thread():
        crew = [started(plan, name, address, folder) for _ in range(plan.workers)]
    faults: list[PellucidError] = []
    begun: set[int] = set()
    try:
        for word in heard([pipe for _, pipe in crew]):
            if isinstance(word, tuple) and word[0] == "fault":
                faults.append(word[1](word[2]))
            elif not isinstance(word, tuple):
                say(word)
            elif word[1] not in begun:
                begun.add(word[1])
                say(word)
    except KeyboardInterrupt:
        return False
    finally:
        dismiss([process for process, _ in crew])
    if faults:
        raise faults[0]
    return True


def started(plan: Plan, name: str, address: str, folder: SearchFolder) -> tuple[SpawnProcess, Connection]:
    """One worker, and the pipe it speaks through."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=worker, args=(plan, name, address, folder, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def heard(pipes: list[Connection]) -> Iterator[Any]:
    """What is said until every pipe has been closed."""
    while pipes:
        for pipe in wait(pipes):
            assert isinstance(pipe, Connection), "these are what is waited for"
            try:
                yield pipe.recv()
            except (EOFError, OSError):  # it has ended, or died in the middle of a word
                pipes.remove(pipe)
                pipe.close()


def dismiss(crew: list[SpawnProcess]) -> None:
    """End the workers that still run, each after the step in hand, and at once when a second signal comes."""
    for process in crew:
        if process.is_alive():
            process.terminate()
    until = time.monotonic() + FAREWELL
    try:
        for process in crew:
            process.join(max(0.0, until - time.monotonic()))
    finally:
        for process in crew:
            process.kill()
            process.join()
            process.close()


def worker(plan: Plan, name: str, address: str, folder: SearchFolder, pipe: Connection) -> None:
    """The whole life of a worker."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the process in front, which then ends this one
    signal.signal(signal.SIGTERM, interrupt)
    keep_freed_memory()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            with optuna_at_hand(), opened(address) as storage:
                carry_out_rounds(plan, name, storage, Bench.open(plan, folder), pipe.send)
        except PellucidError as fault:
            pipe.send(("fault", type(fault), str(fault)))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends anyway, and is not to be disturbed in its farewell
    pipe.close()


def interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a worker as Ctrl-C would."""
    raise KeyboardInterrupt


@contextmanager
def one_thread() -> Iterator[None]:
    """Processes started in this block compute with one thread."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
