"""The signals that end a command, and how they are answered before any command is imported."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # there from the start; `signal`, which stands on it, takes 10 ms
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

SIGNALS = (_signal.SIGINT, _signal.SIGTERM)


def stop_at_once(number: int, frame: FrameType | None) -> None:
    """End a process that has begun nothing yet; of several started by torchrun the first says so."""
    if os.environ.get("RANK", "0") == "0":
        os.write(2, b"pellucid: stopped.\n")
    os._exit(1)
