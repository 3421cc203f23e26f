"""pellucid features: what a layer of a network gives for a data set, as a store to learn from."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, MAX_PIXELS, SKIP_BROKEN, complain, print_json, say


@app.command()
def features(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    data: Annotated[str | None, typer.Argument(help="The data; default: what the run was trained on.")] = None,
    out: Annotated[str, typer.Option(help="The HDF5 store to write.")] = "features.h5",
    layer: Annotated[
        str | None, typer.Option(help="The layer whose results are kept; default: the one before the head.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 64,
    engine: Annotated[str, typer.Option(help="auto, reference or pytorch.")] = "auto",
    data_dir: Annotated[str | None, typer.Option(help="Where known names such as mnist are looked for first.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many images of each part, classes in proportion.")
    ] = None,
    skip_broken: SKIP_BROKEN = None,
    max_pixels: MAX_PIXELS = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Keep what a layer gives for each image. The store is data to train on: pellucid train features.h5."""
    from pellucid.runs.features import write_features
    from pellucid.runs.memory import keep_freed_memory

    keep_freed_memory()
    found = write_features(run, data, out=out, layer=layer, data_dir=data_dir, limit=limit, skip_broken=skip_broken,
                           max_pixels=max_pixels, batch_size=batch_size, engine=engine)  # fmt: skip
    for warning in found["warnings"]:
        complain(f"warning: {warning}")
    if as_json:
        print_json(found)
        return
    sizes = ", ".join(f"{word} {size:,}" for word, size in found["n"].items())
    say(f"{found['out']}: {found['layer']} of {found['model']}, {sizes}, each of shape {tuple(found['shape'])}")
