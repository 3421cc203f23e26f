"""The worker: takes the jobs of a queue, one after another, and puts one result on the disk for each.

A job is locked in the kernel while it is in hand, so several workers share a spool, and what a killed one left is done
again. The result is on the disk before the job is let go of; one that has its result is never done a second time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pellucid.errors import DataError, PellucidError, TrainingError, escaped, shown
from pellucid.jobs.asking import Oracle
from pellucid.jobs.job import Evaluate, Predict, Train, job_of, parsed, refuse_other_id
from pellucid.jobs.spool import Spool, Waiting
from pellucid.jobs.training import Logged, train
from pellucid.storage.claims import BusyError
from pellucid.storage.memory import ran_out, refused_allocation

LOG = logging.getLogger("pellucid")
FORMAT = 1
DONE, FAILED = "done", "failed"
SHOWN = 300  # characters of a fault that the worker's own line tells
INTERVAL = 0.2  # seconds between two looks at a queue in which nothing was to be done
MOST_TRIES = {Predict: 10, Evaluate: 10, Train: 100}  # of a job whose worker dies each time


class Queue(Protocol):
    """Where jobs come from."""

    def waiting(self) -> Iterator[Waiting]:
        """What waits now, oldest first, what others have in hand included."""

    def content(self, waiting: Waiting) -> bytes | None:
        """What a job says; None when it is not to be done now."""

    def forget(self, waiting: Waiting) -> None:
        """Let go of a job whose result is on the disk."""

    def is_empty(self) -> bool:
        """Whether no job is left, nor in anybody's hands."""


@dataclass
class Worker:
    """One process at work; `stopping` says whether a signal came, `logged` keeps the lines of a run that trains."""

    spool: Spool
    queue: Queue
    oracle: Oracle
    stopping: Callable[[], bool]
    logged: Logged
    counts: dict[str, int] = field(default_factory=lambda: {DONE: 0, FAILED: 0})

    def work(self, *, until_empty: bool) -> None:
        """Do what waits, and what comes, until a signal; or until nothing waits and nobody has anything in hand."""
        while not self.stopping():
            before = sum(self.counts.values())
            for waiting in self.queue.waiting():
                if self.stopping():
                    return
                self.take(waiting)
            if until_empty and self.queue.is_empty():
                return
            if sum(self.counts.values()) == before:
                time.sleep(INTERVAL)

    def take(self, waiting: Waiting) -> None:
        """Do a job unless it has its result, or another worker has it in hand."""
        try:
            with self.spool.held(waiting.name):
                if not self.spool.has_result(waiting.name) and not self._carry_out(waiting):
                    return
                self.spool.end(waiting.name)
        except BusyError:
            return
        self.queue.forget(waiting)

    def _carry_out(self, waiting: Waiting) -> bool:
        """Do a job that is in our hands; False when it is not to be done now, or was stopped by a signal."""
        began = time.perf_counter()
        result: dict[str, Any] = {"format": FORMAT, "id": waiting.name, "state": DONE}
        try:
            content = self.queue.content(waiting)
            if content is None:
                return False
            said = parsed(content)
            result |= {"kind": said.get("kind"), "job": said}
            found = self._answer(waiting, said)
            if found is None:
                return False
            result |= found
        except BusyError:
            raise
        except PellucidError as fault:
            result["error"] = escaped(fault)
        except Exception as fault:  # whatever it is, the queue goes on
            result["error"] = sentence_for(fault)
            LOG.debug("job %s", waiting.name, exc_info=True)
        if "error" in result:
            result["state"] = FAILED
        self.spool.keep_result(waiting.name, result)
        self.counts[result["state"]] += 1
        seconds = time.perf_counter() - began
        LOG.info("%s  %s  %s  %.3f s%s", waiting.name, shown(result.get("kind", "-")), result["state"], seconds,
                 f"  {shown(result['error'], SHOWN)}" if "error" in result else "")  # fmt: skip
        return True

    def _answer(self, waiting: Waiting, said: dict[str, Any]) -> dict[str, Any] | None:
        if waiting.fault:
            raise DataError(waiting.fault)
        refuse_other_id(said, waiting.name)
        job = job_of(said)
        tries = self.spool.begin(waiting.name)
        if tries >= MOST_TRIES[type(job)]:
            raise TrainingError(f"the job was begun {tries} times, and its worker ended each time before it was done. "
                                "It may need more memory than there is.")
        if isinstance(job, Predict):
            return self.oracle.predict(job)
        if isinstance(job, Evaluate):
            return self.oracle.evaluate(job)
        return train(job, self.spool.run(waiting.name), self.oracle.places, self.logged)


def sentence_for(fault: Exception) -> str:
    """One sentence for what no page of ours had words for."""
    if ran_out(fault):
        return f"{refused_allocation(fault)} Free some memory, or ask for less at once."
    return f"a fault of Pellucid itself: {type(fault).__name__}: {shown(fault, 200)}"


