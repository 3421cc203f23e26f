"""diagnosis.html and its pictures: the main problem first, then what to do, then the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.diagnosis.decomposition import Decomposition, Gap
from pellucid.diagnosis.headline import between
from pellucid.diagnosis.wording import percent, points, spanned
from pellucid.runs.curves import curve_panels
from pellucid.runs.diagnosing.gathering import Gathered
from pellucid.runs.diagnosing.reliability import reliability_figure
from pellucid.runs.diagnosing.sections import OnDev
from pellucid.runs.diagnosing.waterfall import called, waterfall_figure
from pellucid.runs.drawing import message_picture, to_png, to_svg
from pellucid.runs.evaluation import Evaluation
from pellucid.runs.gallery import Card, mistake_cards
from pellucid.runs.labels import Suspicion
from pellucid.runs.mistakes import MOST, mistakes_png
from pellucid.runs.pages import template
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import remove_files, write_bytes, write_text

SAYS = {
    "split": "Waterfall of the error: from the reference over bias, variance, mismatch and dev over-fitting to the "
             "error of the last part",
    "reliability": "Reliability: share of right answers by confidence, and how many images have that confidence",
}  # fmt: skip
PICTURES = ("split", "mistakes", "reliability", "labels")
MOST_PAIRS, MOST_TAGS, MOST_LABELS = 10, 12, 20


def write_page(
    gathered: Gathered, split: Decomposition, looked: OnDev, found: Mapping[str, Any], *, images: bool
) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written.

    `images`: whether pictures of the data may be on the page.
    """
    folder, dev = gathered.folder, gathered.dev
    figures = {"split": waterfall_figure(split)}
    if looked.reliability is not None:
        figures["reliability"] = reliability_figure(looked.reliability)
    shown: dict[str, Any] = {name: to_svg(figure, SAYS[name]) for name, figure in figures.items()}
    shown["curves"] = curve_panels(rows_of(folder.history), rows_of(folder.steps))
    drawn = {name: to_png(figure) for name, figure in figures.items()}
    if dev is not None and images:
        take = gathered.parts[dev.split].images.take
        drawn["mistakes"], shown["mistakes"] = mistakes_png(dev, take), mistake_cards(dev, take, MOST)
    if looked.suspicion is not None and images:
        drawn["labels"], shown["labels"] = draw_labels(looked.suspicion)
    kept = {"labels"} if images else set()  # of an earlier diagnosis, as is its table
    stale = (folder.diagnosis_picture(name) for name in PICTURES if name not in kept | drawn.keys())
    remove_files(stale)
    for name, png in drawn.items():
        write_bytes(folder.diagnosis_picture(name), png)
    write_text(folder.diagnosis_page, render(gathered.folder.path.resolve().name, split, found, shown))


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table of the run; none when it is not there."""
    return read_csv(path) if path.exists() else []


def render(name: str, split: Decomposition, found: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """The page as text; shown, each optional: split, reliability (<svg>), curves (panels), mistakes, labels (cards)."""
    return template("diagnosis.html").render(
        name=name,
        found=found,
        problem=split.main_problem is not None,
        parts=[
            {"part": called(error.part), "error": percent(error.error, 2), "low": percent(error.interval[0], 2),
             "high": percent(error.interval[1], 2), "wrong": f"{error.wrong:,}", "n": f"{error.n:,}"}
            for error in split.errors
        ],
        gaps=[row_of(gap, split) for gap in split.gaps],
        mistakes=mistakes_of(found["mistakes"]),
        slices=slices_of(found["slices"]),
        calibration=found["calibration"],
        temperature=found.get("temperature"),
        labels=labels_of(found.get("labels")),
        shown=shown,
    )


def row_of(gap: Gap, split: Decomposition) -> dict[str, Any]:
    """A gap as its row of the table shows it."""
    verdict = "noise" if gap.noise else "no gap" if gap.high < 0 else ""
    if gap.name in split.problems:
        verdict = "main problem" if gap.name == split.main_problem else "problem"
    name = gap.name + (" or mismatch" if gap.undivided and gap.name == "variance" else "")
    return {"name": name, "from": called(gap.start), "to": called(gap.end), "size": between(gap), "verdict": verdict}


def mistakes_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The section of mistakes in words: pairs and tags, the frequent ones."""
    if "absent" in found:
        return dict(found)
    frequent = [pair for pair in found["pairs"] if pair["mistakes"] > 1]
    pairs = [pair | {"share": percent(pair["share"])} for pair in frequent[:MOST_PAIRS]]
    tags = [
        tag | {"share": percent(tag["share"]), "cap": points(tag["cap"]), "error": percent(tag["error"]),
               "elsewhere": "" if tag["elsewhere"] is None else percent(tag["elsewhere"])}
        for tag in found["tags"][:MOST_TAGS]
    ]  # fmt: skip
    numbers = {"n": f"{found['n']:,}", "wrong": f"{found['mistakes']:,}", "untagged": f"{found['untagged']:,}"}
    return numbers | {"any": bool(found["mistakes"]), "pairs": pairs, "tags": tags}


def slices_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The section of slices in words."""
    if "absent" in found:
        return dict(found)
    rows = [
        {"tag": one["tag"], "n": f"{one['n']:,}", "error": percent(one["error"]), "rest": percent(one["rest_error"]),
         "difference": spanned(one["difference"], *one["difference_interval"])}
        for one in found["worse"]
    ]  # fmt: skip
    return {"rows": rows, "tried": found["tried"], "too_small": found["too_small"], "least": found["least"]}


def draw_labels(suspicion: Suspicion) -> tuple[bytes, list[Card]]:
    """The most suspicious training labels, as a picture and as cards: what models that did not learn them say."""
    part, answers, suspects = suspicion.validated.part, suspicion.validated.answers, suspicion.found.suspects
    judged = Evaluation("train", answers.labels, answers.probabilities, answers.class_names, part.names, 0.0)
    if not len(suspects):
        return message_picture("No suspicious labels", "No training label is contradicted by models without it."), []
    title = f"The {min(MOST, len(suspects))} most suspicious of {len(suspects):,} flagged labels"
    told = ("likely", "given")
    return (
        mistakes_png(judged, part.images.take, chosen=suspects, title=title, told=told),
        mistake_cards(judged, part.images.take, MOST, chosen=suspects, told=told),
    )


def labels_of(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The section of suspicious labels in words; None when it was not asked for."""
    if found is None or "absent" in found:
        return None if found is None else dict(found)
    rows = [row | {name: percent(row[name]) for name in ("probability_given", "probability_suggested")}
            for row in found["suspects"][:MOST_LABELS]]  # fmt: skip
    return {"rows": rows, "estimated": f"{found['estimated']:,.0f}", "judged": f"{found['judged']:,}",
            "flagged": f"{found['flagged']:,}", "folds": found["folds"]}  # fmt: skip
