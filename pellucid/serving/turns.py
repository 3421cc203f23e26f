"""Work that the loop does itself, one request after another: a few milliseconds of it, then the loop reads on.

So a request that is refused is told so at once, however many were let in together before it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

BUDGET = 0.003  # seconds of work in one round of the loop


class Turns:
    """`async with turns:` waits for its turn; what is done in the block must not wait for anything."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.spent, self.began, self.planned = 0.0, 0.0, False
        self.usual = BUDGET / 4  # seconds that a turn takes

    async def __aenter__(self) -> None:
        loop = asyncio.get_running_loop()
        if not self.planned:
            self.planned, self.spent = True, 0.0
            loop.call_soon(self._round)
        if self.waiting or self.spent > BUDGET:
            turn = loop.create_future()
            self.waiting.append(turn)
            await turn
        self.began = time.perf_counter()

    async def __aexit__(self, *fault: Any) -> None:
        taken = time.perf_counter() - self.began
        self.spent += taken
        self.usual += (taken - self.usual) / 16

    def _round(self) -> None:
        """A new round of the loop: those that wait longest are next, as many as have time."""
        self.spent = 0.0
        room = max(1, int(BUDGET / max(self.usual, 1e-6)))
        self.planned = bool(self.waiting)
        while self.waiting and room:
            turn = self.waiting.popleft()
            if not turn.done():  # else whoever asked has left
                turn.set_result(None)
                room -= 1
        if self.planned:
            asyncio.get_running_loop().call_soon(self._round)
