"""What stands before every route: who may ask, what every response says to browsers, and the line in the audit log.

Host    a page of another site cannot reach this server by a name of its own (DNS rebinding): known names and plain
        addresses alone are answered
Origin  a browser says which site a request comes from: only our own page may ask, over WebSockets too
Token   where one was set, wanted of all but the health checks and what says nothing of this server: pages, routes
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pellucid.errors import UsageError
from pellucid.serving.audit import Audit
from pellucid.serving.bodies import Scope, header
from pellucid.serving.counting import Counts
from pellucid.serving.refusals import Refused
from pellucid.serving.replies import json_response
from pellucid.serving.settings import Settings

OPEN = frozenset(("/", "/page.js", "/page.css", "/docs", "/openapi.json", "/v2/health/live",
                  "/v2/health/ready"))  # no token wanted
HEADERS = [(name.encode(), value.encode()) for name, value in {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin", "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()", "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                               "img-src 'self' blob: data:; form-action 'none'; base-uri 'none'; "
                               "frame-ancestors 'none'",
}.items()]  # fmt: skip
Hot = Mapping[str, Callable[[Request], Awaitable[Response]]]  # by path: what is asked most, past the router
LOG = logging.getLogger("pellucid.serving")


def refuse_open_door(settings: Settings) -> None:
    """Raise UsageError for an address that others reach, without a token; and for a token that is short."""
    if settings.token is None and not is_loopback(settings.host):
        raise UsageError(f"serve: {settings.host} can be reached by others, so a token is needed. Set PELLUCID_TOKEN, "
                         "or pass --token, of 16 characters or more; or leave --host out.")  # fmt: skip
    if settings.token is not None and not (len(settings.token) >= 16 and settings.token.isascii()
                                           and settings.token.isprintable() and " " not in settings.token):
        raise UsageError("serve: --token must be 16 or more printable ASCII characters without spaces. Make one with: "
                         "python -c 'import secrets; print(secrets.token_urlsafe())'")  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, that nobody else reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: Any, hot: Hot, settings: Settings, audit: Audit, counts: Counts) -> None:
        self.app, self.hot, self.audit, self.counts = app, hot, audit, counts
        self.token = None if settings.token is None else settings.token.encode()
        own = (settings.host, "localhost", *(() if is_loopback(settings.host) else (socket.gethostname(),)))
        named = (settings.allow_host or "").split(",")
        self.names = {name.strip().lower() for name in (*own, *named) if name.strip()}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        noted: dict[str, Any] = {}
        scope["noted"] = noted

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close":
                status = status or 403  # as which a client sees it that was never accepted
            await send(message)

        try:
            self.admit(scope)
            hot = self.hot.get(scope["path"]) if scope.get("method") == "POST" else None
            if hot is None:
                await self.app(scope, receive, sent)
            else:
                response = await hot(Request(scope, receive))
                await response(scope, receive, sent)
        except Refused as why:
            await self.refuse(scope, receive, sent, why)
        except Exception as fault:
            LOG.error("%s %s ended in %s", scope.get("method"), scope["path"][:200], type(fault).__name__,
                      exc_info=fault)
            if not status:
                await self.refuse(scope, receive, sent, Refused(500, "A fault of the server. Its log says more."))
        finally:
            seconds = time.perf_counter() - began
            self.counts.request(scope, status, seconds)
            self.audit.write(scope, status, seconds, noted)

    def admit(self, scope: Scope) -> None:
        """Raise Refused for who may not ask."""
        hosts = [value for key, value in scope["headers"] if key == b"host"]
        host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
        if not self.known(host):
            raise Refused(421, "This server is not known by that name. Call it by its address, or start it with "
                          "--allow-host NAME.")  # fmt: skip
        origin = header(scope, b"origin")
        if origin and origin.partition("://")[2].lower() != host.lower():
            raise Refused(403, "Pages of other sites may not ask this server.")
        if self.token is not None and scope["path"] not in OPEN:
            scheme, _, given = header(scope, b"authorization").partition(" ")
            bearer = scheme.lower() == "bearer"  # RFC 9110, 11.1: in any case
            if not (hmac.compare_digest(given.strip().encode("latin-1"), self.token) and bearer):
                why = "This server has another token" if bearer else "A token is wanted"
                raise Refused(401, f"{why}: send the header 'Authorization: Bearer TOKEN'.",
                              {"WWW-Authenticate": "Bearer"})

    def known(self, host: str) -> bool:
        """Whether a Host header names this server: by a name that it was given, or by a plain address."""
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        if name.lower().rstrip(".") in self.names:
            return True
        try:
            return bool(ipaddress.ip_address(name))
        except ValueError:
            return False

    async def refuse(self, scope: Scope, receive: Any, send: Any, why: Refused) -> None:
        """The refusal as a response; a WebSocket that was not accepted is answered as a plain request is."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why.sentence[:120]})
            return
        await json_response({"error": why.sentence}, why.status, why.headers)(scope, receive, send)
