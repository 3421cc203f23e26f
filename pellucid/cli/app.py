"""The Typer application that the commands join."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pellucid.errors import FileError

app = typer.Typer(
    name="pellucid",
    help="Convolutional networks you can see through: train, evaluate, predict, look inside.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Look at data sets.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")


def say_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"pellucid {version('pellucid')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Convolutional networks you can see through: train, evaluate, predict, look inside."""
    try:
        os.getcwd()
    except OSError:  # some libraries end the process when they cannot be loaded from where it stands
        raise FileError("the current folder is gone. Change to one that is there, e.g. with: cd ~") from None
