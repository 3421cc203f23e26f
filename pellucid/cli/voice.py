"""Which of several processes speaks: the first; and when a run ends in a fault, the one that knows why, alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pellucid.engines.launch import by_torchrun, launched

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes


class Voice:
    """This process's; `processes` are those it has joined."""

    def __init__(self) -> None:
        self.processes: Processes | None = None

    def speaks(self) -> bool:
        """Whether to print the sentence that a command ends with."""
        if self.processes is not None:
            return self.processes.speaks()
        return not by_torchrun() or launched().rank == 0

    @property
    def name(self) -> str:
        """What stands before the sentence: nothing for the first."""
        if self.processes is None or self.processes.first:
            return ""
        launch = self.processes.launch
        return f"process {launch.rank + 1} of {launch.count}: "


VOICE = Voice()


@contextmanager
def with_others() -> Iterator[Processes | None]:
    """The processes that torchrun started with this one, once all are there; None when it is alone."""
    launch = launched()
    if not launch.several:
        yield None
        return
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # a store that has gone is told in one sentence, not in fifty
    from pellucid.engines.pytorch.processes import joined

    with joined(launch) as processes:
        VOICE.processes = processes
        yield processes
