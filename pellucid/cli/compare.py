"""pellucid compare: several runs in one page, and what of their difference is more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, cut, print_json, say, table

WIDEST_VALUE = 24  # of a setting, in columns of the terminal
NUMBERS = ("n", "loss", "best_epoch", "epochs", "seconds")


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(help="Run folders, two or more.")],
    out: Annotated[str, typer.Option(help="The page to write.")] = "compare.html",
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Show runs side by side in one page. Curves, final scores, the settings that differ, and whether it is noise."""
    from pellucid.using.comparing.comparison import compare_runs

    found = compare_runs(runs, out)
    if as_json:
        print_json(found)
    else:
        say(*lines_of(found))


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """The page in short for a terminal."""
    from pellucid.reports.comparison import in_words
    from pellucid.reports.scores import MIXED, heading
    from pellucid.reports.wording import text

    score = heading(found["runs"])
    yield table(
        [[cut(row["run"], WIDEST_VALUE), *scored(row["headline"], named=score == MIXED),
          *[cell(row[name]) for name in NUMBERS]] for row in found["runs"]],
        ["run", score, "from", "to", "n", "loss", "epoch kept", "epochs", "seconds"],
    )  # fmt: skip
    yield ""
    yield f"{found['verdict']}."
    for one in found["differences"]:
        yield f"{one['run']} against {one['than']}: {in_words(one, found['runs'])}"
    for note in found["notes"]:
        yield f"note  {note}"
    yield ""
    if found["settings"]:
        names = [cut(row["run"], WIDEST_VALUE) for row in found["runs"]]
        yield table([[row["name"], *[cut(text(value), WIDEST_VALUE) for value in row["values"]]]
                     for row in found["settings"]], ["setting that differs", *names])  # fmt: skip
    else:
        yield "No setting differs."
    yield f"page  {found['page']}"


def scored(told: Any, *, named: bool) -> list[str]:
    """A headline and the ends of its interval; `named`: with its name."""
    from pellucid.reports.scores import Headline

    headline = Headline.from_json(told)
    if headline is None:
        return ["-"] * 3
    ends = headline.interval or (None, None)
    return [headline.in_a_cell(named=named), *("-" if end is None else headline.score.plain(end) for end in ends)]


def cell(value: float | None) -> str:
    """A number as the table shows it."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
