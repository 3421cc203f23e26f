"""The pictures and the page of the diagnosis of points, written into the run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.points.skeleton import Skeleton
from pellucid.diagnosis.walk import Walk
from pellucid.reports import drawing as d
from pellucid.reports.diagnosis import table_of_gaps, write_walk
from pellucid.reports.gallery import Card, address
from pellucid.reports.sections import Column, Gallery, Section, Table
from pellucid.reports.sections import Figure as Drawing
from pellucid.reports.waterfall import Measure, called
from pellucid.tasks.diagnosing import dev_of
from pellucid.tasks.keypoints.diagnosing.telling import what_of
from pellucid.tasks.keypoints.evaluation import Evaluation
from pellucid.tasks.keypoints.pictures import MOST, marked_pictures, sheet, worst_gallery
from pellucid.tasks.keypoints.telling import length_in_words
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.wording import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = Measure("NME", percent, lambda size: f"{100 * size:.1f}", lambda size: f"{size:.2g}")
NUMBER: Column = "number"
SHOWN = 9               # suspicious marks that are drawn
POSTURE_IN = 1.6


def write_page(
    stored: StoredRun, split: Walk, judged: Mapping[str, Evaluation], found: Mapping[str, Any],
    curves: Sequence[d.Panel], *, images: bool,
) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written."""
    gaps: list[Section] = [table_of_gaps(split, lambda gap: (
        f"{percent(gap.value)} ({percent(gap.low)} to {percent(gap.high)})")), parts_of(found)]  # fmt: skip
    evidence, mistakes = list(evidence_of(found, judged["train"].truth.skeleton)), None
    dev = dev_of(judged)
    if dev is not None and images:
        worst = dev.worst(MOST)
        marked = marked_pictures(dev, stored.parts[dev.split].pictures, worst)
        if marked:
            mistakes = sheet(dev, worst, marked)
            evidence.append(worst_gallery(dev, worst, marked, "below"))
        evidence += suspects_drawn(stored, judged, found)
    write_walk(stored.folder, found, split, gaps, measure=SHARES, tags=tags_of(found), curves=curves,
               evidence=evidence, mistakes=mistakes)  # fmt: skip


def tags_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Reference, length."""
    yield f"reference NME {percent(found['reference']['nme'])}" if found["reference"]["given"] else "no reference NME"
    yield f"in the length of {length_in_words(found['normaliser'])}"


def parts_of(found: Mapping[str, Any]) -> Table:
    """The NME of each part."""
    rows = [[called(part["part"]), percent(part["nme"]), "" if part["interval"] is None else
             " to ".join(map(percent, part["interval"])), f"{part['n']:,}"] for part in found["parts"]]
    return Table(["Part", "NME", "95 % interval", "Objects"], rows, title="The parts", place="below",
                 kinds=["name", NUMBER, NUMBER, NUMBER],
                 faint=f"The mean shape of the training part is off by {percent(found['constant'])}.")  # fmt: skip


def evidence_of(found: Mapping[str, Any], skeleton: Skeleton) -> Iterator[Section]:
    """The points on dev, postures, and what is suspicious."""
    if found["points"]:
        known = found["points"][0]["times_annotators"] is not None
        rows = [[one["name"], percent(one["nme"]), f"{one['n']:,}",
                 *([f"{one['times_annotators']:.1f}"] if known else [])] for one in found["points"]]
        yield Table(["Point", "NME", "Marked", *(["Times the annotators"] if known else [])], rows,
                    kinds=["name", NUMBER, NUMBER, *([NUMBER] if known else [])], folded=len(rows) > 2 * MOST,
                    title="Which points are found worst",
                    faint="Annotators differ by as much as the spreads of OKS say." if known else "")  # fmt: skip
    if found["clusters"]:
        says = "Mean forms of groups of objects, the worst found first, with their errors"
        drawn = d.to_svg(postures(found["clusters"], skeleton), says)
        yield Drawing(says, drawn, title="Which postures are found worst",
                      faint="Groups of like forms (k-means of the true points); turned ones are other forms.")
    if found["suspects"]:
        rows = [[what_of(one), one["picture"], one["part"]] for one in found["suspects"]]
        yield Table(["Suspicion", "Picture", "Part"], rows, folded=True, kinds=["name", "text", "text"],
                    title="Marks to look at",
                    faint="The model never learnt from these pictures. It may be wrong: look.")  # fmt: skip


def postures(clusters: Sequence[Mapping[str, Any]], skeleton: Skeleton) -> Figure:
    """The mean form of each group with its error below."""
    width = POSTURE_IN * len(clusters) + 0.2
    figure = d.new_figure(width, POSTURE_IN + 0.4)
    for place, one in enumerate(clusters):
        axes = figure.add_axes(((0.1 + POSTURE_IN * place) / width, 0.22, POSTURE_IN / width, 0.76))
        axes.set_axis_off()
        form = np.array(one["form"])
        for a, b in skeleton.edges:
            axes.plot(form[[a, b], 0], form[[a, b], 1], color=d.BLUE, linewidth=1.0)
        axes.plot(form[:, 0], form[:, 1], ".", color=d.INK, markersize=3)
        axes.set_aspect("equal")
        axes.set_ylim(2.4, -2.4)
        axes.set_xlim(-2.4, 2.4)
        axes.set_title(f"{percent(one['nme'])}, n {one['n']:,}", y=-0.18, fontsize=d.SMALL_PT, color=d.INK)
    return figure


def suspects_drawn(stored: StoredRun, judged: Mapping[str, Evaluation], found: Mapping[str, Any]) -> Iterator[Section]:
    """The first suspicious objects with what is marked and what is found."""
    cards = []
    for one in found["suspects"][:SHOWN]:
        evaluation = judged[one["part"]]
        (picture,) = marked_pictures(evaluation, stored.parts[one["part"]].pictures, np.array([one["row"]]))
        cards.append(Card(address(picture / 255), False, [(what_of(one), "wrong")], origin=one["picture"]))
    if cards:
        yield Gallery(cards, title="The first marks to look at", place="below",
                      faint="White: what is marked. Red: what is found.")  # fmt: skip
