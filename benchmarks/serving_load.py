"""A small load generator: keep-alive HTTP/1.1 over raw sockets, one process, one core.

    python benchmarks/serving_load.py < spec.json          prints one JSON object

spec   {"port", "requests": [base64 of a whole request], "connections", "rate" | null, "count", "timeout"}
Open   with a rate, request i is due at i / rate whatever the server does, and its latency counts from then: a server
       that falls behind is not spared (no coordinated omission). Without a rate every connection asks again at once.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import sys
import time
from collections import Counter, deque
from typing import Any

END = b"\r\n\r\n"
LENGTH = b"content-length: "
STEP = 0.0005  # seconds between two looks at what is due


class Connection(asyncio.Protocol):
    """One client: sends a request, waits for its answer, tells the load."""

    def __init__(self, load: Load) -> None:
        self.load, self.due, self.sent, self.buffer = load, 0.0, 0.0, b""
        self.busy = self.lost = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self, request: bytes, due: float) -> None:
        """Send a request."""
        self.due, self.busy = due, True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        head = self.buffer.find(END)
        if head < 0:
            return
        start = self.buffer[:head].lower()
        at = start.find(LENGTH)
        length = int(start[at + len(LENGTH) :].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < head + 4 + length:
            return
        status = int(self.buffer[9:12])
        self.buffer, self.busy = b"", False
        self.load.answered(self, status, b"connection: close" in start)

    def connection_lost(self, fault: Exception | None) -> None:
        self.lost = True
        if self.busy:
            self.busy = False
            self.load.answered(self, 0, True)


class Load:
    """All requests of one measurement."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.port, self.count, self.rate = spec["port"], spec["count"], spec.get("rate")
        self.requests = [base64.b64decode(each) for each in spec["requests"]]
        self.connections, self.timeout = spec["connections"], spec.get("timeout", 120.0)
        self.idle: deque[Connection] = deque()
        self.pending: deque[tuple[int, float]] = deque()
        self.begun = self.ended = 0
        self.latencies: dict[int, list[float]] = {}
        self.statuses: Counter[int] = Counter()
        self.reconnecting = 0
        self.over = asyncio.Event()
        self.times: list[float] = []

    async def connect(self) -> None:
        """One more client."""
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
        self.free(made)

    async def again(self) -> None:
        """A client in the place of one whose server closed the connection."""
        self.reconnecting += 1
        try:
            await self.connect()
        except OSError:
            self.statuses[-1] += 1
        finally:
            self.reconnecting -= 1

    def free(self, client: Connection) -> None:
        """A client has nothing to do: it takes what is due, or without a rate the next request."""
        if self.pending:
            number, due = self.pending.popleft()
            client.ask(self.requests[number % len(self.requests)], due)
        elif self.rate is None and self.begun < self.count:
            self.begun += 1
            client.ask(self.requests[self.begun % len(self.requests)], time.perf_counter())
        else:
            self.idle.append(client)

    def answered(self, client: Connection, status: int, closing: bool) -> None:
        """An answer came, or none (0) when the connection broke."""
        now = time.perf_counter()
        self.statuses[status] += 1
        self.latencies.setdefault(status, []).append(now - client.due)
        self.ended += 1
        if self.ended >= self.count:
            self.over.set()
        if closing or client.lost:
            client.transport.close()
            task = asyncio.ensure_future(self.again())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        else:
            self.free(client)

    async def run(self) -> dict[str, Any]:
        """Everything, and what came of it."""
        self.tasks: set[asyncio.Future[None]] = set()
        rate, self.rate = self.rate, 1.0  # nobody asks while the others connect
        for _ in range(self.connections):
            await self.connect()
        self.rate = rate
        began = time.perf_counter()
        used = resource.getrusage(resource.RUSAGE_SELF)
        if rate is None:
            for _ in range(len(self.idle)):
                self.free(self.idle.popleft())
        else:
            await self.offer(rate, began)
        try:
            await asyncio.wait_for(self.over.wait(), self.timeout)
        except TimeoutError:
            self.statuses[-2] += self.count - self.ended
        seconds = time.perf_counter() - began
        now = resource.getrusage(resource.RUSAGE_SELF)
        own = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        return {
            "count": self.count, "seconds": round(seconds, 4), "per_second": round(self.ended / seconds, 1),
            "statuses": {str(status): number for status, number in sorted(self.statuses.items())},
            "latency_ms": {str(status): told(values) for status, values in self.latencies.items()},
            "load_cpu_share": round(own / seconds, 3),
        }  # fmt: skip

    async def offer(self, rate: float, began: float) -> None:
        """Hand out each request when it is due."""
        while self.begun < self.count:
            now = time.perf_counter()
            while self.begun < self.count and began + self.begun / rate <= now:
                due = began + self.begun / rate
                if self.idle:
                    self.idle.popleft().ask(self.requests[self.begun % len(self.requests)], due)
                else:
                    self.pending.append((self.begun, due))
                self.begun += 1
            await asyncio.sleep(STEP)


def told(values: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    values = sorted(values)
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
    return {name: round(1000 * values[min(len(values) - 1, int(share * len(values)))], 3)
            for name, share in places.items()}  # fmt: skip


def main() -> int:
    """Read what is asked for, do it, print what came."""
    import uvloop

    print(json.dumps(uvloop.run(Load(json.load(sys.stdin)).run())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
