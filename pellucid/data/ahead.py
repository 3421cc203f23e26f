"""Making batches ahead: while one is learnt from, a thread reads, changes and scales the next.

The order and every number are those of the iterator itself; so are its faults, which come where its batch would have.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")
DEPTH = 2  # batches that wait; more would only take memory
POLL_SECONDS = 0.1  # how soon the thread sees that nobody wants its batches any more


def ahead(source: Iterator[T]) -> Iterator[T]:
    """The entries of `source`, made by a thread; closing the iterator, or a fault between entries, ends the thread."""
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(DEPTH)
    left = threading.Event()
    context = contextvars.copy_context()  # NumPy's error settings among them
    worker = threading.Thread(target=context.run, args=(fill, source, ready, left), daemon=True)
    worker.start()
    try:
        while True:
            entry, fault = ready.get()
            if isinstance(fault, StopIteration):
                return
            if fault is not None:
                raise fault
            yield entry  # type: ignore[misc]
    finally:
        left.set()
        worker.join()


def fill(source: Iterator[Any], ready: queue.Queue[Any], left: threading.Event) -> None:
    """Put entries, and at last the fault or the end, while they are wanted."""
    while not left.is_set():
        try:
            item: tuple[Any, BaseException | None] = next(source), None
        except BaseException as fault:  # a fault of any kind belongs to the one who reads
            item = None, fault
        while not left.is_set():
            try:
                ready.put(item, timeout=POLL_SECONDS)
                break
            except queue.Full:
                continue
        if item[1] is not None:
            return
