"""The pictures and the page of a diagnosis: drawn from what was found and written into the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.diagnosis.decomposition import Decomposition
from pellucid.reports.curves import curve_panels
from pellucid.reports.diagnosis import render
from pellucid.reports.drawing import message_picture, to_png, to_svg
from pellucid.reports.gallery import Card
from pellucid.reports.reliability import reliability_figure
from pellucid.reports.waterfall import waterfall_figure
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import remove_files, write_bytes, write_text
from pellucid.tasks.classification.cards import mistake_cards
from pellucid.tasks.classification.diagnosing.gathering import Gathered
from pellucid.tasks.classification.diagnosing.labels import Suspicion
from pellucid.tasks.classification.diagnosing.sections import OnDev
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation
from pellucid.tasks.classification.mistakes import MOST, mistakes_png

SAYS = {
    "split": "Waterfall of the error: from the reference over bias, variance, mismatch and dev over-fitting to the "
             "error of the last part",
    "reliability": "Reliability: share of right answers by confidence, and how many images have that confidence",
}  # fmt: skip
PICTURES = ("split", "mistakes", "reliability", "labels")


def write_page(
    gathered: Gathered, split: Decomposition, looked: OnDev, found: Mapping[str, Any], *, images: bool
) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written.

    `images`: whether pictures of the data may be on the page.
    """
    folder, dev = gathered.stored.folder, gathered.dev
    figures = {"split": waterfall_figure(split)}
    if looked.reliability is not None:
        figures["reliability"] = reliability_figure(looked.reliability)
    shown: dict[str, Any] = {name: to_svg(figure, SAYS[name]) for name, figure in figures.items()}
    shown["curves"] = curve_panels(rows_of(folder.history), rows_of(folder.steps), ACCURACY)
    drawn = {name: to_png(figure) for name, figure in figures.items()}
    if dev is not None and images:
        take = gathered.stored.parts[dev.split].images.take
        drawn["mistakes"], shown["mistakes"] = mistakes_png(dev, take), mistake_cards(dev, take, MOST)
    if looked.suspicion is not None and images:
        drawn["labels"], shown["labels"] = draw_labels(looked.suspicion)
    kept = {"labels"} if images else set()  # of an earlier diagnosis, as is its table
    stale = (folder.diagnosis_picture(name) for name in PICTURES if name not in kept | drawn.keys())
    remove_files(stale)
    for name, png in drawn.items():
        write_bytes(folder.diagnosis_picture(name), png)
    write_text(folder.diagnosis_page, render(folder.path.resolve().name, split, found, shown))


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table of the run; none when it is not there."""
    return read_csv(path) if path.exists() else []


def draw_labels(suspicion: Suspicion) -> tuple[bytes, list[Card]]:
    """The most suspicious training labels, as a picture and as cards: what models that did not learn them say."""
    part, answers, suspects = suspicion.validated.part, suspicion.answers, suspicion.found.suspects
    judged = Evaluation("train", answers.labels, answers.probabilities, answers.class_names, part.names, 0.0)
    if not len(suspects):
        return message_picture("No suspicious labels", "No training label is contradicted by models without it."), []
    title = f"The {min(MOST, len(suspects))} most suspicious of {len(suspects):,} flagged labels"
    told = ("likely", "given")
    return (
        mistakes_png(judged, part.images.take, chosen=suspects, title=title, told=told),
        mistake_cards(judged, part.images.take, MOST, chosen=suspects, told=told),
    )
