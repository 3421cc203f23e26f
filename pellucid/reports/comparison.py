"""compare.html: the curves of several runs in one picture each, final scores, and the settings that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from pellucid.diagnosis.series import Rows, column, thin
from pellucid.reports import drawing as d
from pellucid.reports.curves import epoch_axis, limits
from pellucid.reports.pages import template
from pellucid.reports.wording import DASH, share, text

MARK = '<meta name="pellucid-page" content="compare">'  # a page of ours, which may be written anew
CURVES = {"val_accuracy": "Validation accuracy", "val_loss": "Validation loss", "accuracy": "Training accuracy",
          "loss": "Training loss"}  # fmt: skip
DASHES = ("none", "9 3", "3 3")  # beyond eight runs the colours come again, broken
COLUMNS = ("Accuracy", "From", "To", "Images", "Loss", "Macro F1", "Best epoch", "Epochs", "Parameters", "Seconds")


def render(found: Mapping[str, Any], histories: Sequence[Rows]) -> str:
    """The page as text: what `compare_runs` found, and the rows of history.csv of each of its runs."""
    names = [row["run"] for row in found["runs"]]
    styles = [(colour, dashes) for _, (colour, dashes) in zip(names, cycle_of_styles(), strict=False)]
    against = {one["run"]: in_words(one) for one in found["differences"]}
    return template("compare.html").render(
        title=" and ".join(names) if len(names) == 2 else f"{len(names)} runs compared",
        mark=MARK,
        verdict=found["verdict"],
        notes=found["notes"],
        names=names,
        legend=[{"name": name, "colour": f"var(--{d.SHADES[colour]})", "dashes": dashes}
                for name, (colour, dashes) in zip(names, styles, strict=True)],
        curves=[panel for score in CURVES if (panel := overlaid(score, names, histories, styles)) is not None],
        columns=COLUMNS,
        rows=[{"run": row["run"], "state": row["state"], "cells": cells_of(row),
               "against": against.get(row["run"], DASH)} for row in found["runs"]],
        settings=[{"name": row["name"].replace("_", " "), "values": [text(value) for value in row["values"]]}
                  for row in found["settings"]],
    )  # fmt: skip


def cycle_of_styles() -> Any:
    """Colour and dashes for one run after another."""
    return cycle([(colour, dashes) for dashes in DASHES for colour in d.LINES])


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """The final numbers of a run as its row shows them, in the order of COLUMNS."""
    return [
        *(share(row[name]) for name in ("accuracy", "low", "high")), text(row["n"]),
        DASH if row["loss"] is None else f"{row['loss']:.4g}", share(row["macro_f1"]),
        *(text(row[name]) for name in ("best_epoch", "epochs", "parameters", "seconds")),
    ]  # fmt: skip


def in_words(one: Mapping[str, Any]) -> str:
    """A difference in points of a percent with its interval."""
    low, high = (f"{100 * end:+.2f}" for end in one["interval"])
    return f"{100 * one['value']:+.2f} points ({low} to {high}){', within noise' if one['noise'] else ''}"


def overlaid(
    score: str, names: Sequence[str], histories: Sequence[Rows], styles: Sequence[tuple[str, str]]
) -> d.Panel | None:
    """One score of all runs by epoch; None when no run measured it."""
    lines = [(name, *thin(column(history, "epoch"), column(history, score)), style)
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
    limits(axes, score.removeprefix("val_"), np.concatenate([y for _, _, y, _ in lines]))
    epoch_axis(axes)
    lowest = score.endswith("loss")
    best = min(lines, key=lambda line: float(line[2].min() if lowest else -line[2].max()))
    value = best[2].min() if lowest else best[2].max()
    below = f"{'lowest' if lowest else 'highest'}: {d.number(value)}, {best[0]}"
    return d.finished_panel(axes, CURVES[score], below)
