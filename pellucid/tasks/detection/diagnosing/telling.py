"""A detector's diagnosis in words and columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pellucid.reports.sections import Section, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.tasks.detection.evaluation import AP50
from pellucid.tasks.lacking import told_first


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    return [*told_first(found, AP50), *map(Text, lines_of(found))]


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, slices, suspects, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["slices"]:
        yield f"slice   {one['slice']}: {100 * one['recall']:.1f} % of {one['boxes']:,} objects found"
    for one in found["suspects"]:
        given = f", marked as {one['given']}" if one["given"] else ""
        place = ",".join(f"{value:.0f}" for value in one["box"])
        yield f"label   {one['what']}: {one['class']} {one['score']:.2f} at {place} in {one['picture']}{given}"
    for note in found["notes"]:
        yield f"note    {note}"
