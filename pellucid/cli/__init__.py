"""The command line: one file a command; each parses, calls one function and prints.

Importing this much is quick, so that a signal is answered from the first moment on, while the commands are imported.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line of this process and end it: 0 when done, 1 when it failed or was stopped, 2 wrong usage."""
    for number in SIGNALS:
        signal.signal(number, stop_at_once)
    from pellucid.cli.main import main as carry_out

    try:
        carry_out()
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the exit code is settled


def stop_at_once(number: int, frame: FrameType | None) -> None:
    """End a process that has begun nothing yet; of several started by torchrun the first says so."""
    if os.environ.get("RANK", "0") == "0":
        os.write(2, b"pellucid: stopped.\n")
    os._exit(1)
