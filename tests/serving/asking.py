"""A server in this process, asked over ASGI: no socket, no second process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from pellucid.serving.application import application
from pellucid.serving.models import Models
from pellucid.serving.network import Network
from pellucid.serving.settings import Settings

ADDRESS = "http://127.0.0.1:8000"


@dataclass
class Served:
    """An application with the thread behind it."""

    app: Any
    models: Models
    network: Network

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request and its response."""
        return self.ask_all([(method, path, given)])[0]

    def ask_all(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Requests made at the same moment, and their responses."""

        async def asked() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                return list(await asyncio.gather(*(client.request(method, path, **given)
                                                   for method, path, given in requests)))  # fmt: skip

        return asyncio.run(asked())


def served(runs: Sequence[str], engine: str | None = None, **settings: Any) -> Served:
    """A server of runs with settings."""
    wanted = Settings(**settings)
    models = Models(runs, batch=wanted.batch, max_pixels=wanted.max_pixels, engine=engine)
    network = Network(1)
    return Served(application(models, network, wanted), models, network)
