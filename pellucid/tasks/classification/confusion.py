"""confusion.png: which classes are taken for which. Rows are true classes, columns predicted ones.

Right answers are blue and wrong ones vermilion, each stronger with its share of the row; the root of the share is
used, so that one mistake in a hundred can still be seen. Up to 20 classes the counts stand in the cells; beyond, the
most confused pairs are listed beside the matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.reports import drawing as d
from pellucid.tasks.classification.evaluation import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WITH_NUMBERS = 20
MOST_NAMED = 140  # more names than this cannot be read: every second, third ... is written
MOST_WITH_GRID = 200  # beyond, the lines would hide the cells
PAIRS = 25
NAME_LENGTH = 22
MOST_FAINT = 0.6  # of a cell's colour, on which numbers are still dark
ON_COLOUR = "#fffffe"  # of numbers on a strong colour, on a dark page too


def confusion_figure(evaluation: Evaluation) -> Figure:
    """The confusion matrix of an evaluation."""
    classes = len(evaluation.class_names)
    return _with_numbers(evaluation) if classes <= MOST_WITH_NUMBERS else _with_list(evaluation)


def cell_colours(confusion: np.ndarray) -> np.ndarray:
    """RGBA (K,K,4) in 0..1: blue on the diagonal, vermilion off it, from transparent to opaque."""
    from matplotlib.colors import to_rgb

    totals = confusion.sum(axis=1, keepdims=True)
    strength = np.sqrt(confusion / np.maximum(totals, 1))[:, :, None]
    strength = np.where(strength > 0, 0.12 + 0.88 * strength, 0.0)
    full = np.where(np.eye(len(confusion), dtype=bool)[:, :, None], to_rgb(d.BLUE), to_rgb(d.VERMILION))
    return np.concatenate([full, strength], axis=2)


def _headline(evaluation: Evaluation) -> tuple[str, str]:
    right = int(np.trace(evaluation.confusion))
    title = f"{right:,} of {evaluation.n:,} {evaluation.split} samples are right ({d.percent(evaluation.accuracy, 2)})"
    pairs = evaluation.most_confused(1)
    if not pairs:
        return title, "no class is taken for another"
    true, said, count = pairs[0]
    names = d.short_names(evaluation.class_names, NAME_LENGTH)
    times = "once" if count == 1 else f"{count:,} times"
    return title, f"most often confused: {names[true]} taken for {names[said]}, {times}"


def _titles(axes: Axes, evaluation: Evaluation) -> None:
    title, subtitle = _headline(evaluation)
    d.note(axes, title, (0, 1), "figure fraction", (14, -27), size=d.TITLE_PT, weight="bold")
    d.note(axes, subtitle, (0, 1), "figure fraction", (14, -45), color=d.FAINT)


def _with_numbers(evaluation: Evaluation) -> Figure:
    confusion, names = evaluation.confusion, d.short_names(evaluation.class_names, NAME_LENGTH)
    classes, longest = len(names), max(map(len, names))
    cell = max(0.42, min(1.1, 4.2 / classes), 0.085 * len(f"{confusion.max():,}") + 0.12)  # inches
    slanted = longest * 0.085 > cell
    left = 0.95 + 0.085 * longest
    bottom = 0.65 + (0.065 * longest if slanted else 0.15)
    side = cell * classes
    width, height = max(left + side + 1.5, 6.4), bottom + side + 0.95
    figure = d.new_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    _matrix(axes, evaluation, names, size=d.TEXT_PT, slanted=slanted)
    _titles(axes, evaluation)
    totals = confusion.sum(axis=1)
    colours = cell_colours(confusion)
    for true, said in np.ndindex(confusion.shape):
        count = int(confusion[true, said])
        strong = float(colours[true, said, 3]) > MOST_FAINT
        style = {"color": ON_COLOUR if strong else d.INK} if count else {"color": "#b6bdc9"}
        d.letter(axes, said, true, f"{count:,}", ha="center", va="center_baseline", **style)
    for true in range(classes):
        share = d.percent(confusion[true, true] / totals[true]) if totals[true] else "no sample"
        d.note(axes, share, (classes - 0.5, true), "data", (8, 0), va="center_baseline", color=d.BLUE)
    d.note(axes, "recall", (classes - 0.5, -0.5), "data", (8, 5), color=d.FAINT, size=d.SMALL_PT)
    return figure


def _with_list(evaluation: Evaluation) -> Figure:
    classes = len(evaluation.class_names)
    names = d.short_names(evaluation.class_names, NAME_LENGTH)
    every = -(-classes // MOST_NAMED)
    shown = [name if k % every == 0 else "" for k, name in enumerate(names)]
    size = min(d.SMALL_PT, max(4.2, 9.0 * 72 / classes * 0.85 * every))
    side = max(6.0, min(9.0, classes * 0.16))
    margin = 0.7 + size / 72 * 0.62 * max(map(len, shown))
    width, height = margin + side + 4.3, margin + side + 0.9
    figure = d.new_figure(width, height)
    axes = figure.add_axes((margin / width, margin / height, side / width, side / height))
    _matrix(axes, evaluation, shown, size=size, slanted=True)
    _titles(axes, evaluation)
    pairs = figure.add_axes(((margin + side + 0.3) / width, margin / height, 3.9 / width, side / height))
    _pairs(pairs, evaluation, height_in=side)
    return figure


def _matrix(axes: Axes, evaluation: Evaluation, names: list[str], *, size: float, slanted: bool) -> None:
    classes = len(names)
    axes.imshow(cell_colours(evaluation.confusion), interpolation="nearest", aspect="auto")
    for spine in axes.spines.values():
        spine.set_color(d.HAIR)
    places = [k for k, name in enumerate(names) if name]
    labels = [d.drawable(names[k]) for k in places]
    family = d.fonts()[0]
    turn: dict[str, Any] = {}
    if slanted and classes <= MOST_WITH_NUMBERS:
        turn = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    elif slanted:
        turn = {"rotation": 90}
    axes.set_xticks(places, labels, parse_math=False, family=family, **turn)
    axes.set_yticks(places, labels, parse_math=False, family=family)
    axes.tick_params(length=0, labelsize=size, labelcolor=d.INK, pad=4)
    if classes <= MOST_WITH_GRID:
        axes.set_xticks(np.arange(0.5, classes - 1), minor=True)
        axes.set_yticks(np.arange(0.5, classes - 1), minor=True)
        axes.tick_params(which="minor", length=0)
        axes.grid(True, which="minor", color=d.HAIR, linewidth=0.8 if classes <= MOST_WITH_NUMBERS else 0.25)
    axes.set_xlabel("predicted class (columns)", color=d.FAINT, size=d.TEXT_PT)
    axes.set_ylabel("true class (rows)", color=d.FAINT, size=d.TEXT_PT)


def _pairs(axes: Axes, evaluation: Evaluation, *, height_in: float) -> None:
    """The most confused pairs as lines of text with a bar each: count, true name, predicted name."""
    pairs = evaluation.most_confused(min(PAIRS, int(height_in / 0.36) - 2))
    axes.set_axis_off()
    axes.set_xlim(0, 3.9)
    axes.set_ylim(height_in, 0)  # inches from the top
    d.letter(axes, 0, 0.1, "Most often confused", weight="bold", size=d.TITLE_PT)
    d.letter(axes, 0, 0.36, "times: true class taken for another", color=d.FAINT)
    totals, names = evaluation.confusion.sum(axis=1), d.short_names(evaluation.class_names, 20)
    for place, (true, said, count) in enumerate(pairs):
        y = 0.72 + 0.36 * place
        d.letter(axes, 0.42, y, f"{count:,}", ha="right", weight="bold", color=d.VERMILION)
        d.letter(axes, 0.55, y, f"{names[true]} \N{RIGHTWARDS ARROW} {names[said]}")
        axes.plot([0.55, 0.55 + 3.3], [y + 0.14] * 2, color=d.HAIR, linewidth=1.5, solid_capstyle="butt")
        axes.plot([0.55, 0.55 + 3.3 * count / totals[true]], [y + 0.14] * 2, color=d.VERMILION, linewidth=1.5,
                  solid_capstyle="butt")  # fmt: skip
    if pairs:
        d.letter(axes, 0.55, 0.72 + 0.36 * len(pairs), "the line is the share of the true class", color=d.FAINT,
                 size=d.SMALL_PT)  # fmt: skip
    else:
        d.letter(axes, 0, 0.72, "none: no class is taken for another")
