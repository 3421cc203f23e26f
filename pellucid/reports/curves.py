"""curves.png: how training went. Loss and watched score by epoch, the size of the updates of every layer by step.

Source    update ratio = ||change of the weights|| / ||weights||, "about 1e-3": Karpathy, CS231n notes, part 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.diagnosis.curves import BEARABLE, HEALTHY, while_high
from pellucid.diagnosis.series import Rows, column, layer_ratios, step_clock, thin
from pellucid.reports import drawing as d
from pellucid.reports.drawing import Panel
from pellucid.reports.scores import LESS, LOSS, MORE, Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATIO_SAYS = ("size of an update over that of the layer's weights; shaded: healthy, about 0.001; counted while the "
              "rate is high")  # fmt: skip
MOST_NAMED_LAYERS = 8  # more lines are coloured by depth instead of named


def curves_png(history: Rows, steps: Rows, watched: Score) -> bytes:
    """PNG bytes of the curves; says so when not one epoch and not one step was finished."""
    if not history and not steps:
        return d.message_picture("No curves yet", "Not one step was finished, so there is nothing to draw.")
    ratios = layer_ratios(steps)
    figure = d.new_figure(10.5, 7.8 if ratios else 4.1)
    scores = drawn_of(watched)
    grid = figure.add_gridspec(2 if ratios else 1, len(scores), left=0.06, right=0.89, top=0.91 if ratios else 0.83,
                               bottom=0.07 if ratios else 0.13, hspace=0.46, wspace=0.34)  # fmt: skip
    clock = step_clock(history, steps)
    for place, score in enumerate(scores):
        draw_score(figure.add_subplot(grid[0, place]), score, history, steps, clock)
    if ratios:
        draw_ratios(figure.add_subplot(grid[1, :]), steps, ratios)
    return d.to_png(figure)


def curve_panels(history: Rows, steps: Rows, watched: Score) -> list[Panel]:
    """The same curves for a page: a panel each, so that a narrow screen can show them under one another."""
    if not history and not steps:
        return []
    clock, ratios = step_clock(history, steps), layer_ratios(steps)
    panels = []
    for score in drawn_of(watched):
        axes = d.new_panel()
        draw_score(axes, score, history, steps, clock, titled=False)
        panels.append(d.finished_panel(axes, *score_words(score, *scores_of(score.name, history))))
    if ratios:
        axes = d.new_panel(right_in=1.3)
        draw_ratios(axes, steps, ratios, titled=False)
        panels.append(d.finished_panel(axes, ratio_words(steps), RATIO_SAYS))
    return panels


def drawn_of(watched: Score) -> list[Score]:
    """The loss and the watched score; the loss alone where that is watched."""
    return [LOSS] if watched.name == LOSS.name else [LOSS, watched]


def scores_of(name: str, history: Rows) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The epochs, and one score of the parts in which it was measured."""
    epoch = column(history, "epoch")
    scores = {"training": column(history, name), "validation": column(history, f"val_{name}")}
    scores = {part: np.where(np.isfinite(epoch), values, np.nan) for part, values in scores.items()}
    return epoch, {part: values for part, values in scores.items() if np.isfinite(values).any()}


def draw_score(
    axes: Axes, score: Score, history: Rows, steps: Rows, clock: np.ndarray, *, titled: bool = True
) -> None:
    """Training and validation of one score by epoch, with the single steps faint behind them."""
    epoch, scores = scores_of(score.name, history)
    title, subtitle = score_words(score, epoch, scores) if titled else ("", "")
    d.plain_axes(axes, title=title, subtitle=subtitle)
    x, y = thin(clock, column(steps, score.name))
    axes.plot(x, y, color=d.BLUE, alpha=0.3, linewidth=0.8)
    ends: list[d.End] = []
    for part, values in scores.items():
        colour, marker, style = (d.BLUE, "o", "-") if part == "training" else (d.ORANGE, "s", "--")
        px, py = thin(epoch, values)
        axes.plot(px, py, color=colour, linestyle=style, linewidth=2, marker=marker,
                  markersize=5 if len(px) <= 40 else 0, markeredgewidth=0)  # fmt: skip
        ends.append((part, px[-1], py[-1], colour))
    if not ends and len(x):
        ends.append(("each step", x[-1], y[-1], d.BLUE))
    few = len(epoch) < 3  # then the steps are the picture, else the epochs
    limits(axes, score, np.concatenate([y if few else y[:0], *scores.values()]))
    where = np.concatenate([x, epoch[np.isfinite(epoch)]])
    if len(where):  # from before the first epoch, so that one epoch has an axis too
        axes.set_xlim(np.ceil(where.min()) - 1, where.max() + 0.05 * (where.max() - where.min() + 1))
    d.label_ends(axes, ends)
    epoch_axis(axes)


def epoch_axis(axes: Axes) -> None:
    """Whole epochs below."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.set_xlabel("epoch", color=d.FAINT, size=d.TEXT_PT)


def score_words(score: Score, epoch: np.ndarray, scores: Mapping[str, np.ndarray]) -> tuple[str, str]:
    """Title and second line: the best value and where, then how it ended."""
    name = score.name
    if not scores:
        return name.capitalize(), "no epoch was finished" if not len(epoch) else "not measured"
    part = "validation" if "validation" in scores else "training"
    values = scores[part]
    best = int(np.nanargmax(score.sign * values))
    verb = "Lowest" if score.better == LESS else "Best"
    title = f"{verb} {part} {name}: {d.number(values[best])} (epoch {epoch[best]:g})"
    last = {key: v[np.isfinite(v)][-1] for key, v in scores.items()}
    subtitle = "at the end: " + ", ".join(f"{key} {d.number(value)}" for key, value in last.items())
    if score == LOSS and len(scores) == 2 and last["validation"] > 1.1 * values[best] > last["training"]:
        subtitle += " (overfitting)"
    return title, subtitle


def limits(axes: Axes, score: Score, values: np.ndarray) -> None:
    """What falls from 0, or on a log axis when it does so thirtyfold; what rises below 1 to 1; just wide enough."""
    values = values[np.isfinite(values)]
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    rises = score.better == MORE
    if rises and low >= 0 and high <= 1:
        axes.set_ylim(max(0.0, low - room) if low > 0.05 else -0.02, min(1.0, high) + 0.1 * room + 0.002)
    elif not rises and low > 0 and high > 30 * low:
        d.log_axis(axes, low / 1.3, high * 1.3)
    else:
        axes.set_ylim(0.0 if 0 <= low < high - low and not rises else low - room, high + room)


def draw_ratios(axes: Axes, steps: Rows, ratios: Mapping[str, np.ndarray], *, titled: bool = True) -> None:
    """Update ratio of each layer on a log axis, the healthy band shaded."""
    at = column(steps, "step")
    d.plain_axes(axes, title=ratio_words(steps) if titled else "", subtitle=RATIO_SAYS if titled else "")
    axes.axhspan(*HEALTHY, color=d.GREEN, alpha=0.14, linewidth=0)
    named = len(ratios) <= MOST_NAMED_LAYERS
    colours = d.LINES if named else _by_depth(len(ratios))
    ends: list[d.End] = []
    for (layer, values), colour in zip(ratios.items(), colours, strict=False):
        x, y = thin(at, np.log10(values))
        if named:
            axes.plot(x, 10**y, color=colour, alpha=0.2, linewidth=0.7)
        x, y = thin(x, y, 60)
        axes.plot(x, 10**y, color=colour, linewidth=1.8 if named else 1.0, marker="o" if len(x) == 1 else None)
        ends.append((d.shorten(layer, 18), x[-1], 10 ** y[-1], colour))
    everything = np.concatenate([values[np.isfinite(values)] for values in ratios.values()])
    low, high = np.quantile(everything, (0.005, 0.995))
    d.log_axis(axes, min(low / 1.5, HEALTHY[0] / 2), max(high * 1.5, HEALTHY[1] * 2))
    if not named:
        ends = [(f"{ends[0][0]} (first)", *ends[0][1:]), (f"{ends[-1][0]} (last)", *ends[-1][1:])]
    d.label_ends(axes, ends, size=d.SMALL_PT, ink=None if named else d.INK)
    axes.set_xlabel("step" if named else f"step; {len(ratios)} layers, dark blue the first, yellow the last",
                    color=d.FAINT, size=d.TEXT_PT)  # fmt: skip


def _by_depth(count: int) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["cividis"](0.85 * place / max(count - 1, 1)) for place in range(count)]


def ratio_words(steps: Rows) -> str:
    """Title: how many layers have half their updates or more far outside the healthy band while the rate is high.

    The first update is not counted: many rules have nothing to scale it by yet.
    """
    found = layer_ratios(while_high(steps)).values()
    ratios = [rest for values in found if len(rest := values[np.isfinite(values)][1:])]
    if not ratios:
        return "Size of the updates"
    below, above = 0, 0
    for values in ratios:
        small, large = int(np.sum(values < BEARABLE[0])), int(np.sum(values > BEARABLE[1]))
        if 2 * (small + large) >= len(values):
            below, above = below + (small >= large), above + (small < large)
    layers = f"{len(ratios)} layers" if len(ratios) > 1 else "one layer"
    if not below and not above:
        middle = [np.median(values) for values in ratios]
        size = "have" if HEALTHY[0] <= min(middle) and max(middle) <= HEALTHY[1] else "are near"
        return f"Updates {size} a healthy size in {'all ' if len(ratios) > 1 else ''}{layers}"
    parts = [f"far {size} than healthy in {n}" for size, n in (("smaller", below), ("larger", above)) if n]
    return f"Updates are {' and '.join(parts)} of {layers}"
