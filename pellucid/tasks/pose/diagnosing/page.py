"""The evidence on the page of the diagnosis of poses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.reports.gallery import Card, address
from pellucid.reports.sections import Gallery, Section, Table
from pellucid.tasks.diagnosing import dev_of
from pellucid.tasks.lacking import NUMBER
from pellucid.tasks.pose.diagnosing.telling import place_of, table_of_mistakes
from pellucid.tasks.pose.evaluation import Evaluation
from pellucid.tasks.pose.pictures import MOST, marked_pictures, sheet, worst_gallery
from pellucid.tasks.provided import StoredRun

SHOWN = 9               # suspicious annotations that are drawn
KINDS_SAID = ("Of the joints of people who have an answer of their own. Inverted: on another joint of the same "
              "person; swapped: on a joint of another. A cost is what OKS-AP would gain without mistakes of the kind.")


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
    """The mistakes on dev, who is found, the joints, and what is suspicious."""
    if found["mistakes"]:
        yield replace(table_of_mistakes(found["mistakes"]), title="What the mistakes on dev are", faint=KINDS_SAID)
    if found["slices"]:
        rows = [[one["slice"], *[f"{100 * one['found']:.1f}"] * 2, f"{one['n']:,}"] for one in found["slices"]]
        yield Table(["Which", "Found, %", "", "Number"], rows, kinds=["name", NUMBER, "bar", NUMBER],
                    title="Who and what is found",
                    faint="People below 32 x 32 pixels are small, from 96 x 96 on large; a "
                    "joint is found within a tenth of the figure's size.")  # fmt: skip
    if found["suspects"]:
        rows = [[one["what"], f"{one['score']:.2f}", place_of(one), one["picture"]] for one in found["suspects"]]
        yield Table(["Suspicion", "Score", "Box", "Picture"], rows, folded=True, kinds=["name", NUMBER, "text", "text"],
                    title="Annotations to look at",
                    faint="The model never learnt from these pictures. It may be wrong: look.")  # fmt: skip


def suspects_drawn(stored: StoredRun, judged: Mapping[str, Evaluation], found: Mapping[str, Any]) -> Iterator[Section]:
    """The first suspicious pictures with the people who are marked and those who are found."""
    cards = []
    for one in found["suspects"][:SHOWN]:
        evaluation = judged[one["part"]]
        (picture,) = marked_pictures(evaluation, stored.parts[one["part"]].pictures, np.array([one["row"]]))
        cards.append(Card(address(picture / 255), False, [(one["what"], "wrong")], origin=one["picture"]))
    if cards:
        yield Gallery(cards, title="The first of them", place="below",
                      faint="White: people who are marked. In colour: those that were found.")  # fmt: skip
