"""search.png: where the trials lay and what they came to. One field a parameter, and one for the order in time.

Blue dots are complete trials, darker in later rounds; orange triangles were pruned, vermilion crosses at the worse
end have no score; the best one is ringed. Where there were several rounds, the range of the last is shaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.search.space import Choice, Parameter, Range, Space
from pellucid.search.trials import COMPLETE, PRUNED, Trial, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 3  # fields in a row
MOST_WORDS, WORD_LENGTH = 12, 16
ROOM, MARGIN = 0.12, 0.06  # of the height: beyond the worst score, for trials without one, and beyond the best
FADED = 0.35  # of the first round, where there are later ones


def draw_search(space: Space, spaces: Sequence[Space], trials: Sequence[Trial]) -> tuple[bytes, str]:
    """A PNG and an <svg>: the score against each parameter of `space`, then against the number of the trial."""
    count = len(space) + 1
    across = 2 if count == 4 else min(count, ACROSS)
    down = -(-count // across)
    width, height = 3.9 * across + 0.4, 3.5 * down + 0.7  # inches
    figure = d.new_figure(width, height)
    grid = figure.add_gridspec(down, across, left=0.7 / width, right=0.97, top=1 - 0.95 / height,
                               bottom=0.6 / height, hspace=0.42, wspace=0.26)  # fmt: skip
    low, high = limits(trials)
    for place, parameter in enumerate(space):
        axes = figure.add_subplot(grid[divmod(place, across)])
        d.plain_axes(axes)
        axes.set_ylim(low, high)
        draw_parameter(axes, parameter, spaces[-1][place] if len(spaces) > 1 else None, trials)
    axes = figure.add_subplot(grid[divmod(len(space), across)])
    d.plain_axes(axes)
    axes.set_ylim(low, high)
    draw_order(axes, trials)
    title, subtitle = headline(trials)
    d.note(figure.axes[0], title, (0, 1), "figure fraction", (14, -24), size=d.TITLE_PT, weight="bold")
    d.note(figure.axes[0], subtitle, (0, 1), "figure fraction", (14, -41), color=d.FAINT)
    says = f"Validation {named(trials)} of every trial against each parameter. {title}; {subtitle}"
    svg = d.to_svg(figure, says)
    return d.to_png(figure), svg


def headline(trials: Sequence[Trial]) -> tuple[str, str]:
    """The best score, and what became of how many."""
    order = ranked(trials)
    counts = {state: sum(trial.state == state for trial in trials) for state in (COMPLETE, PRUNED)}
    rest = len(trials) - sum(counts.values())
    parts = [f"{counts[COMPLETE]} complete (dots)"]
    parts += [f"{counts[PRUNED]} pruned (triangles)"] if counts[PRUNED] else []
    parts += [f"{rest} without a score (crosses)"] if rest else []
    title = "No trial is complete"
    if order:
        title = f"Best validation {named(trials)} {order[0].told}, trial {order[0].number} (ringed)"
    later = "; darker: later rounds; shaded: range of the last" if trials and trials[-1].round else ""
    return title, f"{len(trials)} trials: {', '.join(parts)}{later}"


def limits(trials: Sequence[Trial]) -> tuple[float, float]:
    """The lowest and the highest score, and room for trials without one: below, above where less is better."""
    scores = [trial.score for trial in trials if trial.score is not None]
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    width = max(high - low, 0.02 * max(1.0, abs(high)))
    below, above = (ROOM, MARGIN) if sign_of(trials) > 0 else (MARGIN, ROOM)
    return low - below * width, high + above * width


def sign_of(trials: Sequence[Trial]) -> int:
    """1 where more of the score is better, -1 where less is."""
    return trials[0].by.sign if trials else 1


def named(trials: Sequence[Trial]) -> str:
    """What the trials are judged by."""
    return d.drawable(trials[0].by.name) if trials else "score"


def draw_parameter(axes: Axes, parameter: Parameter, last: Parameter | None, trials: Sequence[Trial]) -> None:
    """The score against the values of one parameter."""
    axes.set_xlabel(d.drawable(parameter.name), color=d.FAINT, size=d.TEXT_PT)
    if isinstance(parameter, Choice):
        where = {word: float(place) for place, word in enumerate(parameter.words)}
        spread = np.random.default_rng(0).uniform(-0.14, 0.14, len(trials))  # dots of one word, side by side
        x = [where[trial.values[parameter.name]] + moved for trial, moved in zip(trials, spread, strict=True)]
        size = d.SMALL_PT if len(where) <= MOST_WORDS else 5
        names = [d.drawable(d.shorten(str(word), WORD_LENGTH)) for word in parameter.words]
        axes.set_xticks(list(where.values()), names, parse_math=False, size=size,
                        rotation=0 if sum(map(len, names)) <= 30 else 20)  # fmt: skip
        axes.set_xlim(-0.5, len(where) - 0.5)
    else:
        x = [float(trial.values[parameter.name]) for trial in trials]
        if parameter.log:
            axes.set_xscale("log")
        ends = parameter.between(-0.03, 1.03)
        axes.set_xlim(ends.low, ends.high)
        if isinstance(last, Range):
            axes.axvspan(last.low, last.high, color=d.BLUE, alpha=0.07, linewidth=0)
    dots(axes, x, trials)


def draw_order(axes: Axes, trials: Sequence[Trial]) -> None:
    """The score in the order of the trials, and the best so far as a line; thin lines part the rounds."""
    x = [float(trial.number) for trial in trials]
    sign = sign_of(trials)
    so_far = sign * np.maximum.accumulate([
        sign * trial.score if trial.state == COMPLETE and trial.score is not None else -np.inf for trial in trials
    ])  # fmt: skip
    known = np.isfinite(so_far)
    axes.step(np.array(x)[known], so_far[known], where="post", color=d.BLUE, linewidth=1.5, alpha=0.5)
    for before, after in pairwise(trials):
        if after.round > before.round:
            axes.axvline(after.number - 0.5, color=d.HAIR, linewidth=1.2)
    axes.set_xlabel("trial; the line is the best so far", color=d.FAINT, size=d.TEXT_PT)
    dots(axes, x, trials)


def dots(axes: Axes, x: Sequence[float], trials: Sequence[Trial]) -> None:
    """One mark a trial, by what became of it."""
    rounds = max((trial.round for trial in trials), default=0)
    bottom, top = axes.get_ylim()
    nowhere = bottom + 0.04 * (top - bottom) if sign_of(trials) > 0 else top - 0.04 * (top - bottom)
    order = ranked(trials)
    for at, trial in zip(x, trials, strict=True):
        age = 1.0 if not rounds else FADED + (1 - FADED) * trial.round / rounds
        score = nowhere if trial.score is None else trial.score
        if trial.state == COMPLETE:
            axes.plot(at, score, "o", color=d.BLUE, alpha=age, markersize=6, markeredgewidth=0)
        elif trial.state == PRUNED:
            axes.plot(at, score, "^", color=d.ORANGE, alpha=0.8, markersize=5.5, markeredgewidth=0)
        else:
            axes.plot(at, score, "x", color=d.VERMILION, markersize=6)
        if order and trial is order[0]:
            axes.plot(at, score, "o", markersize=12, markerfacecolor="none", markeredgecolor=d.INK)
