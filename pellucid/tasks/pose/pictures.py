"""What is drawn of poses: the pictures with most faults, true people in white and found ones in colour."""

from __future__ import annotations

import numpy as np

from pellucid.data.points.column import carried
from pellucid.reports import drawing as d
from pellucid.reports.gallery import Card, Kind, address
from pellucid.reports.pixels import Images, shown_of
from pellucid.reports.sections import Facts, Gallery, Place, Section
from pellucid.tasks.pose.drawing import draw_people
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.telling import lines_of, table_of
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.wording import percent, value

MOST, COLUMNS = 12, 3
SHEET_IN = 2.6      # width of a picture on the sheet
TRUE = "#ffffff"


def pictures_of(evaluation: Evaluation, images: Images) -> Pictures:
    """mistakes.png, and what the report shows. Raises ShapeError for what is no n pictures."""
    worst = evaluation.worst(MOST)
    marked = marked_pictures(evaluation, images, worst)
    return Pictures({"mistakes.png": sheet(evaluation, worst, marked)} if marked else {},
                    sections_of(evaluation, worst, marked))  # fmt: skip


def sections_of(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray]) -> list[Section]:
    """Scores, joints, and the pictures with most faults."""
    found = evaluation.to_metrics()
    facts = [("AP50", value(found["oks_ap50"])), ("AP75", value(found["oks_ap75"])),
             ("people found", f"{found['found']:,} of {found['people']:,}"),
             (f"PCK@{found['pck_at']:g}", percent(found["pck"]))]
    table, faint = table_of(found["joints"]), " ".join(f"{line[0].upper()}{line[1:]}." for line in lines_of(found))
    return [Facts(facts, place="head"),
            type(table)(table.columns, table.rows, kinds=table.kinds, title="Joint by joint", faint=faint),
            worst_gallery(evaluation, worst, marked)]  # fmt: skip


def worst_gallery(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray], place: Place = "own") -> Gallery:
    """The pictures with most faults."""
    cards, faults = [], evaluation.faults()
    for index, picture in zip(worst.tolist(), marked, strict=True):
        lines: list[tuple[str, Kind]] = [(f"{faults[index]} not found, or nobody's", "wrong")]
        number = None if evaluation.ids is None else int(evaluation.ids[index])
        cards.append(Card(address(picture / 255), False, lines, origin=str(evaluation.origins[index]), sample=number))
    return Gallery(cards, title="The pictures with most faults", place=place,
                   faint="White: true people. In colour: those that were found.")  # fmt: skip


def marked_pictures(evaluation: Evaluation, images: Images, chosen: np.ndarray) -> list[np.ndarray]:
    """The pictures (H,W,3) uint8 of these indices with true and found people, as the network saw them."""
    if not len(chosen):
        return []
    shown, _ = shown_of("mistakes", images, chosen)
    return [with_both(evaluation, np.round(picture * 255).astype(np.uint8), index)
            for picture, index in zip(shown, chosen.tolist(), strict=True)]  # fmt: skip


def with_both(evaluation: Evaluation, picture: np.ndarray, index: int) -> np.ndarray:
    """One picture with both."""
    truth, found = evaluation.truth.take(np.array([index])), evaluation.found[index]
    under = draw_people(picture, truth.placed().xy, truth.skeleton, colour=TRUE)
    scale = under.shape[0] / picture.shape[0]
    xy = carried(found.xy, np.broadcast_to(truth.affines, (len(found), 2, 3)))
    return draw_people(under, xy * scale, truth.skeleton)


def sheet(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray]) -> bytes:
    """PNG bytes of these pictures side by side."""
    columns = min(COLUMNS, len(marked))
    tall = SHEET_IN * marked[0].shape[0] / marked[0].shape[1]
    rows = -(-len(marked) // columns)
    width, height = max(4.2, columns * (SHEET_IN + 0.15) + 0.15), 0.75 + rows * (tall + 0.3)
    figure = d.new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    title = f"The {len(marked)} pictures with most faults, of {evaluation.n:,}"
    d.letter(axes, 0.15, 0.26, title, size=d.TITLE_PT, weight="bold")
    d.letter(axes, 0.15, 0.52, f"{evaluation.split} part; white: true people, in colour: found ones", color=d.FAINT,
             size=d.SMALL_PT)  # fmt: skip
    for place, (index, picture) in enumerate(zip(worst.tolist(), marked, strict=True)):
        row, column = divmod(place, columns)
        x, y = 0.15 + column * (SHEET_IN + 0.15), 0.7 + row * (tall + 0.3)
        axes.imshow(picture, extent=(x, x + SHEET_IN, y + tall, y), aspect="auto")
        told = d.shorten(str(evaluation.origins[index]), 44, keep="start")
        d.letter(axes, x, y + tall + 0.12, told, color=d.FAINT, size=6.5)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return d.to_png(figure)
