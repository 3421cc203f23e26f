"""pellucid features: what a layer of a network gives for a data set, as a store to learn from."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, complain, print_json, say
from pellucid.runs.config import RunConfig


@app.command()
@with_settings(of_a_run, only=("skip_broken", "max_pixels", "limit", "data_dir", "engine"))
def features(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    data: Annotated[str | None, typer.Argument(help="The data; default: what the run was trained on.")] = None,
    *,
    out: Annotated[str, typer.Option(help="The HDF5 store to write.")] = "features.h5",
    layer: Annotated[
        str | None, typer.Option(help="The layer whose results are kept; default: the one before the head.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 64,
    settings: Given,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Keep what a layer gives for each image. The store is data to train on: pellucid train features.h5."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.using.features import write_features

    keep_freed_memory()
    found = write_features(run, data, out=out, layer=layer, batch_size=batch_size, **settings.values(RunConfig))
    for warning in found["warnings"]:
        complain(f"warning: {warning}")
    if as_json:
        print_json(found)
        return
    sizes = ", ".join(f"{word} {size:,}" for word, size in found["n"].items())
    say(f"{found['out']}: {found['layer']} of {found['model']}, {sizes}, each of shape {tuple(found['shape'])}")
