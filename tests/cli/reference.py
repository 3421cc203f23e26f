"""The tables of docs/command-line.md, made from the list of settings and from the commands themselves.

Run with   python -m tests.cli.reference          to write them anew after a setting or a flag has changed
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from pellucid.cli.options import of_a_run, parameters
from pellucid.settings import Setting, listed, owner_of
from tests.docs.made import page_with

PAGE = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"
MAKER = "tests/cli/reference.py"
KINDS = {"bool": "given or not", "int": "whole number", "float": "number", "str": "text"}
FEW = 12  # settings that a command's own table holds


def commands() -> dict[str, Any]:
    """Every command by the words that call it."""
    import pellucid.cli.entry  # noqa: F401  (the commands join the application)
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


def made() -> str:
    """The settings, then every command."""
    return "\n\n".join([*map(settings_table, of_a_run()), *(table_of(*each) for each in commands().items())])


def settings_table(kind: type) -> str:
    """The settings of one list, a table a heading: flag, default, legal values, meaning."""
    sections = [f"## {title_of(kind)}"]
    for heading in dict.fromkeys(known.panel for known in with_flags(kind)):
        rows = [setting_row(known) for known in with_flags(kind) if known.panel == heading]
        head = ["| | Default | Values | Meaning |", "|---|---|---|---|"]
        sections.append("\n".join([f"### {heading}", "", *head, *rows]))
    return "\n\n".join(sections)


def title_of(kind: type) -> str:
    """What the settings of a list are called on the page."""
    return f"The settings of {owner_of(kind) or 'a run'}"


def with_flags(kind: type) -> list[Setting]:
    """The settings of a list that the command line can set."""
    return [known for known in listed(kind) if known.flag is not None]


def table_of(words: str, command: Any) -> str:
    """What a command is for, its own flags, and which settings it takes: those by name alone where they are many."""
    rows = {parameter.opts[0]: row_of(parameter) for parameter in command.params}
    options = {flag: row(flag, default, meaning) for flag, default, meaning in offered()}
    shared = [flag for flag, cells in rows.items() if options.get(flag) == cells]
    if len(shared) < FEW:
        shared = []
    head = [f"## `{words}`", "", " ".join(command.help.split()), "", "| | Default | Meaning |", "|---|---|---|"]
    text = "\n".join([*head, *(cells for flag, cells in rows.items() if flag not in shared)])
    left_out = ", ".join(f"`{flag}`" for flag in options if flag not in rows)
    but = f", but for {left_out}" if left_out else ""
    told = [f"[{title.lower()}](#{title.lower().replace(' ', '-')})" for title in map(title_of, of_a_run())]
    return f"{text}\n\nAnd {', '.join(told)}{but}." if shared else text


def offered() -> Iterator[tuple[str, Any, str]]:
    """Flag, default and help of every option that is a setting."""
    for each in parameters(*of_a_run()).values():
        option = each.annotation.__metadata__[0]
        yield option.default, each.default, option.help  # where Typer puts the first name


def setting_row(known: Setting) -> str:
    """A setting with its default and its legal values."""
    cells = row(str(known.flag), known.default, known.help).split(" | ")
    return " | ".join([*cells[:2], values_of(known), *cells[2:]])


def values_of(known: Setting) -> str:
    """Of what kind a setting is, and within what bounds."""
    kind = KINDS[known.kind.removesuffix(" | None")]
    if known.choices:
        return known.wanted.replace("'", "`")
    return f"{kind}, {known.wanted}" if known.wanted else kind


def row_of(parameter: Any) -> str:
    """A flag or an argument with what it is when nobody gives it."""
    argument = parameter.param_type_name == "argument"
    name = parameter.name.upper() if argument else " ".join(parameter.opts)
    return row(name, parameter.default, parameter.help, required=parameter.required)


def row(name: str, default: Any, meaning: str, *, required: bool = False) -> str:
    """Three cells; a default that the meaning tells stands in its own cell."""
    told = re.search(r"; default:? (.+?)\.?$", meaning)
    if required:
        shown = "required"
    elif told is not None:
        shown, meaning = told[1], meaning[: told.start()] + "."
    elif default is None or default is False or default == "":
        shown = "-"
    else:
        shown = f"`{default}`"
    meaning = meaning.replace("|", r"\|")
    return f"| `{name}` | {shown} | {meaning} |"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, made()), encoding="utf-8")
