"""pellucid check: whether data, network and settings can learn at all, before hours are spent on them."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.options import Data, Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say
from pellucid.using.unchecked import UNCHECKED


@app.command(cls=GroupedCommand)
@with_settings(of_a_run, without=UNCHECKED)
def check(data: Data, *, settings: Given, as_json: Annotated[bool, JSON_FLAG] = False) -> None:
    """See whether this can learn, before training. Data, network, gradients, a tiny subset, the learning rate."""
    from pellucid.checks.finding import record_of, verdict
    from pellucid.runs.checking import check_run

    found = []
    for finding in check_run(settings.of_run(data)):
        found.append(finding)
        if not as_json:
            say(*finding.lines())
    if as_json:
        print_json(record_of(found))
    else:
        say(f"verdict: {verdict(found)}")
    if verdict(found) == "failure":
        raise typer.Exit(1)
