"""diagnosis-reliability.png: whether a confidence of 0.8 is right eight times in ten.

Blue bars are the accuracy of the images whose confidence lies in a bin, with 95 % intervals as whiskers; a short line
marks the mean confidence of the same images. A vermilion stretch is confidence that is not earned, a green one modesty.
Below, how many images lie in each bin. Source: DeGroot & Fienberg 1983; Guo et al. 2017, figure 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.diagnosis.calibration import Bin, Reliability
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.wording import percent, points
from pellucid.reports import drawing as d

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def reliability_figure(found: Reliability) -> Figure:
    """The picture of the bins of a part."""
    figure = d.new_figure(7.6, 5.0)
    axes = figure.add_axes((0.085, 0.34, 0.88, 0.5))
    counts = figure.add_axes((0.085, 0.115, 0.88, 0.15))
    title, subtitle = words(found)
    d.plain_axes(axes, title=title, subtitle=subtitle)
    axes.plot([0, 1], [0, 1], color=d.FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for one in found.bins:
        if one.n:
            _bin(axes, one)
    axes.set_ylim(0, 1.03)
    d.note(axes, "share right", (0, 1), "axes fraction", (2, -12), color=d.FAINT, size=d.SMALL_PT)
    d.plain_axes(counts)
    counts.bar([(one.low + one.high) / 2 for one in found.bins], [one.n for one in found.bins],
               [0.86 * (one.high - one.low) for one in found.bins], color="#98a1b0", linewidth=0)  # fmt: skip
    counts.set_yscale("symlog", linthresh=10)
    counts.set_ylim(0, 2 * max(one.n for one in found.bins))
    counts.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    d.note(counts, "images", (0, 1), "axes fraction", (2, 3), color=d.FAINT, size=d.SMALL_PT)
    for part in (axes, counts):
        part.set_xlim(0, 1)
        part.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    counts.set_xlabel("confidence: probability of the predicted class", color=d.FAINT, size=d.TEXT_PT)
    return figure


def words(found: Reliability) -> tuple[str, str]:
    """Title and second line: which way the confidence errs, by how much if that is more than noise, the ECE."""
    known = [(one.n, one.confidence, one.accuracy) for one in found.bins if one.n]
    sure = sum(n * (confidence or 0.0) for n, confidence, _ in known) / found.n
    right = sum(n * (accuracy or 0.0) for n, _, accuracy in known) / found.n
    low, high = wilson_interval(round(right * found.n), found.n)
    way = "high" if sure > right else "low"
    title = "On the whole confidence is earned, within the noise" if low <= sure <= high else (
        f"Confidence is {points(abs(sure - right))} too {way} on the whole"
    )  # fmt: skip
    return title, f"mean confidence {percent(sure)}, right {percent(right)} of {found.n:,}; ECE {found.ece:.3f}"


def _bin(axes: Axes, one: Bin) -> None:
    """One bin: bar, gap, mark of the mean confidence, whisker."""
    assert one.accuracy is not None and one.confidence is not None, "a bin with samples has both"
    middle, width = (one.low + one.high) / 2, 0.86 * (one.high - one.low)
    axes.bar([middle], [one.accuracy], width, color=d.BLUE, linewidth=0)
    earned = one.accuracy >= one.confidence
    axes.bar([middle], [one.confidence - one.accuracy], width, bottom=[one.accuracy], linewidth=0, alpha=0.45,
             color=d.GREEN if earned else d.VERMILION)  # fmt: skip
    axes.plot([middle - width / 2, middle + width / 2], [one.confidence] * 2, color=d.INK, linewidth=1.4)
    low, high = wilson_interval(round(one.accuracy * one.n), one.n)
    axes.plot([middle, middle], [low, high], color=d.INK, linewidth=0.9)
