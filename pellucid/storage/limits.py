"""What reading a stranger's file may cost: one table of limits, each with what raises it.

A limit stops a file that would hang or exhaust the machine; real data sets lie far below. The numbers hold for the
command line and for calls of the library alike. An environment variable raises one limit for one process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from pellucid.errors import ArgumentError, FileError, PellucidError, describe

MB, GIB = 10**6, 2**30


@dataclass(frozen=True)
class Limit:
    """At most `number` of `unit`; `variable` is the environment's name for it, `flag` the command line's if any."""

    name: str
    number: int
    unit: str
    variable: str
    what: str
    flag: str = ""

    @property
    def now(self) -> int:
        """The number in force. Raises ArgumentError for a variable that is no whole number from 1."""
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.number
        if not (text.isascii() and text.isdecimal() and len(text) <= 18 and int(text) > 0):
            raise ArgumentError(describe("environment", self.variable, "a whole number of 1 or more",
                                         repr(text[:40]), f"Unset it, or set {self.variable}={self.number}."))
        return int(text)

    def check(
        self, got: int, where: object, *, what: str = "", error: type[PellucidError] = FileError
    ) -> None:
        """Raise `error`, which names the place, the number and what raises it, when `got` is beyond."""
        most = self.now
        if got > most:
            raise self.beyond(where, told(got), what=what, error=error)

    def beyond(
        self, where: object, got: str, *, what: str = "", error: type[PellucidError] = FileError
    ) -> PellucidError:
        """The error to raise; `got` is in words, as it may be known only as more than the limit."""
        allow = f"Pass {self.flag}, or set {self.variable}=N," if self.flag else f"Set {self.variable}=N"
        return error(f"{where}: {what or self.what} may be at most {self.now:,} {self.unit}, but it is {got}. "
                         f"{allow} to allow more.")


def told(count: int) -> str:
    """A count for people, also one of thousands of digits."""
    return f"{count:,}" if count < 10**24 else "more than 10^24"


PIXELS = Limit("pixels", 50_000_000, "pixels", "PELLUCID_MAX_PIXELS", "a picture", flag="--max-pixels N")
ENTRIES = Limit("entries", 2_000_000, "entries", "PELLUCID_MAX_ENTRIES", "a data set")
CHANNELS = Limit("channels", 256, "channels", "PELLUCID_MAX_CHANNELS", "a picture")
NAME = Limit("name", 1_024, "bytes", "PELLUCID_MAX_NAME", "the name of a file, a class or a layer")
LEVELS = Limit("levels", 64, "levels", "PELLUCID_MAX_LEVELS", "the depth of folders, groups or nested JSON")
TEXT = Limit("text", 256 * MB, "bytes", "PELLUCID_MAX_TEXT", "the text or metadata of a file")
VALUES = Limit("values", 4_000_000, "values", "PELLUCID_MAX_VALUES", "one JSON text")
LINE = Limit("line", 1_000_000, "characters", "PELLUCID_MAX_LINE", "a line of a table")
RATIO = Limit("ratio", 1_000, "times its packed size", "PELLUCID_MAX_RATIO", "what is packed, beyond 64 MB,")
GROWN = Limit("grown", 1_024, "times its pixels", "PELLUCID_MAX_GROWN", "a picture made larger by --resize",
              flag="--max-pixels N")  # fmt: skip
WEIGHTS = Limit("weights", 2**31, "weights", "PELLUCID_MAX_WEIGHTS", "a model")
LAYERS = Limit("layers", 4_000, "layers", "PELLUCID_MAX_LAYERS", "a model")
ARRAY = Limit("array", 4 * GIB, "bytes", "PELLUCID_MAX_ARRAY",
              "an array that declares over 1,000 times the bytes stored for it")  # fmt: skip

STUDY = Limit("study", GIB, "bytes", "PELLUCID_MAX_STUDY", "the study of a search")

MEMORY = Limit("memory", 0, "bytes", "PELLUCID_MAX_MEMORY", "what must be in memory at once")  # 0: what is free

TABLE = (PIXELS, CHANNELS, ENTRIES, NAME, LEVELS, TEXT, VALUES, LINE, RATIO, GROWN, WEIGHTS, LAYERS, ARRAY, STUDY,
         MEMORY)  # fmt: skip
FREE = 64 * MB  # bytes that anything may unpack to, whatever the ratio
CLAIMED = 1_000  # times its stored bytes that an array beyond ARRAY may declare


def check_ratio(unpacked: int, packed: int, where: object) -> None:
    """Raise FileError when `packed` bytes become so many that they were made to fill the memory."""
    if unpacked > FREE and unpacked > RATIO.now * max(1, packed):
        raise RATIO.beyond(where, f"{unpacked:,} bytes from {packed:,}")


def check_claim(declared: int, stored: int, where: object) -> None:
    """Raise FileError for an array that declares over 4 GiB and over 1,000 times the bytes stored for it."""
    if declared > ARRAY.now and declared > CLAIMED * stored:
        raise ARRAY.beyond(where, f"{declared:,}, of which {stored:,} are stored")
