"""pellucid predict: what a model sees in pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.output import ENGINE_FLAG, JSON_FLAG, print_json, say


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    images: Annotated[list[str], typer.Argument(help="Picture files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 5,
    engine: Annotated[str | None, ENGINE_FLAG] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Name what is in pictures. The most likely classes of each, with their probabilities."""
    from pellucid.runs.using import predict_files

    found = predict_files(run, images, top=top, engine=engine)
    if as_json:
        print_json({"predictions": found})
        return
    guesses = [[f"{guess['class']} {guess['probability']:.4f}" for guess in entry["classes"]] for entry in found]
    widths = [max(map(len, column)) for column in zip(*guesses, strict=True)]
    name_width = max(len(entry["image"]) for entry in found)
    for entry, words in zip(found, guesses, strict=True):
        row = "  ".join(word.rjust(width) for word, width in zip(words, widths, strict=True))
        say(f"{entry['image'].ljust(name_width)}  {row}")
