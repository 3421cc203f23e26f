"""pellucid serve: models behind an HTTP port."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun, Given, with_settings
from pellucid.cli.output import say, show_lines
from pellucid.errors import UsageError
from pellucid.serving.settings import Settings


@app.command()
@with_settings(lambda: (Settings,))
def serve(
    runs: Annotated[list[str], typer.Argument(
        help="Run folders or model files, each called as its folder or file is, or NAME=RUN.")],
    *,
    settings: Given,
    engine: EngineOfTheRun = None,
) -> None:
    """Answer over HTTP. A page to try, POST /predict, the Open Inference Protocol at /v2, on this machine alone."""
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise UsageError('serve: FastAPI and uvicorn are not installed. Type: pip install "pellucid[serve]"')
    from pellucid.serving.running import run

    token = settings.typed.get("token") or os.environ.get("PELLUCID_TOKEN") or None
    show_lines(as_json=True)  # on standard error: a refused model file, a fault, a worker that died
    run(runs, settings.of(Settings, **{} if "token" in settings.typed else {"token": token}), engine=engine, say=say)
