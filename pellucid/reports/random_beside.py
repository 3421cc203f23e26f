"""What a model scores on groups that it never saw, beside what a split at random would have promised, and the gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.diagnosis.intervals import interval_of_difference
from pellucid.reports.scores import Headline
from pellucid.reports.sections import Table

FOLDER = "random-split"  # within the run's folder: the run on parts drawn at random


@dataclass(frozen=True)
class Beside:
    """Both scores: for metrics.json, for the report, and as a line."""

    record: dict[str, Any]
    section: Table
    line: str


def random_beside(own: Mapping[str, Any], other: Mapping[str, Any], *, grouped: bool) -> Beside | None:
    """The metrics of a run beside those of its twin on parts drawn at random; None where either has no finite score.

    `grouped`: the run's own parts share no group.
    """
    mine, theirs = Headline.from_json(own.get("headline")), Headline.from_json(other.get("headline"))
    if mine is None or theirs is None:
        return None
    parts = "groups never seen" if grouped else "parts as they come"
    score, sign = mine.score, mine.score.sign
    gap = sign * (theirs.value - mine.value)
    ends = interval(theirs, mine) if sign > 0 else interval(mine, theirs)
    rows = [[name, score.worded(found.value), between(found), f"{told['n']:,} {told['split']}"]
            for name, found, told in ((parts, mine, own), ("at random", theirs, other))]
    rows.append(["gap", score.difference(gap, ends), "", ""])
    sure = ends is None or ends[0] > 0
    faint = (f"A split at random would have promised {score.worded(theirs.value)}: its images are like those that "
             "were learnt from." if gap > 0 and sure else
             "The gap is within the noise of so many images: a split at random promises no more.")
    return Beside(
        {"headline": theirs.to_json(), "n": other["n"], "split": other["split"], "gap": gap,
         "gap_interval": None if ends is None else list(ends), "run": other["run"]},
        Table(["parts", mine.name, "95 % interval", "images"], rows, title="By group, and at random", faint=faint,
              kinds=["name", "number", "text", "text"]),
        f"{mine.name} on {parts} {score.plain(mine.value)}, at random {score.plain(theirs.value)}: gap "
        f"{score.difference(gap, ends)}",
    )  # fmt: skip


def interval(one: Headline, other: Headline) -> tuple[float, float] | None:
    """Of one - other, where both have intervals."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return interval_of_difference((one.value, one.low, one.high), (other.value, other.low, other.high))


def between(found: Headline) -> str:
    """The ends of an interval in words."""
    if found.low is None or found.high is None:
        return ""
    return f"{found.score.worded(found.low)} to {found.score.worded(found.high)}"
