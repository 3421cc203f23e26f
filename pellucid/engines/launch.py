"""How this process was started: alone, or by torchrun as one of several, which it tells in environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pellucid.errors import UsageError, describe
from pellucid.words import whole


@dataclass(frozen=True)
class Launch:
    """Which process of how many this is, over all machines and on this one; the first has rank 0."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @property
    def several(self) -> bool:
        """Whether there are other processes."""
        return self.count > 1


def launched() -> Launch:
    """What the variables RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE say; alone without them.

    Raises UsageError for words that are no numbers, or for a rank beyond the number of processes.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return Launch()
    rank, count = number("RANK", 0), number("WORLD_SIZE", 1)
    launch = Launch(rank, count, number("LOCAL_RANK", 0, rank), number("LOCAL_WORLD_SIZE", 1, count))
    if rank >= count:
        raise UsageError(describe("launch", "RANK", f"below WORLD_SIZE={count}", rank, "Start with torchrun."))
    return launch


def number(name: str, least: int, otherwise: int = 0) -> int:
    """A variable's whole number; `otherwise` when there is no such variable."""
    word = os.environ.get(name, str(otherwise))
    found = whole(word, least)
    if found is None:
        raise UsageError(describe("launch", name, f"a whole number of {least} or more", repr(word)))
    return found


def by_torchrun() -> bool:
    """Whether torchrun started this process; it passes on signals that a terminal has sent already."""
    return "TORCHELASTIC_RUN_ID" in os.environ
