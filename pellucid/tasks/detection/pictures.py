"""What is drawn of a detection: precision against recall, the worst pictures with true and found boxes, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.boxes.column import Boxes, mapped
from pellucid.reports import drawing as d
from pellucid.reports.pixels import Images, shown_of
from pellucid.reports.sections import Facts, Gallery, Place, Section
from pellucid.reports.sections import Figure as Drawing
from pellucid.reports.worst import cards_of, sheet_of, with_marks
from pellucid.tasks.detection.blind import blind_answers
from pellucid.tasks.detection.drawing import RIGHT, TRUE, WRONG, Mark, draw_marks
from pellucid.tasks.detection.evaluation import Evaluation
from pellucid.tasks.detection.judging import IGNORED, KINDS, judge
from pellucid.tasks.detection.judging import RIGHT as HIT
from pellucid.tasks.detection.telling import table_of, table_of_mistakes
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.wording import value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST, CURVES = 12, 7               # pictures; classes with a curve of their own
SHEET_IN = 3.6                     # width of a picture on the sheet


def pictures_of(evaluation: Evaluation, images: Images, training: Boxes) -> Pictures:
    """precision-recall.png, mistakes.png, and what the report shows. Raises ShapeError for what is no n pictures."""
    curves = precision_recall(evaluation)
    says = "Precision against recall of each class at IoU 0.5"
    chart = Drawing(says, d.to_svg(precision_recall(evaluation), says), "precision-recall.png",
                    title="Precision and recall",
                    faint="Each point is a score from which on boxes are told; the dot is the one that is used.")
    worst = evaluation.worst(MOST)
    marked = marked_pictures(evaluation, images, worst)
    files = {"precision-recall.png": d.to_png(curves)}
    if marked:
        files["mistakes.png"] = sheet(evaluation, worst, marked)
    blind = judge(evaluation.truth, blind_answers(training, evaluation.truth)).mean_average_precision()
    return Pictures(files, sections_of(evaluation, worst, marked, chart, blind))


def sections_of(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray], chart: Drawing,
                blind: float) -> list[Section]:  # fmt: skip
    """Scores, curves, classes, mistakes and the worst pictures; `blind` is the AP50 of an answer that does not look."""
    metrics = evaluation.to_metrics()
    point = metrics["operating"]
    facts = [(title, value(metrics[name])) for name, title in
             (("AP", "AP"), ("AP75", "AP75"), ("AP_small", "AP small"), ("AP_medium", "AP medium"),
              ("AP_large", "AP large"), ("AR100", "recall"))]  # fmt: skip
    facts.append(("AP50 without looking", value(blind)))
    told = (f"Boxes from a score of {point['score']:.3f} on: precision {point['precision']:.3f}, recall "
            f"{point['recall']:.3f}, F1 {point['f1']:.3f}.")  # fmt: skip
    return [
        Facts(facts, place="head"), chart,
        replace(table_of(metrics["classes"]), title="Class by class", faint=told),
        replace(table_of_mistakes(metrics["mistakes"]), title="What the mistakes are",
                faint="At that score; a cost is what AP50 would gain without mistakes of the kind."),
        worst_gallery(evaluation, worst, marked),
    ]  # fmt: skip


def worst_gallery(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray], place: Place = "own") -> Gallery:
    """The worst pictures with their boxes."""
    counts = evaluation.faults()
    faults = [f"{int(counts[index])} wrong or missed" for index in worst.tolist()]
    cards = cards_of(marked, worst, faults, evaluation.origins, evaluation.ids)
    return Gallery(cards, title="The worst pictures", place=place,
                   faint="White and dashed: true boxes that were not found. Green: found. Red: false alarms, with what "
                         "they are.")  # fmt: skip


def marked_pictures(evaluation: Evaluation, images: Images, chosen: np.ndarray) -> list[np.ndarray]:
    """The pictures (H,W,3) uint8 of these indices with their boxes, as the network saw them."""
    return with_marks(images, chosen, lambda picture, index: draw_marks(picture, marks_of(evaluation, index)))


def picture_with(evaluation: Evaluation, images: Images, index: int, marks: Sequence[Mark]) -> np.ndarray:
    """One picture (H,W,3) uint8 as the network saw it, with marks in pixels of the picture as read."""
    shown, _ = shown_of("suspects", images, np.array([index]))
    affine = evaluation.truth.affines[index : index + 1]
    moved = [replace(mark, box=mapped(np.array([mark.box]), affine)[0].tolist()) for mark in marks]
    return draw_marks(np.round(shown[0] * 255).astype(np.uint8), moved)


def marks_of(evaluation: Evaluation, index: int) -> list[Mark]:
    """The boxes of one picture in the pixels of the network's input: missed ones, hits, false alarms."""
    judged, truth = evaluation.judged, evaluation.truth
    affine, names = truth.affines[index : index + 1], truth.names
    told = judged.score >= evaluation.threshold
    marks = []
    for row in range(int(truth.offsets[index]), int(truth.offsets[index + 1])):
        answer = int(judged.found[row])
        if judged.counted[row] and not (answer >= 0 and told[answer]):
            box = mapped(truth.corners[row : row + 1], affine)[0]
            marks.append(Mark(box.tolist(), TRUE, "", True))
    for row in np.flatnonzero((judged.picture == index) & told).tolist():
        kind = int(judged.kind[row])
        if kind == IGNORED:
            continue
        box = mapped(judged.boxes[row : row + 1], affine)[0].tolist()
        words = f"{names[judged.number[row]]} {judged.score[row]:.2f}"
        marks.append(Mark(box, RIGHT) if kind == HIT else Mark(box, WRONG, f"{words} {KINDS[kind]}"))
    return marks


def sheet(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray]) -> bytes:
    """PNG bytes of the worst pictures side by side."""
    told = [d.shorten(str(evaluation.origins[index]), 60, keep="end") for index in worst.tolist()]
    return sheet_of(marked, told, title=f"The {len(marked)} worst of {evaluation.n:,} pictures",
                    faint=f"{evaluation.split} part; white and dashed: not found, green: found, red: false alarms",
                    wide_in=SHEET_IN, narrowest_in=0)  # fmt: skip


def precision_recall(evaluation: Evaluation) -> Figure:
    """A curve a class, the rarest left out of many; the point that is used on each."""
    judged, names = evaluation.judged, evaluation.truth.names
    boxes = judged.objects.sum(axis=0)
    chosen = [number for number in np.argsort(-boxes, kind="stable").tolist() if boxes[number]][:CURVES]
    figure = d.new_figure(5.4, 4.2)
    axes = figure.add_axes((0.12, 0.13, 0.62, 0.8))
    d.plain_axes(axes)
    for place, number in enumerate(sorted(chosen)):
        score, recall, precision = judged.curve(number)
        colour = d.LINES[place % len(d.LINES)]
        label = d.drawable(f"{d.shorten(names[number], 16)} {value(judged.average_precision(number))[:5]}")
        axes.plot(np.append(0, recall), np.append(1.0, precision), color=colour, linewidth=1.2, label=label)
        told = int((score >= evaluation.threshold).sum())
        if told:
            axes.plot(recall[told - 1], precision[told - 1], "o", color=colour, markersize=4)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("recall", fontsize=d.SMALL_PT, color=d.INK)
    axes.set_ylabel("precision", fontsize=d.SMALL_PT, color=d.INK)
    axes.tick_params(labelsize=d.SMALL_PT, colors=d.FAINT)
    if chosen:
        axes.legend(fontsize=d.SMALL_PT, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure
