"""pellucid runs: the runs below a folder, one data set after another, the newest at the end."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, cut, print_json, say, table, width_of
from pellucid.errors import escaped

DEFAULT = "runs"
COLUMNS = ("name", "began", "model", "headline", "n", "epochs", "seconds", "state")
ELASTIC = {"state": 10, "name": 8, "model": 8}  # what gives way on a narrow terminal, and how far
WIDEST, NARROWEST = 100, 76  # columns of the whole table, at most and at least


@app.command()
def runs(
    folder: Annotated[str, typer.Argument(help="The folder that holds run folders.")] = DEFAULT,
    report: Annotated[
        bool, typer.Option("--report", help="FOLDER is a run: write its report.html anew, from the folder alone.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """List runs by data set, the newest last. When they began, their model, score and state."""
    from pellucid.runs.index import list_runs

    if report:
        page = written_anew(folder)
        if as_json:
            print_json({"report": page})
        else:
            say(f"report {page}")
        return

    found = [] if folder == DEFAULT and not Path(folder).exists() else list_runs(folder)
    if as_json:
        print_json({"runs": found})
    elif not found:
        say(f"{folder} holds no runs yet. Train one with: pellucid train digits --out {folder}/first")
    else:
        columns = shutil.get_terminal_size((WIDEST, 24)).columns
        say("\n\n".join(groups(found, max(NARROWEST, min(WIDEST, columns)))))


def written_anew(run: str) -> str:
    """Write a run's report anew; raises FileError for a folder that is no run, or one that is not finished."""
    from pellucid.reports.rebuilding import rebuild_report
    from pellucid.storage.run_folder import RunFolder

    folder = RunFolder.open(run)
    with folder.claimed():
        return rebuild_report(folder).as_posix()


def groups(found: Sequence[Mapping[str, Any]], widest: int) -> list[str]:
    """The data sets and the tables of their runs, all with the same columns, none wider than `widest`."""
    from pellucid.reports.scores import heading

    heads = [escaped(heading(found)) if name == "headline" else name for name in COLUMNS]
    cells = [[escaped(cell(name, row[name], heads)) for name in COLUMNS] for row in found]
    widths = fitting([heads, *cells], widest)
    short = [[cut(text, width, middle=name != "state") for text, width, name in zip(row, widths, COLUMNS, strict=True)]
             for row in cells]  # fmt: skip
    lines = table(short, heads).split("\n")
    parts, rows = [], iter(lines[2:])
    for data, members in groupby(found, key=lambda row: row["data"]):
        parts.append("\n".join([cut(f"data {data or 'not known'}", widest), *[next(rows) for _ in members]]))
    return ["\n".join([*lines[:2], parts[0]]), *parts[1:]]


def fitting(rows: Sequence[Sequence[str]], widest: int) -> list[int]:
    """The width of each column: its widest cell, the elastic ones narrower until all of them fit."""
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    places = [COLUMNS.index(name) for name in ELASTIC]
    while sum(widths) + 2 * len(widths) - 2 > widest:
        most = max(places, key=lambda place: widths[place] - ELASTIC[COLUMNS[place]])
        if widths[most] <= ELASTIC[COLUMNS[most]]:
            break
        widths[most] -= 1
    return widths


def cell(name: str, value: Any, heads: Sequence[str]) -> str:
    """A value as the table under these heads shows it; a score that is not theirs with its name."""
    if value is None:
        return "-"
    if name == "began":
        return local(value)
    if name == "headline":
        return scored(value, named=value["name"] not in heads)
    if name == "seconds":
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def scored(told: Mapping[str, Any], *, named: bool) -> str:
    """A headline in a cell."""
    from pellucid.reports.scores import Headline

    headline = Headline.from_json(told)
    assert headline is not None, "the index has read it"
    return headline.in_a_cell(named=named)


def local(moment: str) -> str:
    """An ISO moment on this machine's clock, to the minute."""
    from datetime import datetime

    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
