"""mistakes.png: the samples the model got most confidently wrong, each with its three most probable classes.

Shapes    images (n,H,W,C) raw pixels, shown as `reports.pixels` makes them; the foot of the picture says how
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.pixels import Images, displayable, pixels_of
from pellucid.tasks.classification.evaluation import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 24
COLUMNS = 3
CARD_IN = (3.5, 1.6)  # width, height of one mistake
PICTURE_IN = 1.18
BAR_IN = 1.93
Told = tuple[str, str]
SAID: Told = ("said", "is")


def mistakes_png(
    evaluation: Evaluation, images: Images, *, chosen: np.ndarray | None = None, title: str = "", told: Told = SAID
) -> bytes:
    """PNG bytes of up to 24 mistakes; images(indices) gives the raw pixels (n,H,W,C) of those samples of the part.

    `chosen` are other samples (M,) to show in place of the most confident mistakes, under a `title` of their own;
    `told` are the words before the predicted and the given class.
    """
    wrong = int(np.sum(evaluation.predicted != evaluation.labels))
    if not wrong:
        every = f"all {evaluation.n:,} samples" if evaluation.n > 1 else "the only sample"
        return d.message_picture("No mistakes", f"The model is right about {every} of the {evaluation.split} part.")
    worst = evaluation.worst_mistakes(MOST) if chosen is None else chosen[:MOST]
    shown, remarks = displayable(pixels_of("mistakes", images, worst))
    columns = min(COLUMNS, max(2, len(worst)))  # two at least: the title wants room
    rows = -(-len(worst) // columns)
    width, height = columns * CARD_IN[0] + 0.3, rows * CARD_IN[1] + (1.15 if remarks else 0.9)
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    usual = f"The {len(worst)} most confident of {wrong:,} mistakes" if wrong > len(worst) else _all_of_them(wrong)
    d.letter(axes, 0.2, 0.32, title or usual, size=d.TITLE_PT, weight="bold")
    d.letter(axes, 0.2, 0.6, f"{evaluation.split} part, {evaluation.n:,} sample{'s' * (evaluation.n > 1)}; "
             "bars: the most probable classes", color=d.FAINT)  # fmt: skip
    for place, index in enumerate(worst):
        row, column = divmod(place, columns)
        _card(axes, 0.2 + column * CARD_IN[0], 0.85 + row * CARD_IN[1], shown[place], evaluation, int(index), told)
    d.letter(axes, 0.2, height - 0.16, remarks, color=d.FAINT, size=d.SMALL_PT)
    axes.set_xlim(0, width)  # data coordinates are inches from the upper left; imshow has changed them
    axes.set_ylim(height, 0)
    return d.to_png(figure)


def _all_of_them(wrong: int) -> str:
    return f"All {wrong} mistakes, the most confident first" if wrong > 1 else "The only mistake"


def _card(
    axes: Axes, x: float, y: float, picture: np.ndarray, evaluation: Evaluation, index: int, told: Told
) -> None:
    """One mistake with its upper left corner at x, y inches: picture, both names, bars, where the sample came from."""
    rows, columns = picture.shape[:2]
    scale = PICTURE_IN / max(rows, columns)
    width, height = columns * scale, rows * scale
    left, top = x + (PICTURE_IN - width) / 2, y + (PICTURE_IN - height) / 2
    axes.imshow(picture, extent=(left, left + width, top + height, top), aspect="auto",
                interpolation="nearest" if max(rows, columns) < 128 else "auto")  # fmt: skip
    _frame(axes, left, top, width, height)
    scores, true = evaluation.scores[index], int(evaluation.labels[index])
    said = int(evaluation.predicted[index])
    text = x + PICTURE_IN + 0.14
    names = d.short_names(evaluation.class_names, 18)
    d.letter(axes, text, y + 0.09, f"{told[0]} {names[said]}", color=d.VERMILION, weight="bold")
    d.letter(axes, text, y + 0.27, f"{told[1]} {names[true]}", color=d.BLUE, weight="bold")
    best = np.argsort(-scores, kind="stable")[:3]
    for place, k in enumerate(best):
        colour = d.VERMILION if k == said else d.BLUE if k == true else "#98a1b0"
        _bar(axes, text, y + 0.47 + 0.28 * place, names[k], float(scores[k]), colour)
    source = d.shorten(str(evaluation.names[index]), 38, keep="end")
    d.letter(axes, x, y + PICTURE_IN + 0.16, source, color=d.FAINT, size=6.5)
    if true not in best:
        late = f"true class: {d.percent(float(scores[true]))}"
        d.letter(axes, text + BAR_IN, y + PICTURE_IN + 0.16, late, color=d.BLUE, size=6.5, ha="right")


def _frame(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=d.HAIR, linewidth=0.8))


def _bar(axes: Axes, x: float, y: float, name: str, score: float, colour: str) -> None:
    """A class: its name and its probability on one line, a thin bar under them."""
    from matplotlib.patches import Rectangle

    d.letter(axes, x, y, name, size=d.SMALL_PT)
    d.letter(axes, x + BAR_IN, y, d.percent(score), size=d.SMALL_PT, ha="right", color=d.FAINT)
    axes.add_patch(Rectangle((x, y + 0.09), BAR_IN, 0.06, facecolor=d.HAIR, linewidth=0))
    axes.add_patch(Rectangle((x, y + 0.09), BAR_IN * min(max(score, 0), 1), 0.06, facecolor=colour, linewidth=0))
