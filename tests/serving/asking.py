"""A server in this process, asked over ASGI without a socket, or listening at the loopback address in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from pellucid.serving.answering import answer, server_of
from pellucid.serving.application import application
from pellucid.serving.audit import Audit
from pellucid.serving.models import Models
from pellucid.serving.running import listening
from pellucid.serving.service import Service
from pellucid.serving.settings import Settings
from pellucid.serving.watching import Watching

ADDRESS = "http://127.0.0.1:8000"


@dataclass
class Served:
    """An application with what is behind it."""

    app: Any
    service: Service

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request and its response."""
        return self.ask_all([(method, path, given)])[0]

    def ask_all(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Requests made at the same moment, and their responses."""

        async def asked() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                found = await asyncio.gather(*(client.request(method, path, **given)
                                               for method, path, given in requests))  # fmt: skip
            self.app.audit.flush()
            return list(found)

        return asyncio.run(asked())

    def talk(self, *messages: str | bytes, **headers: str) -> list[dict[str, Any]]:
        """A WebSocket that sends messages one by one and then leaves: all that the application sends."""
        kinds = {str: "text", bytes: "bytes"}
        coming = [{"type": "websocket.connect"},
                  *({"type": "websocket.receive", kinds[type(each)]: each} for each in messages),
                  {"type": "websocket.disconnect", "code": 1000}]  # fmt: skip
        sent: list[dict[str, Any]] = []
        named = {"host": "127.0.0.1:8000"} | headers
        scope = {"type": "websocket", "path": "/ws", "query_string": b"", "subprotocols": [],
                 "client": ("127.0.0.1", 1),
                 "headers": [(name.encode(), value.encode()) for name, value in named.items()]}  # fmt: skip

        async def receive() -> dict[str, Any]:
            return coming.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def lived() -> None:
            await self.app(scope, receive, send)
            self.app.audit.flush()

        asyncio.run(lived())
        return sent


def served(runs: Sequence[str], engine: str | None = None, **settings: Any) -> Served:
    """A server of runs with settings."""
    wanted = Settings(**{"audit": "/dev/null"} | settings)
    models = Models(runs, batch=wanted.batch, max_pixels=wanted.max_pixels, engine=engine)
    service = Service(models, wanted)
    return Served(application(service, Audit(wanted.audit)), service)


@dataclass
class Listening:
    """A server at an address; what it said, and what looks after its models."""

    port: int
    service: Service
    watching: Watching
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening_server(runs: Sequence[str], **settings: Any) -> Iterator[Listening]:
    """A server of runs on a free port, in a thread of its own, that drains when the block ends."""
    wanted = Settings(**{"audit": "/dev/null", "port": 0} | settings)
    service = Service(Models(runs, batch=wanted.batch, max_pixels=wanted.max_pixels, engine=None), wanted)
    said: list[str] = []
    watching = Watching(service, said.append)
    audit = Audit(wanted.audit)
    server, socket = server_of(service, audit), listening(wanted)
    found = Listening(socket.getsockname()[1], service, watching, said)
    thread = threading.Thread(target=lambda: asyncio.run(answer(server, watching, socket)))
    thread.start()
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join(30)
        service.close()
        assert not thread.is_alive(), "the server did not stop"
