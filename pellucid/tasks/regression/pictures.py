"""What is drawn of a regression: predicted against true numbers, and the pictures it is farthest off on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.card_sheet import card_sheet
from pellucid.reports.gallery import Card, Kind, drawn
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Facts, Gallery, Place, Section
from pellucid.reports.sections import Figure as Drawing
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.regression.evaluation import Evaluation
from pellucid.tasks.regression.telling import table_of, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 24                      # pictures
POINTS, FEWER = 4_000, 1_000   # of a part that has more, a sample; on a page, where each dot is a tag
CHART_IN = 4.2


def pictures_of(evaluation: Evaluation, images: Images) -> Pictures:
    """scatter.png, mistakes.png, and what the report shows. Raises ShapeError for what is no n pictures."""
    chart = replace(chart_of(evaluation), file="scatter.png")
    return Pictures(
        {"scatter.png": d.to_png(scatter(evaluation, POINTS)), "mistakes.png": worst_png(evaluation, images)},
        sections_of(evaluation, images, chart),
    )


def chart_of(evaluation: Evaluation) -> Drawing:
    """The scatter of a page."""
    says = "Predicted numbers against true ones, a dot a sample"
    return Drawing(says, d.to_svg(scatter(evaluation, FEWER), says), title="Predicted against true")


def sections_of(evaluation: Evaluation, images: Images, chart: Drawing) -> list[Section]:
    """The other scores, the chart, each number by itself, and the pictures it is farthest off on."""
    metrics = evaluation.to_metrics()
    return [
        Facts([(title, value(metrics[name])) for name, title in (("rmse", "RMSE"), ("r2", "R2"))], place="head"),
        chart,
        worst_gallery(evaluation, images),
        replace(table_of(metrics["numbers"]), title="Number by number",
                faint="With 95 % intervals; a constant answer is the best that needs no picture."),
    ]  # fmt: skip


def worst_gallery(evaluation: Evaluation, images: Images, place: Place = "own") -> Gallery:
    """The pictures it is farthest off on, each with what was said of its first numbers and what they are."""
    cards = []
    for source, coarse, index in drawn(images, evaluation.worst(MOST)):
        lines: list[tuple[str, Kind]] = []
        for name, said, true in numbers_of(evaluation, index):
            lines += [(f"{d.shorten(name, 24)} {value(said)}", "wrong"), (f"is {value(true)}", "right")]
        number = None if evaluation.ids is None else int(evaluation.ids[index])
        cards.append(Card(source, coarse, lines, origin=str(evaluation.origins[index]), sample=number))
    return Gallery(cards, title="The largest errors", place=place,
                   faint="In standard deviations of the training numbers; the largest first.")  # fmt: skip


def scatter(evaluation: Evaluation, points: int) -> Figure:
    """A chart a number: each sample as a dot, true across and predicted upwards; on the line both agree."""
    count = len(evaluation.names)
    figure = d.new_figure(CHART_IN * count + 0.2, 4.4)
    rows = np.random.default_rng(0).permutation(evaluation.n)[:points]
    for place, (name, unit) in enumerate(zip(evaluation.names, evaluation.units, strict=True)):
        left, width = 0.85 + CHART_IN * place, CHART_IN * count + 0.2
        axes = figure.add_axes((left / width, 0.14, 3.3 / width, 0.75))
        d.plain_axes(axes)
        true, said = evaluation.truth[rows, place], evaluation.predicted[rows, place]
        ends = [float(min(true.min(), said.min())), float(max(true.max(), said.max()))]
        axes.plot(ends, ends, color=d.FAINT, linewidth=0.9, zorder=1)
        axes.plot(true, said, ".", color=d.BLUE, markersize=3, alpha=0.5, zorder=2)
        label = d.drawable(f"{d.shorten(name, 30)} ({unit})" if unit else d.shorten(name, 30))
        axes.set_xlabel(f"true {label}", fontsize=d.SMALL_PT, color=d.INK, parse_math=False)
        axes.set_ylabel(f"predicted {label}", fontsize=d.SMALL_PT, color=d.INK, parse_math=False)
        axes.set_title(f"MAE {value(evaluation.scores[0, place])}  R2 {value(evaluation.scores[2, place])}",
                       fontsize=d.TEXT_PT, color=d.INK)  # fmt: skip
        axes.tick_params(labelsize=d.SMALL_PT, colors=d.FAINT)
    return figure


def worst_png(evaluation: Evaluation, images: Images) -> bytes:
    """PNG bytes of up to 24 pictures, the largest error in standard deviations first."""
    worst = evaluation.worst(MOST)
    return card_sheet(
        images, worst, title=f"The {len(worst)} largest errors of {evaluation.n:,}", origins=evaluation.origins,
        below=f"{evaluation.split} part; in standard deviations of the training numbers",
        words=lambda axes, x, y, index: _words(axes, x, y, evaluation, index),
    )  # fmt: skip


def _words(axes: Axes, x: float, y: float, evaluation: Evaluation, index: int) -> None:
    """Beside one picture: its first numbers as they were said and as they are."""
    for line, (name, said, true) in enumerate(numbers_of(evaluation, index)):
        top = y + 0.09 + 0.36 * line
        d.letter(axes, x, top, f"{d.shorten(name, 14)} {value(said)}", color=d.VERMILION, weight="bold")
        d.letter(axes, x, top + 0.18, f"is {value(true)}", color=d.BLUE)


def numbers_of(evaluation: Evaluation, index: int) -> list[tuple[str, float, float]]:
    """The first numbers of a sample: name, said, true."""
    return list(zip(evaluation.names[:3], evaluation.predicted[index].tolist(), evaluation.truth[index].tolist(),
                    strict=False))  # fmt: skip
