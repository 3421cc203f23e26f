"""Ctrl-C and SIGTERM end a run after the step in hand, not in the middle of an update."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from pellucid.engines.protocol import Sums
from pellucid.training.events import Event, Progress

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts(Event):
    """Turns the first signal into a clean stop; a second one ends the program at once."""

    def __init__(self) -> None:
        self.received = ""
        self._before: dict[int, Any] = {}

    def begin(self, progress: Progress) -> None:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers there only
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = "stopped by the user" if number == signal.SIGINT else "stopped by SIGTERM"
        self._restore()

    def step(self, progress: Progress, sums: Sums) -> None:
        progress.stop = progress.stop or self.received

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        progress.stop = progress.stop or self.received

    def end(self, progress: Progress) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
