"""The audit log: who asked for what and what came of it, a line of JSON a request; written ten times a second."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from contextlib import suppress
from typing import Any

import msgspec

from pellucid.errors import UsageError, shown
from pellucid.serving.bodies import Scope
from pellucid.storage.appending import appending

EVERY = 0.1  # seconds
LONGEST = 200  # characters of a path
LOG = logging.getLogger("pellucid.serving")


class Audit:
    """Lines that wait to be written to a file, or to standard error for `-`."""

    def __init__(self, path: str) -> None:
        self.waiting: list[bytes] = []
        self.planned: asyncio.TimerHandle | None = None
        self.second, self.stamp = 0, ""
        self.encoder = msgspec.json.Encoder()
        try:
            self.to = None if path == "-" else appending(path)
        except OSError as fault:
            raise UsageError(f"serve: --audit {shown(path)} cannot be written: {fault.strerror}.") from None

    def write(self, scope: Scope, status: int, seconds: float, noted: dict[str, Any]) -> None:
        """One request that is over; `noted` is what its route has to say of it."""
        now = time.time()
        if int(now) != self.second:
            self.second, self.stamp = int(now), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        client = scope.get("client")
        self.waiting.append(self.encoder.encode({
            "time": f"{self.stamp}.{int(now % 1 * 1000):03d}Z", "client": client[0] if client else None,
            "method": scope.get("method", "WEBSOCKET"), "path": scope["path"][:LONGEST], "status": status,
            "ms": round(1000 * seconds, 3), **noted,
        }))  # fmt: skip
        if self.planned is None:
            self.planned = asyncio.get_running_loop().call_later(EVERY, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        self.planned = None
        lines, self.waiting = self.waiting, []
        if not lines:
            return
        text = b"\n".join(lines) + b"\n"
        if self.to is None:
            with suppress(OSError, ValueError):
                sys.stderr.write(text.decode())
                sys.stderr.flush()
            return
        try:
            os.write(self.to, text)
        except OSError as fault:  # of a disk that is full
            LOG.error("%d lines of the audit log were lost: %s", len(lines), fault.strerror)
