"""The Typer application that the commands join."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.models import CommandFunctionType

from pellucid.errors import FileError, UsageError, describe, shown

LARGEST = 2**63 - 1  # of a whole number: what every library behind us can hold


class Command(TyperCommand):
    """A command that refuses gigantic whole numbers by the flag's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does; raises UsageError for a number beyond 64 bits."""
        left: list[str] = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
                name = max(parameter.opts, key=len)
                raise UsageError(describe(str(ctx.info_name), name, f"at most {LARGEST}", shown(value)))
        return left


class Application(typer.Typer):
    """Typer, with commands of our class."""

    def command(
        self, name: str | None = None, *, cls: Any = Command, **given: Any
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """As Typer's."""
        return super().command(name, cls=cls, **given)


app = Application(
    name="pellucid",
    help="Convolutional networks you can see through: train, evaluate, predict, look inside.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = Application(help="Look at data sets.", no_args_is_help=True, rich_markup_mode=None)
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
