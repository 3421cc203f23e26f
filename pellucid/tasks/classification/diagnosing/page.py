"""The pictures and the page of a diagnosis: drawn from what was found and written into the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.diagnosis.decomposition import Decomposition
from pellucid.diagnosis.headline import between
from pellucid.diagnosis.wording import percent
from pellucid.reports.curves import curve_panels
from pellucid.reports.diagnosis import render, section_of_split, table_of_gaps, tags_of, write
from pellucid.reports.drawing import Panel, message_picture, to_png, to_svg
from pellucid.reports.gallery import Card
from pellucid.reports.reliability import reliability_figure
from pellucid.reports.sections import Section, Table
from pellucid.reports.waterfall import called, waterfall_figure
from pellucid.tasks.classification.cards import mistake_cards
from pellucid.tasks.classification.diagnosing.evidence import SAYS, evidence_of
from pellucid.tasks.classification.diagnosing.gathering import Gathered
from pellucid.tasks.classification.diagnosing.labels import Suspicion
from pellucid.tasks.classification.diagnosing.sections import OnDev
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation
from pellucid.tasks.classification.mistakes import MOST, mistakes_png

PICTURES = ("split", "mistakes", "reliability", "labels")


def write_page(
    gathered: Gathered, split: Decomposition, looked: OnDev, found: Mapping[str, Any], *, images: bool
) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written.

    `images`: whether pictures of the data may be on the page.
    """
    folder, dev = gathered.stored.folder, gathered.dev
    shown: dict[str, Any] = {}
    waterfall = waterfall_figure(split)
    gaps: list[Section] = [section_of_split(waterfall), table_of_gaps(split, between)]
    drawn = {"split": to_png(waterfall)}
    if looked.reliability is not None:
        figure = reliability_figure(looked.reliability)
        shown["reliability"], drawn["reliability"] = to_svg(figure, SAYS), to_png(figure)
    if dev is not None and images:
        take = gathered.stored.parts[dev.split].pictures
        drawn["mistakes"], shown["mistakes"] = mistakes_png(dev, take), mistake_cards(dev, take, MOST)
    if looked.suspicion is not None and images and looked.suspicion.judgement.verdict != "cannot":
        drawn["labels"], shown["labels"] = draw_labels(looked.suspicion)
    kept = {"labels"} if images and looked.suspicion is None else set()  # of an earlier diagnosis, as is its table
    curves = curve_panels(*folder.logged(), ACCURACY)
    page = page_of(folder.path.resolve().name, split, gaps, found, shown, curves)
    write(folder, page, drawn, [name for name in PICTURES if name not in kept])


def page_of(
    name: str, split: Decomposition, gaps: Sequence[Section], found: Mapping[str, Any], shown: Mapping[str, Any],
    curves: Sequence[Panel],
) -> str:
    """The page as text; `gaps` are its sections on them; shown, each optional: reliability, mistakes, labels."""
    reference = f"reference error {100 * split.reference:.4g} %" if split.reference_given else "no reference error"
    parts = Table(
        ["Part", "Error", "95 % interval", "Wrong", "Images"],
        [[called(one.part), percent(one.error, 2), " to ".join(percent(end, 2) for end in one.interval),
          f"{one.wrong:,}", f"{one.n:,}"] for one in split.errors],
        title="The parts", kinds=["name", "number", "number", "number", "number"], place="below",
    )  # fmt: skip
    return render(
        name, found, tags=[*tags_of(found), reference], curves=curves,
        split=[*gaps, parts], evidence=list(evidence_of(found, **shown)),
    )  # fmt: skip


def draw_labels(suspicion: Suspicion) -> tuple[bytes, list[Card]]:
    """The most suspicious training labels, as a picture and as cards: what models that did not learn them say."""
    part, answers, suspects = suspicion.validated.part, suspicion.answers, suspicion.suspects
    judged = Evaluation("train", answers.labels, answers.probabilities, answers.class_names, part.names, 0.0)
    if not len(suspects):
        return message_picture("No suspicious labels", "No training label is contradicted by models without it."), []
    title = f"The {min(MOST, len(suspects))} most suspicious of {len(suspects):,} labels"
    told = ("likely", "given")
    return (
        mistakes_png(judged, part.pictures, chosen=suspects, title=title, told=told),
        mistake_cards(judged, part.pictures, MOST, chosen=suspects, told=told),
    )
