"""The evidence on a diagnosis's page: mistakes, slices, confidence and suspicious labels, as sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pellucid.diagnosis.mistakes import patterns
from pellucid.diagnosis.wording import as_sentence, counted, percent, points, spanned
from pellucid.reports.gallery import Card
from pellucid.reports.sections import Figure, Gallery, Section, Table, Text
from pellucid.tasks.classification.diagnosing.labels import in_words

SAYS = "Reliability: share of right answers by confidence, and how many images have that confidence"
TAGGING = "Words of your own: fill the last column of diagnosis-to-tag.csv and give it with --tags."
MOST_PAIRS, MOST_TAGS, MOST_LABELS = 10, 12, 20


def evidence_of(
    found: Mapping[str, Any], *, reliability: str = "", mistakes: Sequence[Card] = (), labels: Sequence[Card] = ()
) -> Iterator[Section]:
    """What `found` has, beside its drawings: the <svg> of the reliability, cards of mistakes and of labels."""
    yield from mistakes_in(found["mistakes"])
    if mistakes:
        yield Gallery(mistakes, place="below")
    yield from slices_in(found["slices"])
    yield from confidence_in(found["calibration"], found.get("temperature"), reliability)
    if "labels" in found:
        yield from labels_in(found["labels"])
    if labels:
        yield Gallery(labels, place="below")


def mistakes_in(found: Mapping[str, Any]) -> Iterator[Section]:
    """Which mistakes: by pair of classes, then by tag; the frequent ones."""
    title = "Which mistakes it makes on dev"
    if "absent" in found:
        yield Text(as_sentence(found["absent"]), title=title)
        return
    if not found["mistakes"]:
        yield Text(f"None: all {found['n']:,} images are right.", title=title)
        return
    yield Text("", title=title, faint=f"{found['mistakes']:,} of {found['n']:,} images are wrong. The share of a pair "
                                      "or tag is the most that mending it can gain.")  # fmt: skip
    pairs = [[pair["true"], pair["predicted"], str(pair["mistakes"]), percent(pair["share"])]
             for pair in patterns(found["pairs"])[:MOST_PAIRS]]  # fmt: skip
    yield Table(["True class", "Taken for", "Times", "Share of the mistakes"], pairs, title="By pair of classes",
                kinds=["name", "text", "number", "number"], place="below") if pairs else Text(
        "No class is taken for another one more often than chance explains.", title="By pair of classes",
        place="below")  # fmt: skip
    if patterns(found["tags"]):
        yield table_of_tags(found)
    else:
        yield Text("No tag has more of the mistakes than chance explains.", title="By tag", place="below",
                   faint=TAGGING)  # fmt: skip


def table_of_tags(found: Mapping[str, Any]) -> Table:
    """A row a tag that mistakes have."""
    return Table(
        ["Tag", "Mistakes", "Share of the mistakes", "Gain at most", "Error with it", "Without"],
        [[tag["tag"], str(tag["mistakes"]), percent(tag["share"]), points(tag["cap"]), percent(tag["error"]),
          "" if tag["elsewhere"] is None else percent(tag["elsewhere"])]
         for tag in patterns(found["tags"])[:MOST_TAGS]],
        kinds=["name", "number", "number", "number", "number", "number"], title="By tag", place="below",
        faint="Tags overlap, so shares do not add up; those that have no more than chance gives them are left out. "
              f"{TAGGING}",
    )  # fmt: skip


def slices_in(found: Mapping[str, Any]) -> Iterator[Section]:
    """Where it is worse than chance explains."""
    title = "Where it is surely worse than elsewhere"
    if "absent" in found:
        yield Text(as_sentence(found["absent"]), title=title)
        return
    small = f"; {found['too_small']} with fewer than {found['least']} images were not" if found["too_small"] else ""
    tried = f"{found['tried']} slices were tried, their chances adjusted for that (Holm){small}."
    rows = [[one["tag"], f"{one['n']:,}", percent(one["error"]), percent(one["rest_error"]),
             spanned(one["difference"], *one["difference_interval"])] for one in found["worse"]]  # fmt: skip
    if rows:
        yield Table(["Slice", "Images", "Error", "Rest", "Difference, 95 % interval"], rows, title=title, faint=tried,
                    kinds=["name", "number", "number", "number", "number"])  # fmt: skip
    else:
        yield Text("Nowhere: in no class and no tag are there more mistakes than chance explains.", title=title,
                   faint=tried)  # fmt: skip


def confidence_in(
    found: Mapping[str, Any], temperature: Mapping[str, Any] | None, reliability: str
) -> Iterator[Section]:
    """Whether its confidence is earned, and what a fitted temperature makes of it."""
    title = "Whether its confidence is earned"
    if "absent" in found:
        yield Text(as_sentence(found["absent"]), title=title)
    else:
        yield Text(f"{earned(found)[0].upper()}{earned(found)[1:]}.", title=title)
    if reliability:
        yield Figure(SAYS, reliability, place="below")
    if temperature is None:
        if "absent" not in found:
            yield Text("", place="below", faint="pellucid diagnose --calibrate fits a temperature, which makes "
                                                "confidences honest and changes no answer.")  # fmt: skip
    elif "absent" in temperature:
        yield Text(as_sentence(temperature["absent"]), place="below")
    else:
        note = " " + as_sentence(temperature["note"]) if temperature.get("note") else ""
        yield Text(f"A temperature of {temperature['value']:.3g}, fitted on these {temperature['n']} images, brings "
                   f"the ECE from {temperature['ece_before']:.3f} to {temperature['ece_after']:.3f} and changes no "
                   f"answer. The model with it is calibrated.safetensors, beside model.safetensors.{note}",
                   place="below")  # fmt: skip


def earned(found: Mapping[str, Any]) -> str:
    """The ECE beside the one that chance gives a network whose confidences are right."""
    chance = f"what chance gives so many answers whose confidences are right ({found['by_chance']:.3f})"
    more = "more" if found["ece"] > found["by_chance"] else "no more"
    return f"ECE {found['ece']:.3f} on {counted(found['n'], 'dev image')}, {more} than {chance}"


def labels_in(found: Mapping[str, Any]) -> Iterator[Section]:
    """Training labels that models which did not learn them contradict."""
    title = "Training labels that look wrong"
    if "absent" in found:
        yield Text(as_sentence(found["absent"]), title=title)
        return
    yield Text(in_words(found), title=title)
    rows = [[row["path"], row["given"], percent(row["probability_given"]), row["suggested"],
             percent(row["probability_suggested"])] for row in found["suspects"][:MOST_LABELS]]  # fmt: skip
    if rows:
        yield Table(["Image", "Given", "Its probability", "Likely", "Its probability"], rows,
                    kinds=["name", "text", "number", "text", "number"], place="below")  # fmt: skip
