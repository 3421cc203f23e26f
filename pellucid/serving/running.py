"""Running a server until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from pellucid.errors import UsageError
from pellucid.serving.answering import BACKLOG, Say, work
from pellucid.serving.guard import refuse_open_door
from pellucid.serving.settings import Settings
from pellucid.serving.workers import run_workers


def run(runs: Sequence[str], settings: Settings, *, engine: str | None, say: Say) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError for an address, a token or a log that cannot be had."""
    refuse_open_door(settings)
    listener = listening(settings)
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    with listener:
        if settings.workers > 1:
            told = f"Serving at {address} with {settings.workers} workers"
            run_workers(runs, settings, engine, listener, say, lambda: say(told))
        else:
            work(runs, settings, engine, listener, say, lambda: say(f"Serving at {address}"))


def listening(settings: Settings) -> socket.socket:
    """The socket, bound. Raises UsageError for an address that cannot be had."""
    made = None
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family[0], socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms for its head to be noticed
        made.bind(family[4])
        made.listen(BACKLOG)
    except OSError as fault:
        if made is not None:
            made.close()
        raise UsageError(f"serve: {settings.host} port {settings.port} cannot be listened at: {fault.strerror}. Pass "
                         "another --port (0: a free one) or --host.") from None  # fmt: skip
    return made
