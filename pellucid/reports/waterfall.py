"""diagnosis-split.png: the way from the reference error to the test error, one gap a step.

Levels (reference, and the error of the last part) stand on the axis and are blue. A gap hangs where the error before
it ended: vermilion for the main problem, orange for the problems beside it, green where the error falls; a gap within
the noise is hollow. Whiskers are 95 % intervals of the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pellucid.diagnosis.decomposition import Gap
from pellucid.diagnosis.wording import points, small_percent
from pellucid.reports import drawing as d

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 0.62
GREY = "#98a1b0"
CALLED = {"train": "training", "validation": "dev", "reference": "reference"}  # as the page speaks of the parts


class Error(Protocol):
    """The error of a part."""

    @property
    def part(self) -> str: ...
    @property
    def error(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float]: ...
    @property
    def measured_on(self) -> str:
        """How many images it was measured on, in words."""


class Split(Protocol):
    """An error split into gaps, as `diagnosis.decomposition` does it for classes."""

    @property
    def reference(self) -> float: ...
    @property
    def reference_given(self) -> bool: ...
    @property
    def errors(self) -> Sequence[Error]: ...
    @property
    def gaps(self) -> Sequence[Gap]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    @property
    def main_problem(self) -> str | None: ...
    def gap(self, name: str) -> Gap | None: ...


@dataclass(frozen=True)
class Measure:
    """What an error is measured in: what it is, and how a level, a step between two and a tick are written."""

    says: str
    level: Callable[[float], str]
    step: Callable[[float], str]
    tick: Callable[[float], str]


SHARES = Measure("share of wrong images", small_percent, points, lambda value: f"{100 * value:.3g} %")


def waterfall_figure(split: Split, measure: Measure = SHARES) -> Figure:
    """The picture of the split of the error."""
    columns = len(split.gaps) + 2
    figure = d.new_figure(max(7.2, 1.55 * columns + 1.2), 4.3)
    axes = figure.add_axes((0.075, 0.2, 0.905, 0.62))
    d.plain_axes(axes, title=title_of(split, measure), subtitle=f"{measure.says}; each column adds to the one before "
                 "it; whiskers: 95 % intervals")  # fmt: skip
    last = split.errors[-1]
    _level(axes, 0, split.reference, measure)
    top, level = max(split.reference, *(error.interval[1] for error in split.errors)), split.reference
    for place, gap in enumerate(split.gaps, start=1):
        _gap(axes, place, level, gap, colour_of(gap, split), measure)
        top = max(top, level + gap.high)
        level += gap.value
    _level(axes, columns - 1, last.error, measure)
    axes.set_xlim(-0.6, columns - 0.4)
    low = min(0.0, *(error.error for error in split.errors))
    axes.set_ylim(low, (top or 0.01) * 1.13)
    axes.set_xticks(range(columns), _labels(split, measure), parse_math=False, family=d.fonts()[0])
    axes.tick_params(axis="x", labelsize=d.TEXT_PT, labelcolor=d.INK, pad=5)
    axes.yaxis.set_major_formatter(lambda value, _: measure.tick(value))
    return figure


def title_of(split: Split, measure: Measure) -> str:
    """How much of the error the main problem makes up."""
    last, problem = split.errors[-1], split.main_problem
    gap = split.gap(problem) if problem else None
    if gap is None:
        return "No gap is larger than its noise" if not any(gap.sure for gap in split.gaps) else "No gap is large"
    name = gap.name[0].upper() + gap.name[1:]
    return f"{name} adds {measure.step(gap.value)} on the way to {measure.level(last.error)} {called(last.part)} error"


def called(part: str) -> str:
    """The name of a part on the page."""
    return CALLED.get(part, part)


def colour_of(gap: Gap, split: Split) -> str:
    """By what the gap is: the main problem, another, a fall, or small."""
    if gap.name == split.main_problem:
        return d.VERMILION
    if gap.name in split.problems:
        return d.ORANGE
    return d.GREEN if gap.high < 0 else GREY


def _labels(split: Split, measure: Measure) -> list[str]:
    """Under each column: what it is, and which parts it lies between."""
    names = []
    for gap in split.gaps:
        name = gap.name + (" or\nmismatch" if gap.undivided and gap.name == "variance" else "")
        names.append(f"{name}\n{called(gap.start)} to {called(gap.end)}" if "\n" not in name else name)
    last = split.errors[-1]
    return ["reference" if split.reference_given else f"{measure.tick(0)}\n(no reference)", *names,
            f"{called(last.part)} error\n{last.measured_on}"]  # fmt: skip


def _level(axes: Axes, place: float, value: float, measure: Measure) -> None:
    """A bar that stands on the axis."""
    axes.bar([place], [value], WIDTH, color=d.BLUE, linewidth=0)
    d.note(axes, measure.level(value), (place, value), "data", (0, 5), ha="center", color=d.BLUE, weight="bold")


def _gap(axes: Axes, place: int, level: float, gap: Gap, colour: str, measure: Measure) -> None:
    """A hanging bar with its whisker, and the line that carries the level on from the column before."""
    axes.plot([place - 1 + WIDTH / 2, place - WIDTH / 2], [level, level], color=d.FAINT, linewidth=0.9)
    style: dict[str, Any] = {"color": colour, "linewidth": 0}
    if gap.noise:
        style = {"facecolor": d.PAPER, "edgecolor": colour, "linewidth": 1.2, "hatch": "////"}
    axes.bar([place], [gap.value], WIDTH, bottom=[level], **style)
    axes.plot([place, place], [level + gap.low, level + gap.high], color=d.INK, linewidth=1.1)
    end = level + gap.value
    axes.plot([place + WIDTH / 2, place + 1 - WIDTH / 2], [end, end], color=d.FAINT, linewidth=0.9)
    sign = "+" if gap.value > 0 else ""
    words = f"{sign}{measure.step(gap.value)}" + (", noise" if gap.noise else "")
    d.note(axes, words, (place, level + max(gap.high, gap.value, 0)), "data", (0, 5), ha="center",
           color=d.FAINT if gap.noise or colour == GREY else colour, weight="bold")  # fmt: skip
