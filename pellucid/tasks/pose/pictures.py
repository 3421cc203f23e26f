"""What is drawn of poses: the pictures with most faults, true people in white and found ones in colour."""

from __future__ import annotations

from functools import partial

import numpy as np

from pellucid.data.points.column import carried
from pellucid.reports import drawing as d
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Facts, Gallery, Place, Section
from pellucid.reports.worst import cards_of, sheet_of, with_marks
from pellucid.tasks.pose.drawing import draw_people
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.telling import lines_of, table_of
from pellucid.tasks.protocol import Pictures
from pellucid.tasks.wording import percent, value

MOST = 12           # pictures
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
    counts = evaluation.faults()
    faults = [f"{counts[index]} not found, or nobody's" for index in worst.tolist()]
    cards = cards_of(marked, worst, faults, evaluation.origins, evaluation.ids)
    return Gallery(cards, title="The pictures with most faults", place=place,
                   faint="White: true people. In colour: those that were found.")  # fmt: skip


def marked_pictures(evaluation: Evaluation, images: Images, chosen: np.ndarray) -> list[np.ndarray]:
    """The pictures (H,W,3) uint8 of these indices with true and found people, as the network saw them."""
    return with_marks(images, chosen, partial(with_both, evaluation))


def with_both(evaluation: Evaluation, picture: np.ndarray, index: int) -> np.ndarray:
    """One picture with both."""
    truth, found = evaluation.truth.take(np.array([index])), evaluation.found[index]
    under = draw_people(picture, truth.placed().xy, truth.skeleton, colour=TRUE)
    scale = under.shape[0] / picture.shape[0]
    xy = carried(found.xy, np.broadcast_to(truth.affines, (len(found), 2, 3)))
    return draw_people(under, xy * scale, truth.skeleton)


def sheet(evaluation: Evaluation, worst: np.ndarray, marked: list[np.ndarray]) -> bytes:
    """PNG bytes of these pictures side by side."""
    told = [d.shorten(str(evaluation.origins[index]), 44, keep="start") for index in worst.tolist()]
    return sheet_of(marked, told, title=f"The {len(marked)} pictures with most faults, of {evaluation.n:,}",
                    faint=f"{evaluation.split} part; white: true people, in colour: found ones")  # fmt: skip
