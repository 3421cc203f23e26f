"""How far a long piece of work is: a bar on a terminal, a line now and then elsewhere, both on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pellucid.cli.output import say

BETWEEN = 10.0  # seconds between two lines


@contextmanager
def working(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function that is told how many of `total` are done."""
    if not sys.stderr.isatty():
        yield lines(what, total)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def lines(what: str, total: int) -> Callable[[int], None]:
    """Says a line when the last one is some time ago."""
    latest = time.monotonic()

    def told(done: int) -> None:
        nonlocal latest
        if time.monotonic() - latest > BETWEEN:
            latest = time.monotonic()
            say(f"{what}: {done:,} of {total:,} images", to=sys.stderr)

    return told
