"""Running a server until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from pellucid.errors import UsageError
from pellucid.serving.application import application
from pellucid.serving.audit import Audit
from pellucid.serving.guard import refuse_open_door
from pellucid.serving.models import Models
from pellucid.serving.service import Service
from pellucid.serving.settings import Settings


def run(runs: Sequence[str], settings: Settings, *, engine: str | None, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that were begun are answered before it returns."""
    refuse_open_door(settings)
    models = Models(runs, batch=settings.batch, max_pixels=settings.max_pixels, engine=engine)
    audit = Audit(settings.audit)
    listener = listening(settings)
    service = Service(models, settings)
    try:
        asyncio.run(serve(service, audit, listener, say))
    finally:
        service.close()
        audit.flush()


def listening(settings: Settings) -> socket.socket:
    """The socket, bound. Raises UsageError for an address that cannot be had."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family[0], socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(family[4])
    except OSError as fault:
        raise UsageError(f"serve: {settings.host} port {settings.port} cannot be listened at: {fault.strerror}. Pass "
                         "another --port (0: a free one) or --host.") from None  # fmt: skip
    return made


async def serve(
    service: Service, audit: Audit, listener: socket.socket, say: Callable[[str], None]
) -> None:
    """Answer on a socket until a signal ends it."""
    config = uvicorn.Config(
        application(service, audit), log_config=None, access_log=False, server_header=False,
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=int(service.settings.timeout) + 1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    host, port = listener.getsockname()[:2]
    say(f"Serving {', '.join(service.models.now)} at http://{f'[{host}]' if ':' in host else host}:{port}")
    await server._serve([listener])
