"""What is drawn of points: the error curve, errors a point, and the worst objects with true and found points."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.points.column import carried
from pellucid.data.points.skeleton import Skeleton
from pellucid.reports import drawing as d
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Facts, Gallery, Place, Section
from pellucid.reports.sections import Figure as Drawing
from pellucid.reports.skeletons import draw_points
from pellucid.reports.worst import cards_of, sheet_of, with_marks
from pellucid.tasks.keypoints.drawing import TRUE, WRONG
from pellucid.tasks.keypoints.evaluation import FAR, Evaluation
from pellucid.tasks.keypoints.scores.distances import curve
from pellucid.tasks.keypoints.telling import (
    length_in_words,
    lines_of,
    table_of,
    table_of_groups,
    worst_first,
)
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.wording import percent, pixels, value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 12               # pictures
LONG = 36               # points, above which their table is folded
WIDEST = 3.0            # of FAR, to which the curve is drawn


def pictures_of(evaluation: Evaluation, images: Images) -> Pictures:
    """errors.png, mistakes.png, and what the report shows. Raises ShapeError for what is no n pictures."""
    says = "Share of the objects within an error"
    chart = Drawing(says, d.to_svg(error_curve(evaluation), says), "errors.png", title="Error curve",
                    faint=f"In the length of {length_in_words(evaluation.by.normaliser)}.")
    worst = evaluation.worst(MOST)
    marked = marked_pictures(evaluation, images, worst)
    files = {"errors.png": d.to_png(error_curve(evaluation))}
    if marked:
        files["mistakes.png"] = sheet(evaluation, worst, marked)
    return Pictures(files, sections_of(evaluation, worst, marked, chart))


def sections_of(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray], chart: Drawing) -> list[Section]:
    """Scores, the curve, each point, and the worst objects."""
    found = evaluation.to_metrics()
    facts = [(f"PCK@{found['pck_at']:g}", percent(found["pck"])), ("median, pixels", pixels(found["error_px_median"])),
             ("90 %, pixels", pixels(found["error_px_90"])),
             (f"beyond {100 * FAR:g} %", percent(found["failures"][-1]["share"])),
             ("OKS AP", value(found["oks"]["ap"]))]
    return [
        Facts(facts, place="head"), chart,
        replace(table_of(worst_first(found["points"])), title="Point by point", faint=" ".join(
            f"{line[0].upper()}{line[1:]}." for line in lines_of(found)), folded=len(found["points"]) > LONG),
        *([replace(table_of_groups(found["groups"]), title="Group by group", place="below",
                   faint="Those found worst: persons, or whatever the groups of the data are.")] if found["groups"]
          else []),
        worst_gallery(evaluation, worst, marked),
    ]  # fmt: skip


def error_curve(evaluation: Evaluation) -> Figure:
    """The share of the objects within each error, the area that is scored shaded."""
    figure = d.new_figure(4.6, 3.6)
    axes = figure.add_axes((0.14, 0.15, 0.82, 0.8))
    d.plain_axes(axes)
    ends = np.linspace(0, WIDEST * FAR, 301)
    shares = curve(evaluation.each, ends)
    axes.fill_between(ends[ends <= FAR], shares[ends <= FAR], color=d.BLUE, alpha=0.15, linewidth=0)
    axes.plot(ends, shares, color=d.BLUE, linewidth=1.4)
    axes.axvline(FAR, color=d.HAIR, linewidth=0.9, zorder=0)
    axes.set_xlim(0, WIDEST * FAR)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(d.drawable(f"error, of {length_in_words(evaluation.by.normaliser)}"), fontsize=d.SMALL_PT,
                    color=d.INK, parse_math=False)  # fmt: skip
    axes.set_ylabel("share of the objects", fontsize=d.SMALL_PT, color=d.INK)
    axes.tick_params(labelsize=d.SMALL_PT, colors=d.FAINT)
    return figure


def worst_gallery(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray], place: Place = "own") -> Gallery:
    """The worst objects with their points."""
    faults = [f"off by {percent(float(evaluation.each[index]))}" for index in worst.tolist()]
    cards = cards_of(marked, worst, faults, evaluation.origins, evaluation.ids)
    return Gallery(cards, title="The worst objects", place=place,
                   faint="White: true points. Red: found ones, with a line to where they should be.")  # fmt: skip


def marked_pictures(evaluation: Evaluation, images: Images, chosen: np.ndarray) -> list[np.ndarray]:
    """The pictures (H,W,3) uint8 of these indices with true and found points, as the network saw them."""
    return with_marks(images, chosen, partial(with_both, evaluation))


def with_both(evaluation: Evaluation, picture: np.ndarray, index: int) -> np.ndarray:
    """One picture with both, each found point joined to its true one."""
    truth = evaluation.truth.take(np.array([index]))
    true = truth.placed().xy[0]
    found = np.where(np.isfinite(true), carried(evaluation.found[index : index + 1], truth.affines)[0], np.nan)
    count = len(true)
    both = Skeleton(tuple(map(str, range(2 * count))), tuple((k, count + k) for k in range(count)))
    return draw_points(picture, np.concatenate([true, found]), both, colours=[TRUE] * count + [WRONG] * count)


def sheet(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray]) -> bytes:
    """PNG bytes of the worst objects side by side."""
    told = [d.shorten(f"{percent(float(evaluation.each[index]))}  {evaluation.origins[index]}", 44, keep="start")
            for index in worst.tolist()]  # fmt: skip
    return sheet_of(marked, told, title=f"The {len(marked)} worst of {evaluation.n:,}",
                    faint=f"{evaluation.split} part; white: true points, red: found ones")  # fmt: skip
