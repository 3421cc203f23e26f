"""The pages for people: one to try a model with a picture, one that lists the routes. Nothing comes from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from jinja2 import Environment, StrictUndefined

from pellucid.serving.inference import described
from pellucid.serving.service import Service

FOLDER = files("pellucid.serving") / "pages"
FILES = {"/": ("index.html", "text/html; charset=utf-8"), "/page.js": ("page.js", "text/javascript; charset=utf-8"),
         "/page.css": ("page.css", "text/css; charset=utf-8")}  # fmt: skip


def add_pages(app: FastAPI, service: Service) -> None:
    """`/` with its script and style, and `/docs`."""
    for path, (name, kind) in FILES.items():
        app.get(path, include_in_schema=False)(sending((FOLDER / name).read_bytes(), kind))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(routes_page(app, service), media_type="text/html; charset=utf-8")


def sending(content: bytes, kind: str) -> Any:
    """What answers with some bytes."""

    async def send() -> Response:
        return Response(content, media_type=kind)

    return send


def routes_page(app: FastAPI, service: Service) -> str:
    """The page of routes, made from what FastAPI knows of them."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((FOLDER / "docs.html").read_text(encoding="utf-8"))
    routes = [(method.upper(), path, told["summary"]) for path, methods in app.openapi()["paths"].items()
              for method, told in methods.items()]  # fmt: skip
    told = described(service.models[None])
    shape = [1, *told["inputs"][0]["shape"][1:]]
    return template.render(routes=routes, model=told["name"], datatype=told["inputs"][0]["datatype"], shape=shape)
