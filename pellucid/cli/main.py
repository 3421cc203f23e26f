"""The entry point: exit 0 when done, 1 when the work failed, 2 for wrong usage; one sentence, never a traceback."""

from __future__ import annotations

import os
import sys

from pellucid.cli import data, evaluate, predict, runs, summary, train  # noqa: F401  (each joins the application)
from pellucid.cli.app import app
from pellucid.errors import ArgumentError, PellucidError, UsageError


def main() -> None:
    """Run the command line."""
    try:
        app()
    except PellucidError as fault:
        print(f"pellucid: {fault}", file=sys.stderr)
        sys.exit(2 if isinstance(fault, (UsageError, ArgumentError)) else 1)
    except KeyboardInterrupt:
        print("pellucid: stopped.", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        print("pellucid: out of memory. Pass a smaller --batch-size or --resize, or --limit N.", file=sys.stderr)
        sys.exit(1)
