"""Scores and answers of poses in words and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.tasks.wording import between, percent, pixels, value


def told(found: Mapping[str, Any]) -> list[Section]:
    """The headline, how many people were found, and the joints, those found least first."""
    of = f"{found['part']}:" if found["split"] == "all" else found["part"]
    sure = between(found["oks_ap_interval"], value)
    headline = (f"{of} oks_ap {value(found['oks_ap'])} ({sure}{found['people']:,} people "
                f"in {found['n']:,} pictures)  AP50 {value(found['oks_ap50'])}  AP75 {value(found['oks_ap75'])}")
    return [Text(headline), *map(Text, lines_of(found)), table_of(found["joints"])]


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """The other scores, a line each."""
    lines = [(f"people found {found['found']:,} of {found['people']:,}, told {found['told']:,}; "
              f"pck@{found['pck_at']:g} of the figure's size {percent(found['pck'])} of {found['marked']:,} joints; "
              f"of a person found, oks {value(found['oks'])}")]  # fmt: skip
    if found["pckh"] is not None:
        lines.append(f"pckh@0.5 {percent(found['pckh'])}")
    if found["assumed"]:
        lines.append("spreads of the joints are assumed: trust pck more")
    return lines


def table_of(joints: Sequence[Mapping[str, Any]]) -> Table:
    """Each joint: how many were marked, and how many of them are right."""
    rows = [[one["name"], f"{one['marked']:,}", percent(one["pck"]), pixels(one["error_px_median"])]
            for one in sorted(joints, key=lambda one: one["pck"] if one["pck"] is not None else 2)]  # fmt: skip
    return Table(["joint", "marked", "pck", "median px"], rows, kinds=["name", "number", "number", "number"])


def words(entry: Mapping[str, Any]) -> list[str]:
    """How many people, and of the first ones how sure and how many joints."""
    people = entry["people"]
    told = [f"{len(one['points'])} joints {one['score']:.2f}" for one in people[:4]]
    return [f"{len(people)} {'person' if len(people) == 1 else 'people'}", *told, *[""] * (4 - len(told))]


def row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Their number, and the score of each."""
    return {"people": len(entry["people"]), "scores": " ".join(f"{one['score']:g}" for one in entry["people"])}
