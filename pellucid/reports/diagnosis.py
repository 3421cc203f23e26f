"""diagnosis.html: the main problem first, then what to do, then the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.diagnosis.decomposition import Decomposition, Gap
from pellucid.diagnosis.headline import between
from pellucid.diagnosis.wording import percent, points, spanned
from pellucid.reports.pages import template
from pellucid.reports.waterfall import called

MOST_PAIRS, MOST_TAGS, MOST_LABELS = 10, 12, 20


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


def labels_of(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The section of suspicious labels in words; None when it was not asked for."""
    if found is None or "absent" in found:
        return None if found is None else dict(found)
    rows = [row | {name: percent(row[name]) for name in ("probability_given", "probability_suggested")}
            for row in found["suspects"][:MOST_LABELS]]  # fmt: skip
    return {"rows": rows, "estimated": f"{found['estimated']:,.0f}", "judged": f"{found['judged']:,}",
            "flagged": f"{found['flagged']:,}", "folds": found["folds"]}  # fmt: skip
