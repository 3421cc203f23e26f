"""compare.html: the curves of several runs in one picture each, final scores, and the settings that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from operator import itemgetter
from typing import Any

import numpy as np

from pellucid.diagnosis.series import Rows, column, thin
from pellucid.reports import drawing as d
from pellucid.reports.curves import epoch_axis, limits
from pellucid.reports.pages import template
from pellucid.reports.scores import LESS, LOSS, MIXED, Headline, Score, heading
from pellucid.reports.wording import DASH, share, text

MARK = '<meta name="pellucid-page" content="compare">'  # a page of ours, which may be written anew
PARTS = {"val_": "Validation", "": "Training"}
COUNTED = {"best_epoch": "Epoch kept", "epochs": "Epochs", "parameters": "Parameters", "seconds": "Seconds"}
DASHES = ("none", "9 3", "3 3")  # beyond eight runs the colours come again, broken


def render(
    found: Mapping[str, Any], histories: Sequence[Rows], *, watched: Sequence[Score], beside: Mapping[str, str]
) -> str:
    """The page as text: what `compare_runs` found, and the rows of history.csv of each of its runs.

    watched are the scores beside the loss that are drawn, beside the titles of scores that stand next to the headline.
    """
    names = [row["run"] for row in found["runs"]]
    styles = [(colour, dashes) for _, (colour, dashes) in zip(names, cycle_of_styles(), strict=False)]
    against = {one["run"]: in_words(one, found["runs"]) for one in found["differences"]}
    score = heading(found["runs"])
    return template("compare.html").render(
        title=" and ".join(names) if len(names) == 2 else f"{len(names)} runs compared",
        mark=MARK,
        verdict=found["verdict"],
        notes=found["notes"],
        names=names,
        legend=[{"name": name, "colour": f"var(--{d.SHADES[colour]})", "dashes": dashes}
                for name, (colour, dashes) in zip(names, styles, strict=True)],
        curves=[panel for part in PARTS for score in dict.fromkeys([*watched, LOSS])
                if (panel := overlaid(part, score, names, histories, styles)) is not None],
        columns=[score[0].upper() + score[1:], "From", "To", "Images", "Loss", *beside.values(), *COUNTED.values()],
        rows=[{"run": row["run"], "state": row["state"], "cells": cells_of(row, beside, named=score == MIXED),
               "against": against.get(row["run"], DASH)} for row in found["runs"]],
        settings=[{"name": row["name"].replace("_", " "), "values": [text(value) for value in row["values"]]}
                  for row in found["settings"]],
    )  # fmt: skip


def cycle_of_styles() -> Any:
    """Colour and dashes for one run after another."""
    return cycle([(colour, dashes) for dashes in DASHES for colour in d.LINES])


def cells_of(row: Mapping[str, Any], beside: Mapping[str, str], *, named: bool) -> list[str]:
    """The final numbers of a run as its row shows them, in the order of the columns; `named`: with the score's name."""
    headline = Headline.from_json(row["headline"])
    ends = [DASH] * 3 if headline is None else [
        headline.score.worded(value) for value in (headline.value, headline.low, headline.high)
    ]  # fmt: skip
    if named and headline is not None:
        ends[0] = f"{headline.name} {ends[0]}"
    return [
        *ends, text(row["n"]), DASH if row["loss"] is None else f"{row['loss']:.4g}",
        *(share(row.get(name)) for name in beside), *(text(row[name]) for name in COUNTED),
    ]  # fmt: skip


def in_words(one: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """A difference with its interval."""
    headline = next(Headline.from_json(row["headline"]) for row in rows if row["run"] == one["run"])
    assert headline is not None, "only runs with a score are compared"
    told = headline.score.difference(one["value"], one["interval"])
    return f"{told}{', within noise' if one['noise'] else ''}"


def overlaid(
    part: str, score: Score, names: Sequence[str], histories: Sequence[Rows], styles: Sequence[tuple[str, str]]
) -> d.Panel | None:
    """One score of a part of all runs by epoch; None when no run measured it."""
    lines = [(name, *thin(column(history, "epoch"), column(history, part + score.name)), style)
             for name, history, style in zip(names, histories, styles, strict=True)]  # fmt: skip
    lines = [line for line in lines if len(line[1])]
    if not lines:
        return None
    axes = d.new_panel(right_in=0.15)
    d.plain_axes(axes)
    for _, x, y, (colour, dashes) in lines:
        dashed: Any = "-" if dashes == "none" else (0, tuple(map(float, dashes.split())))
        axes.plot(x, y, color=colour, linewidth=1.8, linestyle=dashed, marker="o" if len(x) <= 30 else None,
                  markersize=3.5, markeredgewidth=0)  # fmt: skip
    limits(axes, score, np.concatenate([y for _, _, y, _ in lines]))
    epoch_axis(axes)
    name, best = max(((name, float((score.sign * y).max())) for name, _, y, _ in lines), key=itemgetter(1))
    below = f"{'lowest' if score.better == LESS else 'highest'}: {d.number(score.sign * best)}, {name}"
    return d.finished_panel(axes, f"{PARTS[part]} {score.name}", below)
