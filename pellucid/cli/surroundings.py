"""What a command finds around it: standard streams it can rely on, and libraries that keep their words to themselves.

Closed       a stream that was closed before the start (`>&-`) is opened on the null device, so that no file of ours
             takes its number
Letters      what a stream cannot write (an emoji on a cp1252 terminal, half of a Latin-1 name) becomes "?"
Nobody       a reader that goes away (`| head`) ends the words, not the work; any other refusal (a full disk) is told
             once, at the end
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

NAMES = ("stdin", "stdout", "stderr")


class Patient:
    """A text stream that stays silent, instead of raising, once the system refuses its words; `refusal` says why."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.silent = stream, False
        self.refusal: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write what can be written; the number of characters given."""
        if not self.silent:
            try:
                self.stream.write(text)
            except OSError as refusal:
                self._fall_silent(refusal)
        return len(text)

    def flush(self) -> None:
        """Send what is waiting."""
        if not self.silent:
            try:
                self.stream.flush()
            except OSError as refusal:
                self._fall_silent(refusal)

    def _fall_silent(self, refusal: OSError) -> None:
        """Send what is still waiting to the null device, else Python would try it once more at its end."""
        self.silent = True
        self.refusal = None if isinstance(refusal, BrokenPipeError) else refusal
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.stream.fileno())
            os.close(null)


@contextmanager
def standard_streams() -> Iterator[list[Patient]]:
    """Standard output and standard error as this page says, for a block; what they were comes back after it."""
    _occupy_numbers()
    before = {name: getattr(sys, name) for name in NAMES}
    with open(os.devnull, "r+", encoding="utf-8") as nowhere:
        sys.stdin = before["stdin"] or nowhere
        patient = [Patient(before[name] or nowhere) for name in NAMES[1:]]
        sys.stdout, sys.stderr = (cast(TextIO, stream) for stream in patient)
        for stream in patient:
            reconfigure = getattr(stream.stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        try:
            yield patient
        finally:
            for stream in patient:
                stream.flush()
            for name, stream in before.items():
                setattr(sys, name, stream)


def _occupy_numbers() -> None:
    """Open 0, 1 and 2 where they are free: a file opened next would take the number, and every word with it."""
    for number in range(len(NAMES)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def quiet_libraries() -> None:
    """Keep log lines and warnings of other libraries off the terminal; a fault of theirs still is a fault."""
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
