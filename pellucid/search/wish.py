"""The wish to stop a search: heeded between two talks with the database, a second one in the middle of a training too.

In the middle of its bookkeeping Optuna answers a KeyboardInterrupt with an error of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pellucid.training.interrupts import Noted


class Wish(Noted):
    """Notes the first signal; a second one raises KeyboardInterrupt, where that is `at_once`, else as soon as it is."""

    def __init__(self, *, patient: bool = False) -> None:
        super().__init__(patient=patient)
        self.insisted = 0  # the second signal
        self._at_once = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.patient:
            super()._note(number, frame)
        elif not self.received:
            self.received = number
        else:
            self.insisted = number
            self._heed()

    @contextmanager
    def at_once(self, yes: bool = True) -> Iterator[None]:
        """Whether a second signal acts within; one that has waited acts on the border."""
        before, self._at_once = self._at_once, yes
        try:
            self._heed()
            yield
        finally:
            self._at_once = before
        self._heed()

    def _heed(self) -> None:
        if self.insisted and self._at_once:
            self._at_once = False
            raise KeyboardInterrupt
