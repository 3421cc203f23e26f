"""pellucid summary: the table of a network, without training it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json


@app.command()
def summary(
    model: Annotated[
        str, typer.Argument(help="A name, words such as conv_8,pool,FC_32, a model file or a run folder.")
    ],
    input: Annotated[str, typer.Option("--input", help="HxWxC of one image.")] = "28x28x1",
    classes: Annotated[int, typer.Option(min=1, help="Number of classes.")] = 10,
    activation: Annotated[str, typer.Option(help="Activation of networks in words.")] = "relu",
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Show a network as a table. Layers, output shapes, parameters, what each sees, the work for one image."""
    from pellucid.graph.summary import summarize, table
    from pellucid.runs.using import network_named

    graph = network_named(model, input, classes, activation)
    if as_json:
        print_json(asdict(summarize(graph)) | {"model": model})
    else:
        print(table(graph))
