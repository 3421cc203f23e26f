"""A call in a child process that may take little memory: what it raised, in words."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

ROOM = 300 << 20  # bytes above what the process holds already


def refusal(call: Callable[[], object], room: int = ROOM) -> str:
    """`Kind: sentence` of what `call` raised in a fork of this process; "" when it raised nothing."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        told = ""
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room,) * 2)
            call()
        except BaseException as fault:
            told = f"{type(fault).__name__}: {fault}"
        os.write(write, told.encode("utf-8", "replace")[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text
