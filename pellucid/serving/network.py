"""One thread runs the networks: it takes the pictures that wait, as many as fit a batch, and hands the answers back.

Nobody waits for a batch to fill: while the network runs the next one gathers by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.engines.threads import limited_threads
from pellucid.serving.version import Version


@dataclass(eq=False)
class Job:
    """Rows (n, H, W, C) for one version of a model; `finish` makes of the outputs (n, ...) what the future gets."""

    version: Version
    rows: Array
    finish: Callable[[Array], Any]
    future: asyncio.Future[Any]
    taken: int = 0
    outputs: list[Array] = field(default_factory=list)

    @property
    def kind(self) -> tuple[int, tuple[int, ...], np.dtype[Any]]:
        """Jobs of one kind may share a batch."""
        return id(self.version), self.rows.shape[1:], self.rows.dtype


class Network:
    """The thread. `seen` is told how many pictures each batch had."""

    def __init__(self, threads: int, seen: Callable[[int], None]) -> None:
        self.waiting: deque[Job] = deque()
        self.some = threading.Condition()
        self.closed = False
        self.seen = seen
        self.thread = threading.Thread(target=self._live, args=(threads,), name="network", daemon=True)
        self.thread.start()

    async def run(self, version: Version, rows: Array, finish: Callable[[Array], Any]) -> Any:
        """What `finish` makes of the outputs for rows; raises what it or the network raised."""
        job = Job(version, rows, finish, asyncio.get_running_loop().create_future())
        with self.some:
            self.waiting.append(job)
            self.some.notify()
        return await job.future

    def close(self) -> None:
        """End the thread once nothing waits."""
        with self.some:
            self.closed = True
            self.some.notify()
        self.thread.join()

    def _live(self, threads: int) -> None:
        with limited_threads(threads):
            while jobs := self._next():
                self._carry_out(jobs)

    def _next(self) -> list[tuple[Job, int, int]]:
        """Jobs that share a batch, each with its first row and the one behind its last; none when all is over."""
        with self.some:
            while True:
                while self.waiting and self.waiting[0].future.cancelled():
                    self.waiting.popleft()
                if self.waiting:
                    return self._gathered()
                if self.closed:
                    return []
                self.some.wait()

    def _gathered(self) -> list[tuple[Job, int, int]]:
        first = self.waiting[0]
        room, found, passed = first.version.batch, [], []
        while self.waiting and room:
            job = self.waiting.popleft()
            if job.future.cancelled():
                continue
            if job.kind != first.kind:
                passed.append(job)
                continue
            end = min(len(job.rows), job.taken + room)
            found.append((job, job.taken, end))
            room -= end - job.taken
            job.taken = end
            if end < len(job.rows):
                passed.append(job)
        self.waiting.extendleft(reversed(passed))
        return found

    def _carry_out(self, jobs: list[tuple[Job, int, int]]) -> None:
        version = jobs[0][0].version
        rows = [job.rows[start:end] for job, start, end in jobs]
        done: list[tuple[Job, Any, BaseException | None]] = []
        try:
            outputs = version.outputs(np.concatenate(rows) if len(rows) > 1 else rows[0])
            self.seen(len(outputs))
        except Exception as fault:  # of the network, for these rows
            done = [(job, None, fault) for job, _, _ in jobs]
            self._drop({job for job, _, _ in jobs})
        else:
            at = 0
            for job, start, end in jobs:
                job.outputs.append(outputs[at : at + end - start])
                at += end - start
                if end == len(job.rows):
                    done.append(finished(job))
        if done:
            done[0][0].future.get_loop().call_soon_threadsafe(hand_back, done)

    def _drop(self, jobs: set[Job]) -> None:
        with self.some:
            self.waiting = deque(job for job in self.waiting if job not in jobs)


def finished(job: Job) -> tuple[Job, Any, BaseException | None]:
    """The job with what its future gets, or with what was raised."""
    try:
        return job, job.finish(np.concatenate(job.outputs) if len(job.outputs) > 1 else job.outputs[0]), None
    except Exception as fault:
        return job, None, fault


def hand_back(done: list[tuple[Job, Any, BaseException | None]]) -> None:
    """Settle the futures, in the thread of their loop."""
    for job, value, fault in done:
        if job.future.done():  # whoever asked has left
            continue
        if fault is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(fault)
