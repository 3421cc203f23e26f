"""The diagnosis of points in words and columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.tasks.wording import percent

NAMED = 5  # points that a terminal lists


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    parts = [[part["part"], percent(part["nme"]), "" if part["interval"] is None else
              " to ".join(map(percent, part["interval"])), f"{part['n']:,}"] for part in found["parts"]]
    gaps = [[gap["name"], f"{gap['from']} to {gap['to']}", percent(gap["value"]), "noise" if gap["noise"] else ""]
            for gap in found["gaps"]]  # fmt: skip
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", "nme", "95 % interval", "n"], parts), Text(""),
        Table(["gap", "between", "nme", ""], gaps), Text(""), *map(Text, lines_of(found)),
    ]  # fmt: skip


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, points, postures, suspects, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["points"][:NAMED]:
        beside = "" if one["times_annotators"] is None else f", {one['times_annotators']:.1f} times as annotators are"
        yield f"point   {one['name']}: off by {percent(one['nme'])} on {one['part']} (n {one['n']:,}){beside}"
    for number, one in enumerate(found["clusters"], 1):
        yield f"posture {number}: off by {percent(one['nme'])} +- {percent(one['half'])} (n {one['n']:,})"
    for one in found["suspects"]:
        yield f"label   {what_of(one)} in {one['picture']}"
    for note in found["notes"]:
        yield f"note    {note}"


def what_of(one: Mapping[str, Any]) -> str:
    """A suspicion with its numbers."""
    if one["otherwise"] is not None:
        return f"{one['what']}: off by {percent(one['off'])}, the other way round by {percent(one['otherwise'])}"
    return f"{one['point']} {one['what']}: by {percent(one['off'])}"
