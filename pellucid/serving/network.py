"""One thread runs the networks: it takes the pictures that wait, as many as fit a batch, and hands the answers back.

Nobody waits for a batch to fill: while the network runs the next one gathers by itself. Between two batches that are
not full, the loop reads what has come meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.engines.threads import limited_threads
from pellucid.serving.version import Version

ROUNDS = 3  # of the loop: futures wake their requests, sockets are read, new requests are prepared
PATIENCE = 0.05  # seconds that the loop may take for them


@dataclass(eq=False)
class Job:
    """Rows (n, H, W, C) for one version of a model; `finish` makes of its answers (n, ...) what is handed back."""

    version: Version
    rows: Array
    look: bool  # whether they are compared with the training pictures
    finish: Callable[..., Any]
    future: asyncio.Future[Any]
    taken: int = 0
    answers: list[tuple[Array, ...]] = field(default_factory=list)

    @property
    def kind(self) -> tuple[int, bool, tuple[int, ...], np.dtype[Any]]:
        """Jobs of one kind may share a batch."""
        return id(self.version), self.look, self.rows.shape[1:], self.rows.dtype


Part = tuple[Job, int, int]  # a job with its first row in a batch, and the one behind its last
Done = tuple[Job, Any, BaseException | None]  # with what its future gets, or with what was raised


class Network:
    """The thread. `seen` is told how many pictures each batch had; `more` says whether others are being prepared."""

    def __init__(self, threads: int, seen: Callable[[int], None], more: Callable[[], bool]) -> None:
        self.waiting: deque[Job] = deque()
        self.some = threading.Condition()
        self.closed = False
        self.heard = True  # since the last batch the loop has read what had come meanwhile
        self.seen, self.more = seen, more
        self.thread = threading.Thread(target=self._live, args=(threads,), name="network", daemon=True)
        self.thread.start()

    async def run(
        self, version: Version, rows: Array, finish: Callable[..., Any], *, look: bool = True, seconds: float
    ) -> Any:
        """What `finish` makes of the outputs for rows; raises what it or the network raised, TimeoutError when late."""
        loop = asyncio.get_running_loop()
        job = Job(version, rows, look, finish, loop.create_future())
        with self.some:
            self.waiting.append(job)
        loop.call_soon(self._tell)  # behind the requests that were read together with this one
        late = loop.call_later(seconds, give_up, job.future)
        try:
            return await job.future
        finally:
            late.cancel()

    def close(self) -> None:
        """End the thread once nothing waits."""
        with self.some:
            self.closed = True
            self.some.notify()
        self.thread.join()

    def _tell(self) -> None:
        with self.some:
            self.some.notify()

    def _live(self, threads: int) -> None:
        with limited_threads(threads):
            while parts := self._next():
                self._carry_out(parts)

    def _next(self) -> list[Part]:
        """Rows that share a batch; none when all is over."""
        with self.some:
            while not self._wanted():
                if self.closed:
                    return []
                self.some.wait()
            if not self.heard and not self._full():
                self.some.wait_for(lambda: self.heard, PATIENCE)
            self.heard = False
            return gathered(self.waiting)

    def _full(self) -> bool:
        """Whether those that wait fill a batch."""
        rows = sum(len(job.rows) - job.taken for job in self.waiting)
        return bool(self.waiting) and rows >= self.waiting[0].version.batch

    def _wanted(self) -> bool:
        """Whether anybody still waits."""
        while self.waiting and self.waiting[0].future.done():  # whoever asked has left
            self.waiting.popleft()
        return bool(self.waiting)

    def _carry_out(self, parts: list[Part]) -> None:
        """Answer the rows of one batch; where they make it fail, those of each job by themselves."""
        done: list[Done] = []
        try:
            answers = self._answers(parts)
        except Exception as fault:
            if len(parts) > 1:
                for part in parts:
                    self._carry_out([part])
                return
            done = [(parts[0][0], None, fault)]
            parts[0][0].taken = len(parts[0][0].rows)
            with self.some, suppress(ValueError):
                self.waiting.remove(parts[0][0])
        else:
            for (job, _, end), answer in zip(parts, answers, strict=True):
                job.answers.append(answer)
                if end == len(job.rows):
                    done.append(finished(job))
        with suppress(RuntimeError):  # a loop that was closed: nobody waits any more
            parts[0][0].future.get_loop().call_soon_threadsafe(self._hand_back, done)

    def _answers(self, parts: list[Part]) -> list[tuple[Array, ...]]:
        """For each part what its version answers."""
        rows = [job.rows[start:end] for job, start, end in parts]
        first = parts[0][0]
        found = first.version.answer(np.concatenate(rows) if len(rows) > 1 else rows[0], look=first.look)
        self.seen(sum(map(len, rows)))
        ends = np.cumsum([len(each) for each in rows]).tolist()
        return [tuple(each[end - len(own) : end] for each in found) for own, end in zip(rows, ends, strict=True)]

    def _hand_back(self, done: list[Done]) -> None:
        """Settle the futures, in the thread of their loop; then let it read and prepare what has come meanwhile."""
        for job, value, fault in done:
            if job.future.done():  # whoever asked has left, or was told that it takes too long
                continue
            if fault is None:
                job.future.set_result(value)
            else:
                job.future.set_exception(fault)
        later(asyncio.get_running_loop(), ROUNDS, self._hear)

    def _hear(self) -> None:
        with self.some:
            if self.more() and not self._full():
                asyncio.get_running_loop().call_soon(self._hear)
                return
            self.heard = True
            self.some.notify()


def give_up(future: asyncio.Future[Any]) -> None:
    """Say that it takes too long."""
    if not future.done():
        future.set_exception(TimeoutError())


def later(loop: asyncio.AbstractEventLoop, rounds: int, call: Callable[[], None]) -> None:
    """Call after so many rounds of a loop."""
    if rounds:
        loop.call_soon(later, loop, rounds - 1, call)
    else:
        call()


def gathered(waiting: deque[Job]) -> list[Part]:
    """The rows of jobs of one kind, the first that waits and others in their order, that fill a batch."""
    first = waiting[0]
    room, found, passed = first.version.batch, [], []
    while waiting and room:
        job = waiting.popleft()
        if job.future.done():
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
    waiting.extendleft(reversed(passed))
    return found


def finished(job: Job) -> Done:
    """The job with what its future gets, or with what was raised."""
    try:
        return job, job.finish(*joined(job.answers)), None
    except Exception as fault:
        return job, None, fault


def joined(answers: list[tuple[Array, ...]]) -> tuple[Array, ...]:
    """The answers of the parts of a job, put together."""
    return answers[0] if len(answers) == 1 else tuple(map(np.concatenate, zip(*answers, strict=True)))
