"""What a screen's tables hold, drawn: wells by cell type and part, labels by part, and the map of a plate.

Shapes   counts by name -> PNG; a plate is 16 rows A to P of 24 columns
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.data.rxrx1.plates import COLUMNS, ROWS
from pellucid.errors import UsageError, shown
from pellucid.reports import drawing as d

KINDS = {"treatment": d.BLUE, "positive_control": d.GREEN, "negative_control": d.VERMILION, "unknown": d.FAINT}
WELL_IN = 0.36


def cells_png(cell_types: Mapping[str, Mapping[str, int]]) -> bytes:
    """Bars of the wells of each cell type, the parts on one another."""
    figure = d.new_figure(6.4, 4.2)
    axes = d.plain_axes(figure.add_axes((0.12, 0.12, 0.62, 0.72)), title="Wells by cell type and part")
    names, below = list(cell_types), np.zeros(len(cell_types))
    parts = list(next(iter(cell_types.values())))
    for part, colour in zip(parts, d.LINES, strict=False):
        heights = np.array([cell_types[name][part] for name in names])
        axes.bar(names, heights, bottom=below, color=colour, width=0.66)
        middle = below[-1] + heights[-1] / 2
        if heights.any():
            d.note(axes, f"{part} {heights.sum():,}", (len(names) - 0.6, middle), "data", (0, -3), color=colour,
                   size=d.SMALL_PT)
        below += heights
    for place, total in enumerate(below):
        d.note(axes, f"{int(total):,}", (place, total), "data", (0, 3), size=d.SMALL_PT, ha="center")
    return d.to_png(figure)


def labels_png(labels: Mapping[str, int], shared: Mapping[str, int]) -> bytes:
    """Bars of the different labels of each part; which two parts share how many is told below."""
    figure = d.new_figure(6.4, 3.6)
    pairs = [f"{pair} share {count:,}" for pair, count in shared.items() if count]
    told = "; ".join(pairs) + ", no others any" if pairs else "no two parts share any"
    axes = d.plain_axes(figure.add_axes((0.1, 0.12, 0.86, 0.66)), title="Different labels by part", subtitle=told)
    axes.bar(list(labels), list(labels.values()), color=d.BLUE, width=0.6)
    for place, count in enumerate(labels.values()):
        d.note(axes, f"{count:,}", (place, count), "data", (0, 3), size=d.SMALL_PT, ha="center")
    return d.to_png(figure)


def plate_png(columns: Mapping[str, Sequence[str]], plate: str) -> bytes:
    """The map of one plate, EXPERIMENT_PLATE: the kind of each well by its colour, its label in it.

    Raises UsageError for a plate that the table does not know.
    """
    from matplotlib.patches import Rectangle

    wells = {well: (kind, label) for experiment, number, well, kind, label in zip(
        columns["experiment"], columns["plate"], columns["well"], columns["well_type"], columns["sirna"], strict=True)
        if f"{experiment}_{number}" == plate}  # fmt: skip
    if not wells:
        known = sorted({f"{experiment}_{number}" for experiment, number in zip(columns["experiment"], columns["plate"],
                                                                              strict=True)})
        raise UsageError(f"data info: --plate must be one of {len(known):,} plates such as {known[0]}, but it is "
                         f"{shown(plate)}.")
    width, height = 0.6 + WELL_IN * len(COLUMNS), 1.5 + WELL_IN * len(ROWS)
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    d.letter(axes, 0.3, 0.36, f"Plate {plate}", size=d.TITLE_PT, weight="bold")
    counted = [kind for kind, _ in wells.values()]
    at = 0.3
    for kind, colour in KINDS.items():
        if kind in counted:
            words = f"{kind.replace('_', ' ')} {counted.count(kind):,}"
            axes.add_patch(Rectangle((at, 0.56), 0.12, 0.12, facecolor=colour))
            d.letter(axes, at + 0.17, 0.67, words, size=d.SMALL_PT)
            at += 0.4 + 0.085 * len(words)
    for row, name in enumerate(ROWS):
        d.letter(axes, 0.16, 1.22 + WELL_IN * row, name, size=d.SMALL_PT, color=d.FAINT)
        for column in COLUMNS:
            left, top = 0.36 + WELL_IN * (column - 1), 1.0 + WELL_IN * row
            kind, label = wells.get(f"{name}{column:02d}", ("", ""))
            axes.add_patch(Rectangle((left, top), 0.9 * WELL_IN, 0.9 * WELL_IN, facecolor=KINDS.get(kind, d.PAPER),
                                     alpha=0.35 if kind else 1, edgecolor=d.HAIR, linewidth=0.6))  # fmt: skip
            if kind and label != "unknown":
                d.letter(axes, left + 0.45 * WELL_IN, top + 0.58 * WELL_IN, d.shorten(label, 7, keep="end"), size=5,
                         ha="center")
            if row == 0:
                d.letter(axes, left + 0.45 * WELL_IN, 0.94, f"{column:02d}", size=5, color=d.FAINT, ha="center")
    return d.to_png(figure)
