"""The evidence on the page of a detector's diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pellucid.reports.gallery import Card, address
from pellucid.reports.sections import Gallery, Section, Table
from pellucid.tasks.detection.drawing import TRUE, WRONG, Mark
from pellucid.tasks.detection.evaluation import Evaluation
from pellucid.tasks.detection.pictures import MOST, marked_pictures, picture_with, sheet, worst_gallery
from pellucid.tasks.detection.telling import table_of_mistakes
from pellucid.tasks.diagnosing import dev_of
from pellucid.tasks.lacking import NUMBER
from pellucid.tasks.provided import StoredRun

SHOWN = 9               # suspicious annotations that are drawn
SIZES_SAID = ("Small ones are below 32 x 32 pixels of the picture as read, large ones from 96 x 96 on; crowded "
              "pictures have more objects than the middle one.")  # fmt: skip


def evidence_of(
    stored: StoredRun, judged: Mapping[str, Evaluation], found: Mapping[str, Any], *, images: bool,
) -> tuple[list[Section], bytes | None]:  # fmt: skip
    """What follows the curves, and a PNG of the worst pictures; `images`: those of the data may be shown."""
    evidence, mistakes = list(tables_of(found)), None
    dev = dev_of(judged)
    if dev is not None and images:
        worst = dev.worst(MOST)
        marked = marked_pictures(dev, stored.parts[dev.split].pictures, worst)
        if marked:
            mistakes = sheet(dev, worst, marked)
            evidence.insert(1, worst_gallery(dev, worst, marked, "below"))
        evidence += suspects_drawn(stored, judged, found)
    return evidence, mistakes


def tables_of(found: Mapping[str, Any]) -> Iterator[Section]:
    """The mistakes on dev, who is found, and what is suspicious."""
    if found["mistakes"]:
        yield titled(table_of_mistakes(found["mistakes"]), "What the mistakes on dev are",
                     "From the score of best F1 on; a cost is what AP50 would gain without mistakes of the kind.")
    if found["slices"]:
        rows = [[one["slice"], *[f"{100 * one['recall']:.1f}"] * 2, f"{one['boxes']:,}"] for one in found["slices"]]
        yield Table(["Objects", "Found, %", "", "Boxes"], rows, kinds=["name", NUMBER, "bar", NUMBER],
                    title="Which objects are found", faint=SIZES_SAID)  # fmt: skip
    if found["suspects"]:
        rows = [[one["what"], one["class"], f"{one['score']:.2f}", one["given"] or "-",
                 " ".join(f"{value:.0f}" for value in one["box"]), one["picture"]] for one in found["suspects"]]
        yield Table(["Suspicion", "Found", "Score", "Marked as", "Box", "Picture"], rows, folded=True,
                    kinds=["name", "text", NUMBER, "text", "text", "text"], title="Annotations to look at",
                    faint="The model never learnt from these pictures, and is sure that an object is marked nowhere, "
                          "loosely, or as another class. It may be wrong: look.")  # fmt: skip


def titled(table: Table, title: str, faint: str) -> Table:
    """A table under a title of its own."""
    return replace(table, title=title, faint=faint)


def suspects_drawn(stored: StoredRun, judged: Mapping[str, Evaluation], found: Mapping[str, Any]) -> Iterator[Section]:
    """The first suspicious annotations in their pictures: what is marked white and dashed, what was found red."""
    cards = []
    for one in found["suspects"][:SHOWN]:
        evaluation = judged[one["part"]]
        index = list(evaluation.origins).index(one["picture"])
        span = slice(int(evaluation.truth.offsets[index]), int(evaluation.truth.offsets[index + 1]))
        marks = [Mark(box.tolist(), TRUE, "", True) for box in evaluation.truth.corners[span]]
        marks.append(Mark(one["box"], WRONG, f"{one['class']} {one['score']:.2f}"))
        picture = picture_with(evaluation, stored.parts[one["part"]].pictures, index, marks)
        told = one["what"] + (f", marked as {one['given']}" if one["given"] else "")
        cards.append(Card(address(picture / 255), False, [(told, "wrong")], origin=one["picture"]))
    if cards:
        yield Gallery(cards, title="The first of them", place="below",
                      faint="White and dashed: what is marked. Red: what the model is sure of.")  # fmt: skip
