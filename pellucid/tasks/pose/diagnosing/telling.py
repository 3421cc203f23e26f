"""The diagnosis of poses in words and columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.tasks.lacking import NUMBER, told_first
from pellucid.tasks.pose.evaluation import OKS_AP


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    mistakes: list[Section] = [table_of_mistakes(found["mistakes"]), Text("")] if found["mistakes"] else []
    return [*told_first(found, OKS_AP), *mistakes, *map(Text, lines_of(found))]


def table_of_mistakes(mistakes: list[dict[str, Any]]) -> Table:
    """Each kind of mistake, how many there are, of how many, and its cost in points of OKS-AP."""
    rows = [[one["mistake"], f"{one['n']:,}", f"{one['of']:,}", f"{100 * one['cost']:.1f}"] for one in mistakes]
    return Table(["mistake", "n", "of", "cost, points"], rows, kinds=["name", NUMBER, NUMBER, NUMBER])


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, slices, suspects, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["slices"]:
        yield f"slice   {one['slice']}: {100 * one['found']:.1f} % of {one['n']:,} found"
    for one in found["suspects"]:
        yield f"label   {one['what']}: {one['score']:.2f} at {place_of(one)} in {one['picture']}"
    for note in found["notes"]:
        yield f"note    {note}"


def place_of(one: Mapping[str, Any]) -> str:
    """The box of a suspicion."""
    return ",".join(f"{value:.0f}" for value in one["box"])
