"""Work that is killed where it changes the disk, at a moment that a test chooses."""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

from pellucid.storage import writer


class Killing(writer.System):
    """Counts the calls that change a disk, and kills the process at one of them, in the middle of a write."""

    def __init__(self, moment: int = -1) -> None:
        self.moment, self.calls = moment, 0

    def met(self) -> bool:
        self.calls += 1
        return self.calls - 1 == self.moment

    def write(self, file: int, data: memoryview) -> int:
        if self.met():
            super().write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(file, data)

    def sync(self, file: int) -> None:
        if self.met():
            os.kill(os.getpid(), signal.SIGKILL)
        super().sync(file)

    def replace(self, source: Any, target: Any) -> None:
        if self.met():
            os.kill(os.getpid(), signal.SIGKILL)
        super().replace(source, target)


def killed_at(moment: int, work: Callable[[], Any]) -> None:
    """Do the work in a process that ends at a moment."""

    def dying() -> None:
        writer.system = Killing(moment)
        work()

    process = multiprocessing.get_context("fork").Process(target=dying)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which do nothing here
        process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
