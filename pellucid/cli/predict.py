"""pellucid predict: what a model sees in pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    images: Annotated[list[str], typer.Argument(help="Picture files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 5,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Name the most likely classes of each picture, with their probabilities."""
    from pellucid.runs.using import predict_files

    found = predict_files(run, images, top=top)
    if as_json:
        print_json({"predictions": found})
        return
    for entry in found:
        guesses = "  ".join(f"{guess['class']} {guess['probability']:.4f}" for guess in entry["classes"])
        print(f"{entry['image']}: {guesses}")
