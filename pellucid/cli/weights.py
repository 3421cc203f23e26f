"""pellucid weights: the weights known by name, and what to do with a file that holds some."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json, say, table

COLUMNS = ("name", "model", "trained on", "MB", "licence", "here")


@app.command()
def weights(
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file that is here and compare its sha256.")
    ] = False,
    place: Annotated[
        str | None, typer.Option(help="Put this file, if it is a known one, where --pretrained finds it.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Look here first.")] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """List weights for --pretrained. Sizes, licences, where they come from, and whether they are here."""
    from pellucid.architectures.pretrained import KNOWN, place_file

    told: dict[str, Any] = {}
    if place is not None:
        known, path = place_file(place)
        told = {"placed": {"name": known.name, "path": str(path)}}
        if not as_json:
            say(f"placed {known.name}: {path}")
            return
    rows = [row_of(each, data_dir, verify) for each in KNOWN.values()]
    if as_json:
        print_json({"weights": rows, **told})
        return
    say(table([[str(row[name]) for name in COLUMNS] for row in rows], list(COLUMNS)))
    for row in rows:
        say(f"\n{row['name']}: {row['file']}\n  from {row['source']}\n  sha256 {row['sha256']}")


def row_of(known: Any, data_dir: str | None, verify: bool) -> dict[str, Any]:
    """What is told of one set of weights."""
    from pellucid.architectures.pretrained import PACKED, find, places

    paths = [place / (known.where + ending) for place in places(data_dir) for ending in ("", PACKED)]
    here = next((path for path in paths if path.is_file()), None)
    return {
        "name": known.name, "model": known.model, "trained on": known.trained_on, "MB": round(known.bytes_ / 1e6, 1),
        "licence": known.licence, "source": known.source, "sha256": known.sha256, "file": known.where,
        "preprocess": known.preprocess,
        "here": "no" if here is None else f"verified: {find(known, data_dir)}" if verify else str(here),
    }  # fmt: skip
