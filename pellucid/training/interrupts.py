"""Ctrl-C and SIGTERM end a run after the step in hand, not in the middle of an update.

Of several processes all stop after the same step, whichever of them the signal reached. torchrun passes on what the
terminal has sent already, so there a second signal is no second wish; torchrun itself ends what does not stop.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

from pellucid.engines.protocol import Sums
from pellucid.training.events import Event, Progress

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REASONS = {signal.SIGINT: "stopped by the user", signal.SIGTERM: "stopped by SIGTERM"}


class Noted:
    """Notes the first signal and leaves a second one to whoever listened before, or to nobody if it is `patient`."""

    def __init__(self, *, patient: bool = False) -> None:
        self.received: int = 0
        self.patient = patient
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers there only
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        around = getattr(self._before.get(number), "__self__", None)
        if self.patient:
            self._before = dict.fromkeys(SIGNALS, signal.SIG_IGN)
        self.__exit__()
        if isinstance(around, Noted):  # whoever trains many times hears of it too, so that the next is the second
            around._note(number, frame)


class Interrupts(Event):
    """Turns the first signal into a clean stop; a second one ends the program at once, unless it is `patient`."""

    def __init__(self, *, patient: bool = False) -> None:
        self.noted = Noted(patient=patient)

    def begin(self, progress: Progress) -> None:
        self.noted.__enter__()

    def step(self, progress: Progress, sums: Sums) -> None:
        self._obey(progress)

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self._obey(progress)

    def _obey(self, progress: Progress) -> None:
        received = self.noted.received
        seen = progress.engine.reduce({number.name: (float(received == number), 1.0) for number in SIGNALS})
        reasons = [REASONS[number] for number in SIGNALS if seen[number.name][0]]
        progress.stop = progress.stop or next(iter(reasons), "")

    def end(self, progress: Progress) -> None:
        self.noted.__exit__()
