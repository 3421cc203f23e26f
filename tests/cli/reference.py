"""The tables of docs/command-line.md, made from the commands themselves.

Run with   python -m tests.cli.reference          to write them anew after a flag has changed
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from tests.docs.made import page_with

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
MAKER = "tests/cli/reference.py"


def commands() -> dict[str, Any]:
    """Every command by the words that call it."""
    import pellucid.cli.main  # noqa: F401  (the commands join the application)
    from pellucid.cli.app import app

    found: dict[str, Any] = {}

    def walk(command: Any, words: str) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[words] = command
        else:
            for name in sorted(inner):
                walk(inner[name], f"{words} {name}")

    walk(typer.main.get_command(app), "pellucid")
    return found


def tables() -> str:
    """One table a command: flag or argument, default, meaning."""
    sections = []
    for words, command in commands().items():
        rows = [f"## `{words}`", "", " ".join(command.help.split()), "", "| | Default | Meaning |", "|---|---|---|"]
        rows += [row_of(parameter) for parameter in command.params]
        sections.append("\n".join(rows))
    return "\n\n".join(sections)


def row_of(parameter: Any) -> str:
    """A flag with what it is when nobody gives it."""
    argument = parameter.param_type_name == "argument"
    name = parameter.name.upper() if argument else " ".join(parameter.opts)
    meaning = parameter.help
    told = re.search(r"; default:? (.+?)\.?$", meaning)
    default = parameter.default
    if parameter.required:
        shown = "required"
    elif told is not None:
        shown, meaning = told[1], meaning[: told.start()] + "."
    elif default is None or default is False or default == "":
        shown = "-"
    else:
        shown = f"`{default}`"
    return f"| `{name}` | {shown} | {meaning.replace('|', ', ')} |"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, tables()), encoding="utf-8")
