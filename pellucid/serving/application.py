"""The routes of the server."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from pellucid.errors import ShapeError
from pellucid.serving.bodies import files_of, header, whole_body
from pellucid.serving.models import Models
from pellucid.serving.network import Network
from pellucid.serving.predicting import predictions
from pellucid.serving.refusals import Refused
from pellucid.serving.settings import Settings


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def application(models: Models, network: Network, settings: Settings) -> FastAPI:
    """The ASGI application."""
    app = FastAPI(title="Pellucid", docs_url=None, redoc_url=None, openapi_url="/openapi.json")

    @app.exception_handler(Refused)
    async def refused(request: Request, why: Refused) -> Response:
        return json_response({"error": why.sentence}, why.status, why.headers)

    @app.get("/v2/health/live")
    async def live() -> Response:
        return json_response({"live": True})

    @app.get("/v2/health/ready")
    async def ready() -> Response:
        return json_response({"ready": True})

    @app.get("/v2/models")
    async def listed() -> Response:
        return json_response({"models": [{"name": each.name, "version": each.id} for each in models]})

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        version = models[request.query_params.get("model")]
        top = request.query_params.get("top", str(settings.top))
        if not (top.isascii() and top.isdecimal() and 0 < len(top) < 9 and int(top)):
            raise Refused(400, "top must be a whole number of 1 or more.")
        body = await whole_body(request.scope, request.receive, settings)
        files = files_of(body, header(request.scope, b"content-type"), settings)
        try:
            found = await predictions(network, version, files, int(top))
        except ShapeError as fault:
            raise Refused(422, str(fault)) from None
        answered = any("error" not in entry for entry in found["predictions"])
        return json_response(found, 200 if answered else 422)

    return app
