"""uvicorn's HTTP protocol, which of itself waits without end for whoever sends or reads slowly.

A request's first line and headers must arrive within a time and a length, a response must be read as quickly, and only
so many connections are open at once. How long a body may take is the business of whoever reads it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEADERS = 64 << 10  # bytes
MOST_CONNECTIONS = 1_000
FULL = "503 Service Unavailable", "Too many connections are open. Ask again in a second.", "retry-after: 1\r\n"
LONG = "431 Request Header Fields Too Large", f"The headers have more than {MOST_HEADERS:,} bytes.", ""


def protocol(seconds: float) -> type[HttpToolsProtocol]:
    """The protocol with `seconds` for headers to come, and for a response to be read."""

    class Impatient(HttpToolsProtocol):
        """One connection."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.patience: asyncio.TimerHandle | None = None  # while headers are awaited
            self.unread: asyncio.TimerHandle | None = None    # while a response waits to be read
            self.arrived = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > MOST_CONNECTIONS:
                self.end(*FULL)
            else:
                self.wait()

        def wait(self) -> None:
            """Headers are awaited from now on."""
            if self.patience is None:
                self.arrived = 0
                self.patience = self.loop.call_later(seconds, self.transport.abort)

        def data_received(self, data: bytes) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.wait()
            super().data_received(data)
            if self.patience is not None and self.parser is not None:
                self.arrived += len(data)
                if self.arrived > MOST_HEADERS:
                    self.end(*LONG)

        def on_headers_complete(self) -> None:
            self.calm()
            super().on_headers_complete()

        def calm(self) -> None:
            """Nothing is awaited any more."""
            if self.patience is not None:
                self.patience.cancel()
                self.patience = None

        def pause_writing(self) -> None:
            super().pause_writing()
            self.unread = self.loop.call_later(seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self.unread is not None:
                self.unread.cancel()
                self.unread = None

        def connection_lost(self, exc: Exception | None) -> None:
            self.calm()
            super().connection_lost(exc)  # resumes writing

        def end(self, status: str, sentence: str, more: str) -> None:
            """Answer with a refusal and close."""
            body = f'{{"error":"{sentence}"}}'
            self.transport.write(f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}content-length: "
                                 f"{len(body)}\r\nconnection: close\r\n\r\n{body}".encode())  # fmt: skip
            self.transport.close()

    return Impatient
