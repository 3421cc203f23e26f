"""The routes of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version as installed
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response, WebSocket
from starlette.exceptions import HTTPException

from pellucid.serving.audit import Audit
from pellucid.serving.bodies import files_of, header, whole_body
from pellucid.serving.guard import Guard, Hot
from pellucid.serving.inference import described
from pellucid.serving.paging import add_pages
from pellucid.serving.refusals import Refused
from pellucid.serving.replies import json_response
from pellucid.serving.service import Service
from pellucid.serving.talking import talk
from pellucid.serving.version import Version

A_FILE = {"schema": {"type": "string", "format": "binary"}}
PICTURES = {
    "parameters": [{"name": "model", "in": "query", "schema": {"type": "string"}},
                   {"name": "top", "in": "query", "schema": {"type": "integer", "minimum": 1}}],
    "requestBody": {"required": True, "content": {
        "multipart/form-data": {"schema": {"type": "object", "properties": {"image": A_FILE["schema"]}}},
        "image/*": A_FILE, "application/octet-stream": A_FILE,
    }},
}  # fmt: skip
Endpoint = Callable[[Request], Awaitable[Response]]
MODEL = "/v2/models/{name}"
AT_VERSION = MODEL + "/versions/{version}"


def application(service: Service, audit: Audit) -> Guard:
    """The ASGI application."""
    app = FastAPI(title="Pellucid", version=installed("pellucid"), docs_url=None, redoc_url=None)

    @app.exception_handler(Refused)
    async def refused(request: Request, why: Refused) -> Response:
        return json_response({"error": why.sentence}, why.status, why.headers)

    @app.exception_handler(HTTPException)
    async def no_such_route(request: Request, why: HTTPException) -> Response:
        return json_response({"error": f"{why.detail}. GET /docs lists what there is."}, why.status_code, why.headers)

    add_pages(app, service)
    add_health(app, service)
    infer, predict = add_models(app, service), add_predictions(app, service)
    hot: Hot = {"/predict": predict, **{f"/v2/models/{name}/infer": infer for name in service.models.now}}
    return Guard(app, hot, service.settings, audit, service.counts)


def add_health(app: FastAPI, service: Service) -> None:
    """Whether the server lives and is ready, what it is, and its numbers."""

    @app.get("/v2", summary="What this server is")
    async def server() -> Response:
        return json_response({"name": "pellucid", "version": app.version, "extensions": ["binary_tensor_data"]})

    @app.get("/v2/health/live", summary="Whether the process answers")
    async def live() -> Response:
        return json_response({"live": True})

    @app.get("/v2/health/ready", summary="Whether every model is loaded")
    async def ready() -> Response:
        return json_response({"ready": True})

    @app.get("/metrics", summary="Numbers for Prometheus")
    async def metrics() -> Response:
        return Response(service.counts.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def add_models(app: FastAPI, service: Service) -> Endpoint:
    """The Open Inference Protocol for one model; what answers /infer."""

    def asked(request: Request) -> Version:
        version = service.models[request.scope["path"].split("/")[3]]
        wanted = request.path_params.get("version")
        if wanted not in (None, version.id):
            raise Refused(404, f"version: '{version.name}' has the version {version.id} alone.")
        return version

    @app.get("/v2/models", summary="Which models there are")
    async def models() -> Response:
        return json_response({"models": [{"name": each.name, "version": each.id} for each in service.models]})

    @app.get(AT_VERSION, summary="The same of a version")
    @app.get(MODEL, summary="Inputs and outputs of a model")
    async def metadata(request: Request) -> Response:
        return json_response(described(asked(request)))

    @app.get(AT_VERSION + "/ready", summary="The same of a version")
    @app.get(MODEL + "/ready", summary="Whether a model is loaded")
    async def model_ready(request: Request) -> Response:
        version = asked(request)
        return json_response({"name": version.name, "ready": True})

    @app.post(AT_VERSION + "/infer", summary="The same of a version")
    @app.post(MODEL + "/infer", summary="Tensors to tensors, as JSON or binary")
    async def infer(request: Request) -> Response:
        version = asked(request)
        with service.admission.place() as place:
            body = await whole_body(request.scope, request.receive, service.settings)
            length = header(request.scope, b"inference-header-content-length")
            found, tensors = await service.infer(version, body, length, place)
        request.scope["noted"] |= {"model": version.name, "version": version.id, "bytes": len(body)}
        if not any("binary_data_size" in each.get("parameters", ()) for each in found["outputs"]):
            return json_response(found)
        head = msgspec.json.encode(found)
        return Response(head + tensors, 200, {"Inference-Header-Content-Length": str(len(head))},
                        "application/octet-stream")

    return infer


def add_predictions(app: FastAPI, service: Service) -> Endpoint:
    """Pictures to predictions, by HTTP and by WebSocket; what answers /predict."""

    @app.post("/predict", openapi_extra=PICTURES,
              summary="Pictures, as a form or one as the body, answered as pellucid predict answers")
    async def predict(request: Request) -> Response:
        query = request.query_params if request.scope["query_string"] else {}
        version = service.models[query.get("model")]
        top = whole(query.get("top"), service.settings.top)
        with service.admission.place() as place:
            body = await whole_body(request.scope, request.receive, service.settings)
            files = files_of(body, header(request.scope, b"content-type"), service.settings)
            place.needs(len(files))
            found = await service.predict(version, files, top)
        noted: dict[str, Any] = {"model": version.name, "version": version.id, "bytes": len(body),
                                 "pictures": len(files)}
        request.scope["noted"] |= noted
        answered = any("error" not in entry for entry in found["predictions"])
        return json_response(found, 200 if answered else 422)

    @app.websocket("/ws")
    async def socket(connection: WebSocket) -> None:
        await talk(connection, service)

    return predict


def whole(text: str | None, usual: int) -> int:
    """The number of a query's `top`. Raises Refused for other words."""
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 9 and int(text)):
        raise Refused(400, "top must be a whole number of 1 or more.")
    return int(text)
