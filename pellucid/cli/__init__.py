"""The command line: one file a command; each parses, calls one function and prints.

Importing this much is quick, so that a signal is answered from the first moment on, while the commands are imported.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]

from pellucid.cli.signals import SIGNALS, stop_at_once


def main(arguments: list[str] | None = None) -> None:
    """Run a command and raise SystemExit: 0 when done, 1 when it failed or was stopped, 2 for wrong usage.

    Without `arguments` it is the command line of this process, which ends with it.
    """
    ours = SIGNALS if arguments is None else ()
    for number in ours:
        _signal.signal(number, stop_at_once)
    from pellucid.cli.entry import main as carry_out

    try:
        carry_out(arguments)
    finally:
        for number in ours:
            _signal.signal(number, _signal.SIG_IGN)  # the exit code is settled
