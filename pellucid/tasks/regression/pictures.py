"""What is drawn of a regression: predicted against true numbers, and the pictures it is farthest off on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.gallery import Card, Kind, drawn
from pellucid.reports.pixels import Images, displayable, pixels_of
from pellucid.reports.sections import Facts, Gallery, Section
from pellucid.reports.sections import Figure as Drawing
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.regression.evaluation import Evaluation
from pellucid.tasks.regression.telling import table_of, value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST, COLUMNS = 24, 3          # pictures
POINTS, FEWER = 4_000, 1_000   # of a part that has more, a sample; on a page, where each dot is a tag
CARD_IN, PICTURE_IN, CHART_IN = (3.5, 1.6), 1.18, 4.2


def pictures_of(evaluation: Evaluation, images: Images) -> Pictures:
    """scatter.png, mistakes.png, and what the report shows. Raises ShapeError for what is no n pictures."""
    says = "Predicted numbers against true ones, a dot a sample"
    chart = d.to_svg(scatter(evaluation, FEWER), says)
    return Pictures(
        {"scatter.png": d.to_png(scatter(evaluation, POINTS)), "mistakes.png": worst_png(evaluation, images)},
        sections_of(evaluation, images, Drawing(says, chart, "scatter.png", title="Predicted against true")),
    )


def sections_of(evaluation: Evaluation, images: Images, chart: Drawing) -> list[Section]:
    """The other scores, the chart, each number by itself, and the pictures it is farthest off on."""
    metrics = evaluation.to_metrics()
    cards = []
    for source, coarse, index in drawn(images, evaluation.worst(MOST)):
        lines: list[tuple[str, Kind]] = []
        for name, said, true in zip(evaluation.names[:3], evaluation.predicted[index], evaluation.truth[index],
                                    strict=False):  # fmt: skip
            lines += [(f"{d.shorten(name, 24)} {value(said)}", "wrong"), (f"is {value(true)}", "right")]
        number = None if evaluation.ids is None else int(evaluation.ids[index])
        cards.append(Card(source, coarse, lines, origin=str(evaluation.origins[index]), sample=number))
    return [
        Facts([(title, value(metrics[name])) for name, title in (("rmse", "RMSE"), ("r2", "R2"))], place="head"),
        chart,
        Gallery(cards, title="The largest errors", faint="In standard deviations of the training numbers; the largest "
                                                         "first."),
        replace(table_of(metrics["numbers"]), title="Number by number",
                faint="With 95 % intervals; a constant answer is the best that needs no picture."),
    ]  # fmt: skip


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
    shown, remarks = displayable(pixels_of("mistakes", images, worst))
    columns = min(COLUMNS, max(2, len(worst)))
    width, height = columns * CARD_IN[0] + 0.3, -(-len(worst) // columns) * CARD_IN[1] + 1.15
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    d.letter(axes, 0.2, 0.32, f"The {len(worst)} largest errors of {evaluation.n:,}", size=d.TITLE_PT, weight="bold")
    d.letter(axes, 0.2, 0.6, f"{evaluation.split} part; in standard deviations of the training numbers", color=d.FAINT)
    for place, index in enumerate(worst.tolist()):
        row, column = divmod(place, columns)
        x, y = 0.2 + column * CARD_IN[0], 0.85 + row * CARD_IN[1]
        rows, across = shown[place].shape[:2]
        size = PICTURE_IN / max(rows, across)
        axes.imshow(shown[place], extent=(x, x + across * size, y + rows * size, y), aspect="auto",
                    interpolation="nearest" if max(rows, across) < 128 else "auto")  # fmt: skip
        for line, (name, said, true) in enumerate(zip(evaluation.names[:3], evaluation.predicted[index],
                                                      evaluation.truth[index], strict=False)):  # fmt: skip
            top, short = y + 0.09 + 0.36 * line, d.shorten(name, 14)
            d.letter(axes, x + PICTURE_IN + 0.14, top, f"{short} {value(said)}", color=d.VERMILION, weight="bold")
            d.letter(axes, x + PICTURE_IN + 0.14, top + 0.18, f"is {value(true)}", color=d.BLUE)
        origin = d.shorten(str(evaluation.origins[index]), 38, keep="end")
        d.letter(axes, x, y + PICTURE_IN + 0.16, origin, color=d.FAINT, size=6.5)
    d.letter(axes, 0.2, height - 0.16, remarks, color=d.FAINT, size=d.SMALL_PT)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return d.to_png(figure)
