"""The short reading of a diagnosis for a terminal, from what diagnosis.json holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.diagnosis.mistakes import patterns
from pellucid.diagnosis.wording import percent, points, spanned
from pellucid.reports.sections import Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.tasks.classification.diagnosing.evidence import earned
from pellucid.tasks.classification.diagnosing.labels import in_words


def told(found: Mapping[str, Any]) -> list[Section]:
    """The main problem, parts and gaps, next steps, curves, what dev says, and where the page lies."""
    parts = [[part["part"], percent(part["error"], 2), " to ".join(percent(end, 2) for end in part["interval"]),
              f"{part['n']:,}"] for part in found["parts"]]  # fmt: skip
    gaps = [[gap["name"], f"{gap['from']} to {gap['to']}", points(gap["value"]), size_of(gap)] for gap in found["gaps"]]
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", "error", "95 % interval", "n"], parts), Text(""),
        Table(["gap", "between", "size", ""], gaps), Text(""),
        *map(Text, [*lines_of_steps(found["next_steps"]), "", *lines_of_evidence(found)]),
    ]  # fmt: skip


def size_of(gap: Mapping[str, Any]) -> str:
    """A word on a gap that is no problem; diagnoses before there were small ones know noise alone."""
    return "noise" if gap["noise"] else "small" if gap.get("small") else ""


def lines_of_evidence(found: Mapping[str, Any]) -> Iterator[str]:
    """What curves and dev say, notes, and where the page lies."""
    yield from lines_of_curves(found["readings"])
    yield from lines_of_dev(found)
    for note in found["notes"]:
        yield f"note    {note}"
    yield f"page    {found['run']}/diagnosis.html"


def lines_of_dev(found: Mapping[str, Any]) -> Iterator[str]:
    """What the sections on dev say, a line each; a section that is missing says why, and two do so once."""
    mistakes, calibration = found["mistakes"], found["calibration"]
    yield from lines_of_mistakes(mistakes, found["slices"])
    yield from lines_of_labels(found)
    fitted = found.get("temperature")
    if "absent" in calibration or fitted is None:
        if calibration.get("absent") is None or calibration["absent"] != mistakes.get("absent"):
            yield f"trust   {calibration.get('absent') or earned(calibration)}"
    elif "absent" in fitted:
        yield f"trust   {fitted['absent']}"
    else:
        yield ("trust   temperature {value:.3g}: ECE {ece_before:.3f} becomes {ece_after:.3f}; ".format(**fitted)
               + f"kept in {found['run']}/calibrated.safetensors")  # fmt: skip


def lines_of_mistakes(mistakes: Mapping[str, Any], slices: Mapping[str, Any]) -> Iterator[str]:
    """Pairs, tags and slices that hold more of the mistakes than chance gives them."""
    if "absent" in mistakes:
        yield f"dev     {mistakes['absent']}"
        return
    for pair in patterns(mistakes["pairs"])[:3]:
        yield (f"dev     {pair['true']} taken for {pair['predicted']}: {pair['mistakes']} of {mistakes['mistakes']} "
               f"mistakes, {percent(pair['share'])}")  # fmt: skip
    for tag in patterns(mistakes["tags"])[:3]:
        yield (f"tag     {tag['tag']}: {tag['mistakes']} of {mistakes['mistakes']} mistakes, {percent(tag['share'])}; "
               f"mending them gains at most {points(tag['cap'])}")  # fmt: skip
    for one in slices.get("worse", [])[:3]:
        size = spanned(one["difference"], *one["difference_interval"])
        yield f"slice   {one['tag']} ({one['n']:,} images) is {size} worse than the rest"


def lines_of_labels(found: Mapping[str, Any]) -> Iterator[str]:
    """How many training labels look wrong, if that was asked for."""
    labels = found.get("labels")
    if labels is not None:
        yield f"labels  {labels['absent'] if 'absent' in labels else in_words(labels)}"
