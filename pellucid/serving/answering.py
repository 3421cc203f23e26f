"""One process that answers until a signal ends it; requests that were begun by then are answered."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

from pellucid.serving.application import application
from pellucid.serving.audit import Audit
from pellucid.serving.models import Models
from pellucid.serving.protocol import protocol
from pellucid.serving.service import Service
from pellucid.serving.settings import Settings
from pellucid.serving.watching import Watching

IDLE = 30  # seconds that a connection may stay open between requests
BACKLOG = 512  # connections that wait to be accepted
Say = Callable[[str], None]


def work(
    runs: Sequence[str], settings: Settings, engine: str | None, listener: socket.socket, say: Say,
    ready: Callable[[], None],
) -> None:
    """What one process does."""
    models = Models(runs, batch=settings.batch, max_pixels=settings.max_pixels, engine=engine)
    for version in models:
        told = "" if version.batch == settings.batch else (
            "; one picture at a time, for its place among others would change its last bits")
        say(f"model {version.name}: version {version.id}, engine {version.engine.name}, "
            f"{version.batch} picture{'' if version.batch == 1 else 's'} a batch{told}")
    audit = Audit(settings.audit)
    service = Service(models, settings)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(service, audit, listener, say, ready))
    finally:
        service.close()
        audit.flush()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which takes half the time of asyncio's own, where it is installed; it is not made for Windows."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return made


def server_of(service: Service, audit: Audit) -> uvicorn.Server:
    """uvicorn with our limits."""
    settings = service.settings
    return uvicorn.Server(uvicorn.Config(
        application(service, audit), http=protocol(settings.timeout), ws="websockets-sansio",
        ws_max_size=2 * settings.most_bytes, ws_per_message_deflate=False, log_config=None, access_log=False,
        server_header=False, proxy_headers=False, lifespan="off", backlog=BACKLOG, timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=int(2 * settings.timeout) + 1,
    ))  # fmt: skip


async def serve(
    service: Service, audit: Audit, listener: socket.socket, say: Say, ready: Callable[[], None]
) -> None:
    """Answer on a socket until a signal ends it; SIGHUP has every model file read again."""
    server, watching = server_of(service, audit), Watching(service, say)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, watching.asked.set)
    ready()
    await answer(server, watching, listener)


async def answer(server: uvicorn.Server, watching: Watching, listener: socket.socket) -> None:
    """Answer, and look after the model files, until the server is told to stop."""
    looking = asyncio.create_task(watching.live())
    await server._serve([listener])
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
