"""mistakes.png: the samples the model got most confidently wrong, each with its three most probable classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.reports import drawing as d
from pellucid.reports.card_sheet import PICTURE_IN, WORDS_IN, card_sheet
from pellucid.reports.pixels import Images
from pellucid.tasks.classification.evaluation import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 24
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
    usual = f"The {len(worst)} most confident of {wrong:,} mistakes" if wrong > len(worst) else _all_of_them(wrong)
    return card_sheet(
        images, worst, title=title or usual, origins=evaluation.names,
        below=f"{evaluation.split} part, {evaluation.n:,} sample{'s' * (evaluation.n > 1)}; "
              "bars: the most probable classes",
        words=lambda axes, x, y, index: _words(axes, x, y, evaluation, index, told),
    )  # fmt: skip


def _all_of_them(wrong: int) -> str:
    return f"All {wrong} mistakes, the most confident first" if wrong > 1 else "The only mistake"


def _words(axes: Axes, x: float, y: float, evaluation: Evaluation, index: int, told: Told) -> None:
    """Beside one mistake: both names, a bar for each of the likeliest classes."""
    scores, true = evaluation.scores[index], int(evaluation.labels[index])
    said = int(evaluation.predicted[index])
    names = d.short_names(evaluation.class_names, 18)
    d.letter(axes, x, y + 0.09, f"{told[0]} {names[said]}", color=d.VERMILION, weight="bold")
    d.letter(axes, x, y + 0.27, f"{told[1]} {names[true]}", color=d.BLUE, weight="bold")
    best = np.argsort(-scores, kind="stable")[:3]
    for place, k in enumerate(best):
        colour = d.VERMILION if k == said else d.BLUE if k == true else "#98a1b0"
        _bar(axes, x, y + 0.47 + 0.28 * place, names[k], float(scores[k]), colour)
    if true not in best:
        late = f"true class: {d.percent(float(scores[true]))}"
        d.letter(axes, x + WORDS_IN, y + PICTURE_IN + 0.16, late, color=d.BLUE, size=6.5, ha="right")


def _bar(axes: Axes, x: float, y: float, name: str, score: float, colour: str) -> None:
    """A class: its name and its probability on one line, a thin bar under them."""
    from matplotlib.patches import Rectangle

    d.letter(axes, x, y, name, size=d.SMALL_PT)
    d.letter(axes, x + WORDS_IN, y, d.percent(score), size=d.SMALL_PT, ha="right", color=d.FAINT)
    axes.add_patch(Rectangle((x, y + 0.09), WORDS_IN, 0.06, facecolor=d.HAIR, linewidth=0))
    axes.add_patch(Rectangle((x, y + 0.09), WORDS_IN * min(max(score, 0), 1), 0.06, facecolor=colour, linewidth=0))
