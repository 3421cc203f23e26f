"""The short reading of a regression's diagnosis for a terminal, from what diagnosis.json holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.tasks.regression.telling import value

SYSTEMATIC = 0.1  # of the slope, beyond which answers are called drawn to the middle


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    parts = [[part["part"], f"{part['error']:.3f}", " to ".join(f"{end:.3f}" for end in part["interval"]),
              ", ".join(f"{one['name']} {value(one['mae'])} {one['unit']}".strip() for one in part["numbers"]),
              f"{part['n']:,}"] for part in found["parts"]]  # fmt: skip
    gaps = [[gap["name"], f"{gap['from']} to {gap['to']}", f"{gap['value']:.3f}", "noise" if gap["noise"] else ""]
            for gap in found["gaps"]]  # fmt: skip
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", "error (sd)", "95 % interval", "mae", "n"], parts), Text(""),
        Table(["gap", "between", "size (sd)", ""], gaps), Text(""),
        *map(Text, lines_of(found)),
    ]  # fmt: skip


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, what dev says, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["dev"]:
        yield from lines_of_dev(one)
    for note in found["notes"]:
        yield f"note    {note}"
    yield f"page    {found['run']}/diagnosis.html"


def lines_of_dev(one: Mapping[str, Any]) -> Iterator[str]:
    """What is systematic in one number, where it is sure."""
    if off := too_large_or_small(one):
        yield f"dev     {one['name']} is answered {off}"
    if drawn_to_the_middle(one):
        yield (f"dev     {one['name']}: answers are drawn to the middle, {one['slope']:.2f} of a step for each step of "
               "the truth")  # fmt: skip
    if "worst" in one:
        worst = one["worst"]
        yield (f"dev     {one['name']} from {value(worst['low'])} to {value(worst['high'])} is answered worst: mae "
               f"{value(worst['mae'])}, elsewhere {value(worst['rest'])}")  # fmt: skip


def too_large_or_small(one: Mapping[str, Any]) -> str:
    """By how much a number is answered too large or too small, where that is sure."""
    if abs(one["mean_error"]) <= one["half"]:
        return ""
    way = "large" if one["mean_error"] > 0 else "small"
    return f"too {way} by {value(abs(one['mean_error']))} {one['unit']}".rstrip()


def drawn_to_the_middle(one: Mapping[str, Any]) -> bool:
    """Whether the answers vary less than the truth does."""
    return bool(one["slope"] < 1 - SYSTEMATIC)
