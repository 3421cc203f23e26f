"""pellucid runs: the runs below a folder, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json, say, table

DEFAULT = "runs"
COLUMNS = ("name", "state", "data", "model", "engine", "accuracy", "n", "epochs", "parameters", "seconds")


@app.command()
def runs(
    folder: Annotated[str, typer.Argument(help="The folder that holds run folders.")] = DEFAULT,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """List runs with their data, model and accuracy."""
    from pellucid.runs.index import list_runs

    found = [] if folder == DEFAULT and not Path(folder).exists() else list_runs(folder)
    if as_json:
        print_json({"runs": found})
    elif not found:
        say(f"{folder} holds no runs yet. Train one with: pellucid train digits --out {folder}/first")
    else:
        say(table([[cell(name, row[name]) for name in COLUMNS] for row in found], list(COLUMNS)))


def cell(name: str, value: Any) -> str:
    """A value as the table shows it."""
    if value is None:
        return "-"
    if name == "accuracy":
        return f"{value:.4f}"
    if name == "seconds":
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
