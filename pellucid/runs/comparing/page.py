"""compare.html: the curves of several runs in one picture each, final scores, and the settings that differ."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.diagnosis.series import column, thin
from pellucid.errors import FileError
from pellucid.runs import drawing as d
from pellucid.runs.comparing.gathering import Compared, differences, differing_settings, gather, notes_on, score_rows
from pellucid.runs.curves import epoch_axis, limits
from pellucid.runs.pages import template
from pellucid.runs.wording import DASH, share, text
from pellucid.storage.reading import open_regular
from pellucid.storage.writer import write_text

MARK = '<meta name="pellucid-page" content="compare">'  # a page of ours, which may be written anew
CURVES = {"val_accuracy": "Validation accuracy", "val_loss": "Validation loss", "accuracy": "Training accuracy",
          "loss": "Training loss"}  # fmt: skip
DASHES = ("none", "9 3", "3 3")  # beyond eight runs the colours come again, broken
COLUMNS = ("Accuracy", "From", "To", "Images", "Loss", "Macro F1", "Best epoch", "Epochs", "Parameters", "Seconds")


def compare_runs(paths: Sequence[str], out: str | Path) -> dict[str, Any]:
    """Compare run folders, write the page, and return what it says as plain values.

    Raises UsageError and FileError as `gather` does, and FileError when `out` is a file that is no such page.
    """
    runs = gather(paths)
    refuse_another_file(out)
    behind = differences(runs)
    found: dict[str, Any] = {
        "runs": score_rows(runs), "differences": behind, "verdict": verdict(runs, behind), "notes": notes_on(runs),
        "settings": differing_settings(runs), "page": Path(out).as_posix(),
    }  # fmt: skip
    write_text(out, render(runs, found))
    return found


def refuse_another_file(out: str | Path) -> None:
    """Raise FileError when a file of that name is there which no comparison wrote."""
    if os.path.isfile(out):
        with open_regular(out) as file:
            if MARK.encode() not in file.read(4096):
                raise FileError(f"{out} exists and is no page of pellucid compare. Choose another name with --out.")


def verdict(runs: Sequence[Compared], found: Sequence[Mapping[str, Any]]) -> str:
    """The headline: which run is best, and whether that is more than chance."""
    if not found:
        scored = sum(run.interval is not None for run in runs)
        return "The scores cannot be compared" if scored > 1 else f"{scored} of {len(runs)} runs has a final score"
    best = found[0]["than"]
    if all(one["noise"] for one in found):
        return f"{best} is ahead, but within noise"
    if not any(one["noise"] for one in found):
        return f"{best} is the best"
    return f"{best} is ahead of all, and surely better than {sum(not one['noise'] for one in found)} of {len(found)}"


def render(runs: Sequence[Compared], found: Mapping[str, Any]) -> str:
    """The page as text."""
    styles = [(colour, dashes) for _, (colour, dashes) in zip(runs, cycle_of_styles(), strict=False)]
    against = {one["run"]: in_words(one) for one in found["differences"]}
    return template("compare.html").render(
        title=" and ".join(run.name for run in runs) if len(runs) == 2 else f"{len(runs)} runs compared",
        mark=MARK,
        verdict=found["verdict"],
        notes=found["notes"],
        names=[run.name for run in runs],
        legend=[{"name": run.name, "colour": f"var(--{d.SHADES[colour]})", "dashes": dashes}
                for run, (colour, dashes) in zip(runs, styles, strict=True)],
        curves=[panel for name in CURVES if (panel := overlaid(name, runs, styles)) is not None],
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


def overlaid(name: str, runs: Sequence[Compared], styles: Sequence[tuple[str, str]]) -> d.Panel | None:
    """One score of all runs by epoch; None when no run measured it."""
    lines = [(run, *thin(column(run.history, "epoch"), column(run.history, name)), style)
             for run, style in zip(runs, styles, strict=True)]  # fmt: skip
    lines = [line for line in lines if len(line[1])]
    if not lines:
        return None
    axes = d.new_panel(right_in=0.15)
    d.plain_axes(axes)
    for _, x, y, (colour, dashes) in lines:
        dashed: Any = "-" if dashes == "none" else (0, tuple(map(float, dashes.split())))
        axes.plot(x, y, color=colour, linewidth=1.8, linestyle=dashed, marker="o" if len(x) <= 30 else None,
                  markersize=3.5, markeredgewidth=0)  # fmt: skip
    limits(axes, name.removeprefix("val_"), np.concatenate([y for _, _, y, _ in lines]))
    epoch_axis(axes)
    lowest = name.endswith("loss")
    best = min(lines, key=lambda line: float(line[2].min() if lowest else -line[2].max()))
    value = best[2].min() if lowest else best[2].max()
    below = f"{'lowest' if lowest else 'highest'}: {d.number(value)}, {best[0].name}"
    return d.finished_panel(axes, CURVES[name], below)
